from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"

    def ready(self) -> None:
        # Imported here because models must be loaded first.
        from accounts import account_export as exports
        from chat.conversations import account_export
        from chat.web import palette
        from chat.web.views import pages
        from memoryloop.server import preload
        from memoryloop.web import palette as ground_palette

        exports.register("chat", account_export.files, about=account_export.ABOUT)
        ground_palette.register(palette.find_conversations)
        ground_palette.register(palette.find_messages)
        preload.register(pages.load)
