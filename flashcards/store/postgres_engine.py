"""The PostgreSQL engine: what the store's protocol asks for, by the modules that do it."""

from flashcards.store.owner_arrays import OwnerArrays
from flashcards.store.postgres.care.backup import (
    bytes_on_disk,
    claim,
    count_files,
    count_rows,
    older_snapshot,
    recover,
    restore_files,
    snapshot,
    unchanged_on_error,
)
from flashcards.store.postgres.care.health import (
    check_readable,
    drop_duplicates,
    find_differing_images,
    find_index_faults,
    find_missing_rows,
    find_residue,
    mend_totals,
    status,
)
from flashcards.store.postgres.care.optimize import optimize, optimize_fully, optimize_if_due
from flashcards.store.postgres.care.process import clear_cache, preload
from flashcards.store.postgres.care.upgrades import needed as needed_upgrades
from flashcards.store.postgres.care.upgrades import run as upgrade
from flashcards.store.postgres.changes import read_pending
from flashcards.store.postgres.checkpoints import count_pending, settle_batches
from flashcards.store.postgres.checkpoints import run as checkpoint
from flashcards.store.postgres.checkpoints import run_until_empty as checkpoint_all
from flashcards.store.postgres.query import cards, review_logs
from flashcards.store.postgres.search.meaning import by_meaning as search_meaning
from flashcards.store.postgres.search.meaning import nearest as nearest_cards
from flashcards.store.postgres.search.vectors import read as vectors
from flashcards.store.postgres.search.words import begin as search_words
from flashcards.store.postgres.vector_sets import begin as begin_vectors
from flashcards.store.postgres.vector_sets import drop_retired as drop_retired_vectors
from flashcards.store.postgres.vector_sets import finish as finish_vectors
from flashcards.store.postgres.vector_sets import give_up as give_up_vectors
from flashcards.store.postgres.vector_sets import owners_to_embed
from flashcards.store.postgres.view import remembered_view, view
from flashcards.store.postgres.write import (
    erase_cards,
    erase_owner,
    lock_owner,
    write,
    write_many,
)
from flashcards.store.recorded_vectors import read as read_vector_sets
from flashcards.store.rows.schema import SCHEMA_VERSION

_arrays = OwnerArrays(read_pending)
answer_totals = _arrays.answer_totals
answers = _arrays.answers
columns = _arrays.columns
review_days = _arrays.review_days
review_totals = _arrays.review_totals

__all__ = [
    "SCHEMA_VERSION",
    "answer_totals",
    "answers",
    "begin_vectors",
    "bytes_on_disk",
    "cards",
    "check_readable",
    "checkpoint",
    "checkpoint_all",
    "claim",
    "clear_cache",
    "columns",
    "count_files",
    "count_pending",
    "count_rows",
    "drop_duplicates",
    "drop_retired_vectors",
    "erase_cards",
    "erase_owner",
    "find_differing_images",
    "find_index_faults",
    "find_missing_rows",
    "find_residue",
    "finish_vectors",
    "give_up_vectors",
    "lock_owner",
    "mend_totals",
    "nearest_cards",
    "needed_upgrades",
    "older_snapshot",
    "optimize",
    "optimize_fully",
    "optimize_if_due",
    "owners_to_embed",
    "preload",
    "read_vector_sets",
    "recover",
    "remembered_view",
    "restore_files",
    "review_days",
    "review_logs",
    "review_totals",
    "search_meaning",
    "search_words",
    "settle_batches",
    "snapshot",
    "status",
    "unchanged_on_error",
    "upgrade",
    "vectors",
    "view",
    "write",
    "write_many",
]
