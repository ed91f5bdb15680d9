import functools

from django.apps import AppConfig


class FlashcardsConfig(AppConfig):
    name = "flashcards"
    verbose_name = "Flashcards"

    def ready(self) -> None:
        # Imported here because models must be loaded first.
        from accounts import account_export as exports
        from chat.recall import lookup
        from flashcards import signals, store
        from flashcards.maintenance import account_export, readings
        from flashcards.maintenance import health as checks
        from flashcards.tutor import recalled_cards
        from flashcards.web import chat_extensions
        from flashcards.web import navigation as own_navigation
        from flashcards.web import palette as own_palette
        from flashcards.web.pages import tutor_links
        from memoryloop.server import health, preload
        from memoryloop.web import navigation, palette, slots

        signals.connect()
        navigation.register(navigation.Place.RAIL, *own_navigation.RAIL)
        palette.register_pages(20, *own_palette.PAGES)
        chat_extensions.register()
        slots.fill("accounts.settings", "flashcards/settings/_study_section.html")
        exports.register("flashcards", account_export.files, about=account_export.ABOUT)
        lookup.register_contributor(
            functools.partial(recalled_cards.find, card_url=tutor_links.card_url),
            card=functools.partial(recalled_cards.read, card_url=tutor_links.card_url),
        )
        palette.register(own_palette.find_decks)
        palette.register(own_palette.find_cards)
        palette.register(own_palette.find_documents)
        preload.register(store.preload)
        health.register("card_store", checks.check_card_store)
        health.register("pending_journal", checks.count_pending)
        health.register("backup", checks.check_backup)
        readings.register()
