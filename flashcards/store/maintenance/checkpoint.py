"""The checkpoint: it moves the journal into LanceDB, in batches, one writer at a time.

Order of steps, each of which may be the last before a crash: read the journal, write LanceDB,
fsync, then in one commit take the rows out of the journal and record the versions. Until that
commit the rows are still pending; applying them again changes nothing.
"""

import contextlib
import datetime
import logging
import time
from collections.abc import Iterator, Sequence
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from flashcards.models import JournalEntry, StoredOwner, StoreVersions
from flashcards.store import failpoints, quarter_totals
from flashcards.store.journal import moved
from flashcards.store.journal.pending import read_pending
from flashcards.store.lance import tables
from flashcards.store.maintenance import recorded as records
from flashcards.store.maintenance.apply_entries import apply
from flashcards.store.rows import vector_sets
from flashcards.store.rows.schema import (
    FLASHCARDS,
    REVIEW_LOGS,
    SCHEMA_VERSION,
    Index,
    TableSpec,
)
from flashcards.store.values import KEEP_VERSIONS, Checkpoint, VectorSet, VectorSets
from memoryloop.watching import measures, spans

logger = logging.getLogger(__name__)

# Any number will do, as long as nothing else in this database locks it.
_LOCK = 0x4D4C_6370
BATCH_ENTRIES = 20_000
# Below this a scan finds the nearest as fast as an index does.
VECTOR_INDEX_ROWS = 10_000


def run(*, wait: bool = False) -> Checkpoint:
    """Move what is pending, up to BATCH_ENTRIES, and return what was done.

    With `wait`, queue behind a checkpoint that is under way; else return at once with `busy`.
    Raises OtherStore, and moves nothing, if LanceDB's tables are not those that were recorded.
    """
    started = time.monotonic()
    if not JournalEntry.objects.exists():
        return Checkpoint()
    with spans.span("checkpoint") as span:
        done = _run(wait=wait, started=started)
        span.say(
            memoryloop__checkpoint__entries=done.entries,
            memoryloop__checkpoint__cards=done.cards,
            memoryloop__checkpoint__reviews=done.logs,
        )
    if done.entries:
        measures.record(measures.CHECKPOINT, done.seconds)
    return done


def _run(*, wait: bool, started: float) -> Checkpoint:
    records.give_id()
    with transaction.atomic():
        if not lock(wait=wait):
            return Checkpoint(busy=True)
        entries = list(
            JournalEntry.objects.defer("card_rows", "log_rows").order_by("id")[:BATCH_ENTRIES]
        )
        if not entries:
            return Checkpoint(seconds=time.monotonic() - started)
        failpoints.reach("checkpoint-read")
        recorded = records.read()
        records.check_tables(recorded)
        _recount_totals_if_due(recorded)
        since = tables.now_minus_a_moment()
        done = apply(entries, recorded)
        if recorded.checkpoints == 0:
            # From then on `optimize_if_due` does it, while nobody waits for the checkpoint's lock.
            for spec in (FLASHCARDS, REVIEW_LOGS):
                optimize_table(spec, tables.for_writing(spec), sets=_sets(recorded))
        for spec in (FLASHCARDS, REVIEW_LOGS):
            tables.sync_to_disk(spec, since)
        failpoints.reach("checkpoint-written")
        moved.move([entry.id for entry in entries], recorded, timezone.now())
        records.record_tables(recorded)
        recorded.schema = SCHEMA_VERSION
        recorded.vectors = _sets(recorded).to_json()
        recorded.checkpoints += 1
        recorded.checkpoint_at = timezone.now()
        _record_owners(entries, recorded)
        recorded.save()
        failpoints.reach("checkpoint-before-commit")
    failpoints.reach("checkpoint-committed")
    return Checkpoint(*done, seconds=time.monotonic() - started)


def settle_batches(owner_id: UUID) -> None:
    """Make what was written to the journal by the thousand visible, if it is not yet."""
    if JournalEntry.objects.filter(owner_id=owner_id, kind=JournalEntry.Kind.BATCH).exists():
        run_until_empty()


def count_pending() -> int:
    """Return how many changes of all owners wait for a checkpoint."""
    return JournalEntry.objects.count()


def run_until_empty() -> Checkpoint:
    """Move all that is pending now, however many batches it takes."""
    newest = JournalEntry.objects.aggregate(newest=Max("id"))["newest"]
    total = Checkpoint()
    while newest is not None and JournalEntry.objects.filter(id__lte=newest).exists():
        step = run(wait=True)
        total = Checkpoint(
            total.entries + step.entries,
            total.cards + step.cards,
            total.logs + step.logs,
            total.erased_owners + step.erased_owners,
            total.seconds + step.seconds,
        )
    return total


def settle_totals() -> None:
    """Count the review totals anew if they are of an earlier version, as a checkpoint would."""
    if StoreVersions.objects.filter(totals_are_fine=False).exists():
        with exclusive(same_rows=True) as recorded:
            _recount_totals_if_due(recorded)


def _recount_totals_if_due(recorded: StoreVersions) -> None:
    if not recorded.totals_are_fine:
        quarter_totals.recount(read_pending)
        recorded.totals_are_fine = True


@contextlib.contextmanager
def exclusive(
    *, upgrading: bool = False, same_rows: bool = False, recovering: bool = False
) -> Iterator[StoreVersions]:
    """Hold the checkpoint's lock to repair or rebuild the tables, then record the result.

    With `same_rows`, what processes keep of the tables in memory stays good.
    The block sets the versions of the row it is given; when upgrading, the schema too. What is
    pending stays so, and goes on top of what the block leaves. Raises OtherSchema, and OtherStore
    unless recovering.
    """
    records.give_id()
    with transaction.atomic():
        lock(wait=True)
        recorded = records.read(any_schema=upgrading)
        if not recovering:
            records.check_tables(recorded)
        since = tables.now_minus_a_moment()
        yield recorded
        if not (same_rows or recovering):
            # They do not say how to get from an older copy to these rows.
            moved.clear()
        for spec in (FLASHCARDS, REVIEW_LOGS):
            tables.sync_to_disk(spec, since)
        if not upgrading:
            recorded.schema = SCHEMA_VERSION
        if not same_rows:
            recorded.checkpoints += 1
            recorded.rebuilt = recorded.checkpoints
            recorded.checkpoint_at = timezone.now()
        recorded.save()


@contextlib.contextmanager
def consistent_snapshot() -> Iterator[StoreVersions]:
    """Hold the checkpoint's lock while the newest version of both tables is just what is recorded.

    For what copies them. Reviews go on meanwhile. Raises OtherSchema.
    """
    while True:
        with transaction.atomic():
            lock(wait=True)
            recorded = records.read()
            records.check_tables(recorded)
            written = [recorded.flashcards, recorded.review_logs]
            # Without pending entries newer versions hold the same rows: somebody compacted them.
            if (
                not any(written)
                or not JournalEntry.objects.exists()
                or written == [tables.for_writing(s).version for s in (FLASHCARDS, REVIEW_LOGS)]
            ):
                yield recorded
                return
        # A checkpoint died after writing. The next one settles what it left.
        run(wait=True)


def _record_owners(entries: Sequence[JournalEntry], recorded: StoreVersions) -> None:
    """Note how far each owner's entries have been moved; see StoredOwner. Three SQL statements."""
    number, kinds = recorded.checkpoints, JournalEntry.Kind
    erased = {entry.owner_id for entry in entries if entry.kind == kinds.ERASE_OWNER}
    newest = {e.owner_id: e.id for e in entries if e.owner_id not in erased}
    loaded = {entry.owner_id for entry in entries if entry.kind == kinds.BATCH}
    if erased:
        # Nothing is to be left of them, so nobody can be told: all readers begin anew.
        StoredOwner.objects.filter(owner_id__in=erased).delete()
        recorded.rebuilt = number
    StoredOwner.objects.bulk_create(
        [StoredOwner(owner_id=each, checkpoint=number, entry_id=n) for each, n in newest.items()],
        update_conflicts=True,
        unique_fields=["owner_id"],
        update_fields=["checkpoint", "entry_id"],
    )
    if loaded:
        StoredOwner.objects.filter(owner_id__in=loaded).update(batch=number)


def lock(*, wait: bool = True) -> bool:
    """Take the checkpoint's lock until the transaction ends, and return whether it was got."""
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            return True
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        row = cursor.fetchone()
        return bool(row and row[0])


def optimize_table(
    spec: TableSpec,
    table: object,
    keep_versions: datetime.timedelta = KEEP_VERSIONS,
    *,
    sets: VectorSets,
) -> None:
    """Make missing indexes, compact fragments, prune versions that nobody reads any more."""
    there = {column for index in table.list_indices() for column in index.columns}  # type: ignore[attr-defined]
    for column, kind in spec.indexes:
        if column not in there:
            table.create_index(column, config=tables.index_config(kind))  # type: ignore[attr-defined]
    if spec is FLASHCARDS:
        index_vectors(table, sets.serving)
    if tables.is_cloud():
        return
    try:
        table.optimize(cleanup_older_than=keep_versions)  # type: ignore[attr-defined]
    except RuntimeError as error:
        indexed = _indexed_vectors(table)
        if not indexed:
            raise
        # LanceDB cannot add rows without a vector to a new index of which parts are empty, as they
        # are where all vectors are much alike. One that is made anew knows all rows.
        logger.warning("The index of %s is made anew, as optimizing failed: %s", spec.name, error)
        for column in indexed:
            _make_vector_index(table, column)
        table.optimize(cleanup_older_than=keep_versions)  # type: ignore[attr-defined]


def index_vectors(table: object, wanted: VectorSet) -> None:
    """Make the index of a set's vectors, if it is missing and pays."""
    there = {column for index in table.list_indices() for column in index.columns}  # type: ignore[attr-defined]
    if wanted.column in there or wanted.column not in table.schema.names:  # type: ignore[attr-defined]
        return
    if vectors_pay(table.count_rows(f"{wanted.column} IS NOT NULL")):  # type: ignore[attr-defined]
        _make_vector_index(table, wanted.column)


def _indexed_vectors(table: object) -> list[str]:
    indexes = table.list_indices()  # type: ignore[attr-defined]
    return [index.columns[0] for index in indexes if index.index_type == "IvfRq"]


def _make_vector_index(table: object, column: str) -> None:
    table.create_index(column, config=tables.index_config(Index.VECTOR), replace=True)  # type: ignore[attr-defined]


def vectors_pay(embedded: int) -> bool:
    """Tell whether so many cards have a vector that an index finds the nearest sooner."""
    return embedded >= VECTOR_INDEX_ROWS


def _sets(recorded: StoreVersions) -> VectorSets:
    return vector_sets.from_json(recorded.vectors)
