from django.apps import AppConfig


class FlashcardsConfig(AppConfig):
    name = "flashcards"
    verbose_name = "Flashcards"

    def ready(self) -> None:
        # Imported here because models must be loaded first.
        from accounts import exports
        from chat import prompts
        from flashcards import checks, fading, palette, signals
        from flashcards.store import manager, tables
        from flashcards.upkeep import takeaway
        from memoryloop import health, warming
        from memoryloop import palette as ground_palette

        manager.bind()
        signals.connect()
        exports.register("flashcards", takeaway.files, about=takeaway.ABOUT)
        prompts.register_contributor(fading.fading_cards)
        ground_palette.register(palette.find_decks)
        ground_palette.register(palette.find_cards)
        warming.register(tables.load)
        health.register("lancedb", checks.check_lancedb)
        health.register("pending_journal", checks.count_pending)
