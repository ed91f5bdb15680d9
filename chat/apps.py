from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"

    def ready(self) -> None:
        # Imported here because models must be loaded first.
        from chat import palette
        from chat.views import pages
        from memoryloop import palette as ground_palette
        from memoryloop import warming

        ground_palette.register(palette.find_conversations)
        ground_palette.register(palette.find_messages)
        warming.register(pages.load)
