"""/settings/…"""

from django.urls import path

from accounts.web.views import settings

app_name = "settings"
urlpatterns = [
    path("", settings.home, name="home"),
    path("tutor/", settings.tutor, name="tutor"),
    path("key/", settings.save_key, name="save_key"),
    path("key/test/", settings.test_key, name="test_key"),
    path("key/model/", settings.choose_model, name="choose_model"),
    path("key/remove/", settings.remove_key, name="remove_key"),
    path("endpoint/", settings.save_endpoint, name="save_endpoint"),
    path("endpoint/test/", settings.test_endpoint, name="test_endpoint"),
    path("endpoint/remove/", settings.remove_endpoint, name="remove_endpoint"),
    path("first/", settings.ask_first, name="ask_first"),
]
