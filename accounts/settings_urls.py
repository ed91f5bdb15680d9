"""/settings/…"""

from django.urls import path

from accounts import settings_views

app_name = "settings"
urlpatterns = [
    path("", settings_views.home, name="home"),
    path("tutor/", settings_views.tutor, name="tutor"),
    path("key/", settings_views.save_key, name="save_key"),
    path("key/test/", settings_views.test_key, name="test_key"),
    path("key/model/", settings_views.choose_model, name="choose_model"),
    path("key/remove/", settings_views.remove_key, name="remove_key"),
    path("endpoint/", settings_views.save_endpoint, name="save_endpoint"),
    path("endpoint/test/", settings_views.test_endpoint, name="test_endpoint"),
    path("endpoint/remove/", settings_views.remove_endpoint, name="remove_endpoint"),
    path("first/", settings_views.ask_first, name="ask_first"),
]
