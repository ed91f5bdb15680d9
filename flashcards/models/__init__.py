"""ORM rows of the flashcards app. Cards and logs themselves are in the store (records.py)."""

from flashcards.models.admin_rows import StoredFlashcard, StoredReviewLog
from flashcards.models.decks import Deck
from flashcards.models.drafts import Draft, DraftBatch
from flashcards.models.journal import JournalEntry, StoreVersions
from flashcards.models.totals import ReviewTotals

__all__ = [
    "Deck",
    "Draft",
    "DraftBatch",
    "JournalEntry",
    "ReviewTotals",
    "StoreVersions",
    "StoredFlashcard",
    "StoredReviewLog",
]
