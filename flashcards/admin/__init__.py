"""Cards, reviews and the state of the store in Django's admin."""

from flashcards.admin import backups, cards, drafts, reviews, store

__all__ = ["backups", "cards", "drafts", "reviews", "store"]
