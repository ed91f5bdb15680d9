"""The store's health: whether it can be read, and whether its tables agree with the journal."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count, Min

from flashcards.models import JournalEntry, StoreVersions
from flashcards.store import quarter_totals
from flashcards.store.cache import answer_totals
from flashcards.store.errors import StoreError
from flashcards.store.journal.pending import read_pending
from flashcards.store.lance import sql, tables, upgrades
from flashcards.store.maintenance import checkpoint
from flashcards.store.maintenance import recorded as records
from flashcards.store.protocol.queries import Manager
from flashcards.store.queries.record_query import RecordQuery
from flashcards.store.repository.manager import cards, review_logs
from flashcards.store.rows import codec, vector_sets
from flashcards.store.rows.filters import condition
from flashcards.store.rows.schema import EVERYTHING, FLASHCARDS, REVIEW_LOGS
from flashcards.store.values import StoreStatus, TableStatus

# Fewer rows than this are scanned faster than an index is asked.
UNINDEXED_ROWS_MOST = 50_000


def check_readable() -> None:
    """Read one row of each table at the recorded version. Raises StoreError."""
    recorded = StoreVersions.objects.filter(id=1).first() or StoreVersions()
    upgrades.check(recorded.schema, recorded.flashcards, recorded.review_logs)
    for spec, version in ((FLASHCARDS, recorded.flashcards), (REVIEW_LOGS, recorded.review_logs)):
        table = tables.existing(spec, version, recorded.store_id)
        if table is not None:
            tables.fetch(table.query().select(["id"]).limit(1))


def status() -> StoreStatus:
    """Return the state of the store. A table that cannot be read says why."""
    recorded = StoreVersions.objects.filter(id=1).first() or StoreVersions()
    waiting = JournalEntry.objects.aggregate(pending=Count("id"), oldest=Min("created_at"))
    return StoreStatus(
        engine=StoreVersions.Engine.LANCEDB.value,
        tables=[
            _table_status("flashcards", recorded.flashcards, cards.all_owners().with_deleted()),
            _table_status("review_logs", recorded.review_logs, review_logs.all_owners()),
        ],
        schema=recorded.schema,
        pending=waiting["pending"],
        oldest=waiting["oldest"],
        checkpoints=recorded.checkpoints,
        checkpoint_at=recorded.checkpoint_at,
    )


def _table_status(name: str, version: int, query: RecordQuery[Any]) -> TableStatus:
    try:
        return TableStatus(name, version, query.count())
    except StoreError as error:
        return TableStatus(name, version, None, str(error))


def find_missing_rows() -> list[str]:
    """Name the tables that have fewer rows than were recorded. Raises StoreError."""
    recorded = StoreVersions.objects.filter(id=1).first() or StoreVersions()
    found = []
    for spec, version, rows in (
        (FLASHCARDS, recorded.flashcards, recorded.flashcards_rows),
        (REVIEW_LOGS, recorded.review_logs, recorded.review_logs_rows),
    ):
        table = tables.existing(spec, version, recorded.store_id)
        there = tables.wait_for(table.count_rows()) if table is not None else 0
        if there < (rows or 0):
            found.append(f"{spec.name}: {there:,} rows of {rows:,}")
    return found


def find_residue() -> list[str]:
    """Name the journal entries whose image LanceDB has already, or a newer one.

    There are some between a checkpoint that died and the next, never otherwise.
    """
    recorded = StoreVersions.objects.filter(id=1).first()
    entries = JournalEntry.objects.filter(kind=JournalEntry.Kind.CARD).values_list("id", "card_id")
    pending = {str(card_id): entry_id for entry_id, card_id in entries.order_by("-id")}
    if recorded is None or not pending:
        return []
    table = tables.existing(FLASHCARDS, recorded.flashcards, recorded.store_id)
    if table is None:
        return []
    where = sql.where(condition(FLASHCARDS, "id__in", [UUID(card_id) for card_id in pending]))
    scan = table.query().where(where).select(["id", "revision"]).limit(EVERYTHING)
    rows = tables.fetch(scan).to_pylist()
    found = [pending[row["id"]] for row in rows if row["revision"] >= pending[row["id"]]]
    return [f"entry {entry_id}" for entry_id in sorted(found)]


def find_differing_images(start: UUID, end: UUID) -> list[UUID]:
    """Return the cards from id `start` to `end` whose image and whose columns do not agree."""
    recorded = StoreVersions.objects.filter(id=1).first() or StoreVersions()
    table = tables.existing(FLASHCARDS, recorded.flashcards, recorded.store_id)
    if table is None:
        return []
    span = condition(FLASHCARDS, "id__gte", start), condition(FLASHCARDS, "id__lte", end)
    columns = [*FLASHCARDS.columns, *FLASHCARDS.whole]
    rows = tables.fetch(table.query().where(sql.where(*span)).select(columns).limit(EVERYTHING))
    by_columns = codec.from_table(FLASHCARDS, rows.select(FLASHCARDS.columns))
    by_image = codec.from_table(FLASHCARDS, rows.select(FLASHCARDS.whole))
    pairs = zip(by_columns, by_image, strict=True)
    return [columned.id for columned, imaged in pairs if columned != imaged]


def find_index_faults() -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the indexes: "index_missing" or "index_behind", and where."""
    recorded = StoreVersions.objects.filter(id=1).first()
    if recorded is None:
        return
    for spec, version in ((FLASHCARDS, recorded.flashcards), (REVIEW_LOGS, recorded.review_logs)):
        table = tables.existing(spec, version, recorded.store_id)
        if table is None:
            continue
        indexes = tables.wait_for(table.list_indices())
        names = {column: index.name for index in indexes for column in index.columns}
        vectors = vector_sets.from_json(recorded.vectors).serving.column
        wanted = [column for column, _ in spec.indexes]
        if spec is FLASHCARDS and (
            vectors in names
            or checkpoint.vectors_pay(tables.wait_for(table.count_rows(f"{vectors} IS NOT NULL")))
        ):
            wanted.append(vectors)
        for column in wanted:
            if column not in names:
                yield "index_missing", f"{spec.name}.{column}"
                continue
            stats = tables.wait_for(table.index_stats(names[column]))
            if stats is not None and stats.num_unindexed_rows > UNINDEXED_ROWS_MOST:
                yield "index_behind", f"{spec.name}.{column}: {stats.num_unindexed_rows:,} rows"


def drop_duplicates(manager: Manager[Any], ids: Sequence[UUID]) -> None:
    """Keep one row of each id, the newest image of a card. Under the checkpoint's lock."""
    spec = FLASHCARDS if manager.table == FLASHCARDS.name else REVIEW_LOGS
    with checkpoint.exclusive() as recorded:
        table = tables.for_writing(spec)
        where = sql.where(condition(spec, "id__in", list(ids)))
        columns = ["id", "revision"] if spec is FLASHCARDS else ["id"]
        scan = table.search().where(where).select(columns).with_row_id(True).limit(EVERYTHING)
        rows = scan.to_arrow().to_pylist()
        rows.sort(key=lambda row: row.get("revision", 0), reverse=True)
        kept: set[str] = set()
        surplus: list[int] = []
        for row in rows:
            if row["id"] in kept:
                surplus.append(row["_rowid"])
            kept.add(row["id"])
        if surplus:
            table.delete(f"_rowid IN ({', '.join(map(str, surplus))})")
        records.record_tables(recorded)


def mend_totals(owner_id: UUID) -> None:
    """Raise an owner's review totals to what the log has, under the checkpoint's lock."""
    # What a checkpoint has stored of a batch is counted once the next has ended.
    checkpoint.settle_batches(owner_id)
    with checkpoint.exclusive(same_rows=True):
        quarter_totals.mend(owner_id, read_pending(owner_id))
    answer_totals.clear_cache()
