from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"

    def ready(self) -> None:
        # Imported here because models must be loaded first.
        from accounts import account_export as exports
        from chat.answers import readings
        from chat.conversations import account_export
        from chat.web import navigation as own_navigation
        from chat.web import palette as own_palette
        from chat.web.views import pages
        from memoryloop.server import preload
        from memoryloop.web import navigation, palette

        navigation.register(navigation.Place.RAIL, *own_navigation.RAIL)
        palette.register_pages(10, *own_palette.PAGES)
        exports.register("chat", account_export.files, about=account_export.ABOUT)
        palette.register(own_palette.find_conversations)
        palette.register(own_palette.find_messages)
        preload.register(pages.load)
        readings.register()
