"""The LanceDB engine: what the store's protocol asks for, by the modules that do it."""

import functools
from datetime import date, datetime, timedelta, tzinfo
from uuid import UUID

from flashcards.store import quarter_totals
from flashcards.store.cache import answer_totals as totals_cache
from flashcards.store.cache import answers as answers_cache
from flashcards.store.cache import collection
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
from flashcards.store.maintenance.direct_writes import measure as measure_direct_writes
from flashcards.store.maintenance.health import (
    check_readable,
    drop_duplicates,
    find_differing_images,
    find_index_faults,
    find_missing_rows,
    find_residue,
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
from flashcards.store.protocol.owners import CardColumns
from flashcards.store.recorded_vectors import read as read_vector_sets
from flashcards.store.repository.manager import cards, review_logs
from flashcards.store.rows.schema import SCHEMA_VERSION
from flashcards.store.search.search import by_meaning as search_meaning
from flashcards.store.search.search import nearest as nearest_cards
from flashcards.store.search.vectors import read as vectors
from flashcards.store.search.words import begin as search_words
from flashcards.store.values import AnswerTotals, ReviewSummary


def columns(owner_id: UUID) -> CardColumns:
    """Return all cards of an owner as arrays. One SQL query."""
    return collection.read(owner_id, read_pending(owner_id))


def answers(owner_id: UUID) -> answers_cache.OwnerAnswers:
    """Return all answers of an owner as arrays. One SQL query."""
    return answers_cache.read(owner_id, read_pending(owner_id))


def answer_totals(owner_id: UUID) -> AnswerTotals | None:
    """Return how many answers an owner gave when. One SQL query, two the first time."""
    return totals_cache.read(owner_id, functools.partial(read_pending, owner_id))


def review_totals(
    owner_id: UUID, since: datetime, until: datetime, *, zone: tzinfo, day_begins: timedelta
) -> ReviewSummary:
    """Return the totals of whole quarters of an hour. Two SQL queries."""
    pending = read_pending(owner_id)
    return quarter_totals.read(owner_id, pending, since, until, zone=zone, day_begins=day_begins)


def review_days(
    owner_id: UUID, since: datetime, *, zone: tzinfo, day_begins: timedelta
) -> set[date]:
    """Return the days since a time on which anything was reviewed. Two SQL queries."""
    pending = read_pending(owner_id)
    return quarter_totals.days(owner_id, pending, since, zone=zone, day_begins=day_begins)


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
    "measure_direct_writes",
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
