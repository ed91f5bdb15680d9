"""What this process has in memory of the store: loaded before it is asked for, and dropped."""

import pyarrow as pa

from flashcards.store.cache import answer_totals, answers, collection
from flashcards.store.due import due_cards, recent_reviews
from flashcards.store.postgres import changes
from flashcards.store.postgres.search import meaning, vector_index
from memoryloop.postgres import extensions


def preload() -> None:
    """Prepare what reads many rows at once."""
    # Arrow's own pool keeps 30 MB of what was freed; the C library can be told to give it back.
    pa.set_memory_pool(pa.system_memory_pool())


def clear_cache() -> None:
    """Drop everything, as after the store was exchanged, or between tests."""
    caches = (answer_totals, answers, collection, due_cards, recent_reviews)
    for module in (*caches, changes, extensions, meaning, vector_index):
        module.clear_cache()
