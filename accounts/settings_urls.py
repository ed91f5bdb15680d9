"""/settings/…"""

from django.urls import path

from accounts import settings_views

app_name = "settings"
urlpatterns = [
    path("", settings_views.home, name="home"),
    path("tutor/", settings_views.tutor, name="tutor"),
    path("key/", settings_views.save_key, name="save_key"),
    path("key/test/", settings_views.test_key, name="test_key"),
    path("key/remove/", settings_views.remove_key, name="remove_key"),
]
