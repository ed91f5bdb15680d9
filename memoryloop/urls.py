"""Addresses of the whole site; each app's own are in its urls.py."""

from django.contrib import admin
from django.urls import include, path

from memoryloop.web import views

handler500 = "memoryloop.web.outages.error_page"
urlpatterns = [
    path("", views.home, name="home"),
    path("palette/", views.palette, name="palette"),
    path("accounts/", include("accounts.urls")),
    path("settings/", include("accounts.settings_urls")),
    path("chat/", include("chat.urls")),
    path("", include("flashcards.urls")),
    path("admin/", admin.site.urls),
]
