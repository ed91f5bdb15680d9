from django.apps import AppConfig


class FlashcardsConfig(AppConfig):
    name = "flashcards"
    verbose_name = "Flashcards"

    def ready(self) -> None:
        # Imported here because models must be loaded first.
        from accounts import account_export as exports
        from chat.recall import lookup
        from flashcards import signals, store
        from flashcards.maintenance import account_export
        from flashcards.maintenance import health as checks
        from flashcards.tutor import fading_cards
        from flashcards.web import palette
        from memoryloop.server import health, preload
        from memoryloop.web import palette as ground_palette

        signals.connect()
        exports.register("flashcards", account_export.files, about=account_export.ABOUT)
        lookup.register_contributor(fading_cards.fading_cards)
        ground_palette.register(palette.find_decks)
        ground_palette.register(palette.find_cards)
        preload.register(store.preload)
        health.register("lancedb", checks.check_lancedb)
        health.register("pending_journal", checks.count_pending)
