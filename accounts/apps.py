from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        # Imported here because models must be loaded first.
        from accounts import services
        from memoryloop import warming

        warming.register(services.load_sdks)
