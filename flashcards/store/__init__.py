"""The card store: LanceDB behind a manager-like repository, with a journal in PostgreSQL.

This is its face. Nothing outside this package knows which engine is under it.
"""

from flashcards.store.cache.card_columns import CardColumns
from flashcards.store.cache.collection import read as columns
from flashcards.store.cache.column_blocks import Mask, Numbers
from flashcards.store.due.due_queue import DueQueue
from flashcards.store.due.queue_settings import QueueSettings
from flashcards.store.errors import OtherSchema, OwnerGone, StoreError, UnknownLookup
from flashcards.store.journal.journal import (
    Change,
    erase_cards,
    erase_owner,
    lock_owner,
)
from flashcards.store.journal.journal import append as write
from flashcards.store.journal.journal import append_batch as write_many
from flashcards.store.maintenance.health import check_readable
from flashcards.store.maintenance.review_totals import days as review_days
from flashcards.store.maintenance.review_totals import read as review_totals
from flashcards.store.repository.manager import cards, review_logs
from flashcards.store.repository.query import Query
from flashcards.store.repository.stream_rows import rows as stream_rows
from flashcards.store.search.search import by_meaning as search_meaning
from flashcards.store.search.search import by_words as search_words
from flashcards.store.search.search import fuse
from flashcards.store.search.search import hybrid as search_hybrid
from flashcards.store.search.search import nearest as nearest_cards
from flashcards.store.search.vectors import read as vectors

__all__ = [
    "CardColumns",
    "Change",
    "DueQueue",
    "Mask",
    "Numbers",
    "OtherSchema",
    "OwnerGone",
    "Query",
    "QueueSettings",
    "StoreError",
    "UnknownLookup",
    "cards",
    "check_readable",
    "columns",
    "erase_cards",
    "erase_owner",
    "fuse",
    "lock_owner",
    "nearest_cards",
    "review_days",
    "review_logs",
    "review_totals",
    "search_hybrid",
    "search_meaning",
    "search_words",
    "stream_rows",
    "vectors",
    "write",
    "write_many",
]
