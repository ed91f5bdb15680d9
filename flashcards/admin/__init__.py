"""Cards and reviews in Django's admin, over the repository; and how the store does."""

from flashcards.admin import cards, drafts, reviews, store

__all__ = ["cards", "drafts", "reviews", "store"]
