"""The checkpoint: it moves the journal into LanceDB, in batches, one writer at a time.

Order of steps, each of which may be the last before a crash: read the journal, write LanceDB,
fsync, then in one commit delete the journal rows and record the versions. Until that commit the
rows are still pending; applying them again changes nothing.
"""

import contextlib
import dataclasses
import datetime
import logging
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

import pyarrow as pa
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.models import JournalEntry, StoredOwner, StoreVersions
from flashcards.store.lance import codec, failpoints, tables, upgrades
from flashcards.store.lance.filters import condition
from flashcards.store.lance.schema import (
    EVERYTHING,
    FLASHCARDS,
    REVIEW_LOGS,
    SCHEMA_VERSION,
    Index,
    TableSpec,
)
from flashcards.store.maintenance import review_totals
from flashcards.store.values import KEEP_VERSIONS, Checkpoint

logger = logging.getLogger(__name__)

# Any number will do, as long as nothing else in this database locks it.
_LOCK = 0x4D4C_6370
BATCH_ENTRIES = 20_000
# Below this a scan finds the nearest as fast as an index does.
VECTOR_INDEX_ROWS = 20_000
# The cards that have a vector.
EMBEDDED = condition(FLASHCARDS, "embedding_model__gt", "").to_sql()
# Ids in one condition of a deletion.
ERASE_BATCH = 1_000


def run(*, wait: bool = False) -> Checkpoint:
    """Move what is pending, up to BATCH_ENTRIES, and return what was done.

    With `wait`, queue behind a checkpoint that is under way; else return at once with `busy`.
    """
    started = time.monotonic()
    with transaction.atomic():
        if not _lock(wait=wait):
            return Checkpoint(busy=True)
        entries = list(
            JournalEntry.objects.defer("card_rows", "log_rows").order_by("id")[:BATCH_ENTRIES]
        )
        if not entries:
            return Checkpoint(seconds=time.monotonic() - started)
        failpoints.reach("checkpoint-read")
        recorded = _recorded()
        done = _apply(entries, recorded)
        failpoints.reach("checkpoint-written")
        JournalEntry.objects.filter(id__in=[entry.id for entry in entries]).delete()
        recorded.schema = SCHEMA_VERSION
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


@contextlib.contextmanager
def exclusive(*, upgrading: bool = False, same_rows: bool = False) -> Iterator[StoreVersions]:
    """Hold the checkpoint's lock to repair or rebuild the tables, then record the result.

    With `same_rows`, what processes keep of the tables in memory stays good.
    The block sets the versions of the row it is given; when upgrading, the schema too. What is
    pending stays so, and goes on top of what the block leaves. Raises OtherSchema.
    """
    with transaction.atomic():
        _lock(wait=True)
        recorded = _recorded(any_schema=upgrading)
        since = tables.now_minus_a_moment()
        yield recorded
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
            _lock(wait=True)
            recorded = _recorded()
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


def _recorded(*, any_schema: bool = False) -> StoreVersions:
    """Return what PostgreSQL says of the tables. Raises OtherSchema if it is not for this code."""
    recorded = StoreVersions.objects.filter(id=1).first() or StoreVersions()
    if not any_schema:
        upgrades.check(recorded.schema, recorded.flashcards, recorded.review_logs)
    return recorded


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


def _lock(*, wait: bool) -> bool:
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            return True
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        row = cursor.fetchone()
        return bool(row and row[0])


def _apply(entries: Sequence[JournalEntry], recorded: StoreVersions) -> tuple[int, int, int, int]:
    """Write the entries to both tables; return how many entries, cards, logs, erased owners."""
    erased = {e.owner_id: e.id for e in entries if e.kind == JournalEntry.Kind.ERASE_OWNER}
    standing = [entry for entry in entries if entry.id > erased.get(entry.owner_id, 0)]
    gone = {e.card_id for e in standing if e.kind == JournalEntry.Kind.ERASE_CARD and e.card_id}
    changes = [
        entry
        for entry in standing
        if entry.kind == JournalEntry.Kind.CARD and entry.card_id not in gone
    ]
    logs = [codec.from_image(ReviewLog, e.log) for e in changes if e.log is not None]
    since = tables.now_minus_a_moment()
    flashcards, review_logs = (tables.for_writing(spec) for spec in (FLASHCARDS, REVIEW_LOGS))
    # A version that nobody recorded is a checkpoint that died after writing: its rows may be there.
    repeated = (flashcards.version, review_logs.version) != (
        recorded.flashcards,
        recorded.review_logs,
    )
    _erase(erased, flashcards, review_logs)
    _erase_cards(gone, flashcards, review_logs)
    loaded = [
        _load(entry, flashcards, review_logs, repeated=repeated)
        for entry in standing
        if entry.kind == JournalEntry.Kind.BATCH
    ]
    _append_logs(review_logs, logs)
    failpoints.reach("checkpoint-logs")
    cards = _merge_cards(flashcards, changes) + sum(count for count, _ in loaded)
    failpoints.reach("checkpoint-cards")
    _count(logs, review_logs)
    if recorded.checkpoints == 0:
        # From then on `optimize_if_due` does it, while nobody waits for the checkpoint's lock.
        optimize_table(FLASHCARDS, flashcards)
        optimize_table(REVIEW_LOGS, review_logs)
    for spec in (FLASHCARDS, REVIEW_LOGS):
        tables.sync_to_disk(spec, since)
    recorded.flashcards, recorded.review_logs = flashcards.version, review_logs.version
    return len(entries), cards, len(logs) + sum(count for _, count in loaded), len(erased)


def _erase(owner_ids: Iterable[UUID], flashcards: object, review_logs: object) -> None:
    for owner_id in owner_ids:
        where = condition(FLASHCARDS, "owner_id", owner_id).to_sql()
        flashcards.delete(where)  # type: ignore[attr-defined]
        review_logs.delete(where)  # type: ignore[attr-defined]
    review_totals.erase(owner_ids)


def _erase_cards(ids: Iterable[UUID], flashcards: object, review_logs: object) -> None:
    """Delete cards and their reviews. The totals keep what was studied: it was."""
    listed = list(ids)
    for start in range(0, len(listed), ERASE_BATCH):
        part = listed[start : start + ERASE_BATCH]
        for spec, table, name in (
            (FLASHCARDS, flashcards, "id__in"),
            (REVIEW_LOGS, review_logs, "flashcard_id__in"),
        ):
            table.delete(condition(spec, name, part).to_sql())  # type: ignore[attr-defined]


def _load(
    entry: JournalEntry, flashcards: object, review_logs: object, *, repeated: bool
) -> tuple[int, int]:
    """Add a batch's rows and return how many cards and logs there were."""
    counts = []
    for spec, table, data in (
        (FLASHCARDS, flashcards, entry.card_rows),
        (REVIEW_LOGS, review_logs, entry.log_rows),
    ):
        rows = upgrades.current_rows(spec, codec.from_ipc(bytes(data))) if data else None
        counts.append(rows.num_rows if rows else 0)
        if rows is None:
            continue
        if "revision" in rows.schema.names:
            revisions = pa.array([entry.id] * rows.num_rows, pa.int64())
            rows = rows.set_column(
                rows.schema.get_field_index("revision"), rows.schema.field("revision"), revisions
            )
        else:
            review_totals.add_rows(rows)
        if repeated:
            merge = table.merge_insert("id")  # type: ignore[attr-defined]
            merge.when_not_matched_insert_all().execute(rows, on_bad_vectors="null")
        else:
            table.add(rows, on_bad_vectors="null")  # type: ignore[attr-defined]
    return counts[0], counts[1]


def _count(logs: Sequence[ReviewLog], review_logs: object) -> None:
    """Add the logs to the totals; what an undo takes back may be from long ago."""
    ids = review_totals.undone_by({log.id: log for log in logs})
    undone = {}
    if ids:
        where = condition(REVIEW_LOGS, "id__in", ids).to_sql()
        scan = review_logs.search().where(where).select(REVIEW_LOGS.columns)  # type: ignore[attr-defined]
        rows = codec.from_table(REVIEW_LOGS, scan.limit(EVERYTHING).to_arrow())
        undone = {row.id: row for row in rows}
    review_totals.add(logs, undone)


def _append_logs(table: object, logs: Sequence[ReviewLog]) -> None:
    """Append the logs that are not there: a checkpoint that died may have written them already.

    A client that used one id for two reviews loses neither: the second gets an id of its own.
    """
    if not logs:
        return
    where = condition(REVIEW_LOGS, "id__in", [log.id for log in logs]).to_sql()
    columns = ["id", "flashcard_id", "sequence"]
    scan = table.search().where(where).select(columns).limit(EVERYTHING)  # type: ignore[attr-defined]
    found = {
        row["id"]: (row["flashcard_id"], row["sequence"]) for row in scan.to_arrow().to_pylist()
    }
    fresh = []
    for log in logs:
        position = str(log.flashcard_id), log.sequence
        if found.get(str(log.id)) == position:
            continue
        if str(log.id) in found:
            log = dataclasses.replace(log, id=uuid.uuid5(log.id, f"{position}"))
        found[str(log.id)] = position
        fresh.append(log)
    if fresh:
        table.add(codec.to_table(REVIEW_LOGS, fresh))  # type: ignore[attr-defined]


def _merge_cards(table: object, changes: Sequence[JournalEntry]) -> int:
    """Merge the newest image of each card, with the embedding that belongs to it."""
    images: dict[UUID, tuple[int, Flashcard]] = {}
    vectors: dict[UUID, bytes] = {}
    for entry in changes:
        if entry.card is None:
            continue
        card: Flashcard = codec.from_image(Flashcard, entry.card)
        images[card.id] = (entry.id, card)
        if entry.vector is not None:
            vectors[card.id] = bytes(entry.vector)
    if not images:
        return 0
    kept = [
        card_id
        for card_id, (_, card) in images.items()
        if card.embedding_model and card_id not in vectors
    ]
    embeddings: dict[str, object] = _stored_embeddings(table, kept)
    for card_id, data in vectors.items():
        # Without a model the text has changed since: the vector is of other words.
        if images[card_id][1].embedding_model:
            embeddings[str(card_id)] = codec.vector_from_bytes(data)
    rows = codec.to_table(
        FLASHCARDS,
        [card for _, card in images.values()],
        embedding=[embeddings.get(str(card_id)) for card_id in images],
        revision=[revision for revision, _ in images.values()],
    )
    merge = table.merge_insert("id")  # type: ignore[attr-defined]
    (
        merge.when_matched_update_all(where="target.revision <= source.revision")
        .when_not_matched_insert_all()
        # A card without an embedding yet is what LanceDB calls a bad vector.
        .execute(rows, on_bad_vectors="null")
    )
    return len(images)


def _stored_embeddings(table: object, ids: Sequence[UUID]) -> dict[str, object]:
    if not ids:
        return {}
    where = condition(FLASHCARDS, "id__in", list(ids)).to_sql()
    scan = table.search().where(where).select(["id", "embedding"])  # type: ignore[attr-defined]
    found = scan.limit(EVERYTHING).to_arrow()
    return dict(zip(found["id"].to_pylist(), found["embedding"].to_pylist(), strict=True))


def optimize_table(
    spec: TableSpec, table: object, keep_versions: datetime.timedelta = KEEP_VERSIONS
) -> None:
    """Make missing indexes, compact fragments, prune versions that nobody reads any more."""
    there = {column for index in table.list_indices() for column in index.columns}  # type: ignore[attr-defined]
    for column, kind in spec.indexes:
        if column in there:
            continue
        if kind is Index.VECTOR and not vectors_pay(table.count_rows(EMBEDDED)):  # type: ignore[attr-defined]
            continue
        table.create_index(column, config=tables.index_config(kind))  # type: ignore[attr-defined]
    if not tables.is_cloud():
        table.optimize(cleanup_older_than=keep_versions)  # type: ignore[attr-defined]


def vectors_pay(embedded: int) -> bool:
    """Tell whether so many cards have a vector that an index finds the nearest sooner."""
    return embedded >= VECTOR_INDEX_ROWS
