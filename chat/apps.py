from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"

    def ready(self) -> None:
        # Imported here because models must be loaded first.
        from accounts import exports
        from chat import palette, takeaway
        from chat.views import pages
        from memoryloop import palette as ground_palette
        from memoryloop import warming

        exports.register("chat", takeaway.files, about=takeaway.ABOUT)
        ground_palette.register(palette.find_conversations)
        ground_palette.register(palette.find_messages)
        warming.register(pages.load)
