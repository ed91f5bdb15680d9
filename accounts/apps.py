from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        # Imported here because models must be loaded first.
        from accounts import services
        from memoryloop.server import preload

        preload.register(services.load_sdks)
