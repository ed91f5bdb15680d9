"""The card store: LanceDB behind a manager-like repository, with a journal in PostgreSQL.

Nothing outside this package knows which engine is under it.
"""

from flashcards.store.due.due_queue import DueQueue
from flashcards.store.errors import OtherSchema, OwnerGone, StoreError, UnknownLookup
from flashcards.store.maintenance.health import check_readable
from flashcards.store.repository.manager import cards, review_logs
from flashcards.store.repository.query import Query

__all__ = [
    "DueQueue",
    "OtherSchema",
    "OwnerGone",
    "Query",
    "StoreError",
    "UnknownLookup",
    "cards",
    "check_readable",
    "review_logs",
]
