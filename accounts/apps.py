from django.apps import AppConfig
from django.conf import settings
from django.core.checks import register


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        # Imported here because models must be loaded first.
        from django.contrib.auth.signals import user_logged_in

        from accounts import services
        from accounts.web import checks, middleware
        from accounts.web import navigation as own
        from memoryloop.server import preload
        from memoryloop.web import navigation, palette

        navigation.register(navigation.Place.RAIL, *own.RAIL)
        navigation.register(navigation.Place.ENTRANCE, own.LOG_IN)
        if settings.SIGNUP == "open":
            navigation.register(navigation.Place.ENTRANCE, own.SIGN_UP)
        palette.register_pages(30, *own.PAGES)
        preload.register(services.load_sdks)
        user_logged_in.connect(middleware.note_log_in)
        register(checks.any_host)
