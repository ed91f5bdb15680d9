"""The LanceDB engine: what the store's protocol asks for, by the modules that do it."""

from flashcards.store.journal.journal import (
    erase_cards,
    erase_owner,
    lock_owner,
    write,
    write_many,
)
from flashcards.store.journal.pending import read_pending
from flashcards.store.lance.tables import load as preload
from flashcards.store.lance_view import remembered_view, view
from flashcards.store.maintenance.backup_files import (
    bytes_on_disk,
    count_files,
    count_rows,
    older_snapshot,
    restore_files,
    snapshot,
    unchanged_on_error,
)
from flashcards.store.maintenance.caches import clear_cache
from flashcards.store.maintenance.checkpoint import count_pending, settle_batches
from flashcards.store.maintenance.checkpoint import run as checkpoint
from flashcards.store.maintenance.checkpoint import run_until_empty as checkpoint_all
from flashcards.store.maintenance.health import (
    check_readable,
    drop_duplicates,
    find_differing_images,
    find_index_faults,
    find_missing_rows,
    find_residue,
    mend_totals,
    status,
)
from flashcards.store.maintenance.optimize import optimize, optimize_fully, optimize_if_due
from flashcards.store.maintenance.recorded import claim
from flashcards.store.maintenance.recover import run as recover
from flashcards.store.maintenance.run_upgrades import needed as needed_upgrades
from flashcards.store.maintenance.run_upgrades import run as upgrade
from flashcards.store.maintenance.switch_vectors import begin as begin_vectors
from flashcards.store.maintenance.switch_vectors import drop_retired as drop_retired_vectors
from flashcards.store.maintenance.switch_vectors import finish as finish_vectors
from flashcards.store.maintenance.switch_vectors import give_up as give_up_vectors
from flashcards.store.maintenance.switch_vectors import owners_to_embed
from flashcards.store.owner_arrays import OwnerArrays
from flashcards.store.recorded_vectors import read as read_vector_sets
from flashcards.store.repository.manager import cards, review_logs
from flashcards.store.rows.schema import SCHEMA_VERSION
from flashcards.store.search.search import by_meaning as search_meaning
from flashcards.store.search.search import nearest as nearest_cards
from flashcards.store.search.vectors import read as vectors
from flashcards.store.search.words import begin as search_words

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
