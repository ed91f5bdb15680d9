"""The caches: everything that this process remembers of the store."""

from flashcards.store.cache import answer_totals, answers, collection
from flashcards.store.due import due_cards, recent_reviews
from flashcards.store.journal import pending
from flashcards.store.lance import tables
from flashcards.store.search import search


def clear_cache() -> None:
    """Drop all of it, as after the store was exchanged, or between tests."""
    caches = (answer_totals, answers, collection, due_cards, recent_reviews)
    for module in (*caches, pending, search, tables):
        module.clear_cache()
