"""Cards, reviews and the state of the store in Django's admin."""

from flashcards.admin import cards, drafts, reviews, store

__all__ = ["cards", "drafts", "reviews", "store"]
