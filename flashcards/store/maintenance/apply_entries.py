"""The entries of the journal, applied to LanceDB's tables. Applying them again changes nothing."""

import dataclasses
import uuid
from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc

from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.models import JournalEntry, MovedEntry, StoreVersions
from flashcards.store import failpoints, quarter_totals
from flashcards.store.lance import sql, tables, upgrades
from flashcards.store.rows import codec, vector_sets
from flashcards.store.rows.filters import condition
from flashcards.store.rows.schema import EVERYTHING, FLASHCARDS, REVIEW_LOGS
from flashcards.store.values import VectorSets

# What a checkpoint applies, and what a recovery does.
Entry = JournalEntry | MovedEntry
Kind = JournalEntry.Kind
# Ids in one condition of a deletion.
ERASE_BATCH = 1_000


def apply(
    entries: Sequence[Entry], recorded: StoreVersions, *, recovering: bool = False
) -> tuple[int, int, int, int]:
    """Write entries to both tables; return how many entries, cards, logs, erased owners.

    When recovering they were applied before, to tables that are there no more: the totals have
    their reviews.
    """
    erased = {e.owner_id: e.id for e in entries if e.kind == Kind.ERASE_OWNER}
    standing = [entry for entry in entries if entry.id > erased.get(entry.owner_id, 0)]
    gone = {e.card_id for e in standing if e.kind == Kind.ERASE_CARD and e.card_id}
    changes = [entry for entry in standing if entry.kind == Kind.CARD and entry.card_id not in gone]
    logs = [codec.from_image(ReviewLog, e.log) for e in changes if e.log is not None]
    flashcards, review_logs = (tables.for_writing(spec) for spec in (FLASHCARDS, REVIEW_LOGS))
    sets = vector_sets.from_json(recorded.vectors)
    # A version that nobody recorded is a checkpoint that died after writing: its rows may be there.
    repeated = recovering or (flashcards.version, review_logs.version) != (
        recorded.flashcards,
        recorded.review_logs,
    )
    add_columns(flashcards, sets)
    _erase(erased, flashcards, review_logs)
    _erase_cards(gone, flashcards, review_logs)
    loaded = [
        _load(entry, gone, sets, repeated=repeated, counted=not recovering)
        for entry in standing
        if entry.kind == Kind.BATCH
    ]
    _append_logs(review_logs, logs)
    failpoints.reach("checkpoint-logs")
    cards = _merge_cards(flashcards, changes, sets) + sum(count for count, _ in loaded)
    failpoints.reach("checkpoint-cards")
    if not recovering:
        _count(logs, review_logs)
    return len(entries), cards, len(logs) + sum(count for _, count in loaded), len(erased)


def add_columns(flashcards: object, sets: VectorSets) -> None:
    """Give the table of cards the columns of vectors that it lacks. The rows have none in them."""
    names = flashcards.schema.names  # type: ignore[attr-defined]
    for each in sets.filled:
        if each.column not in names:
            flashcards.add_columns(vector_sets.field(each))  # type: ignore[attr-defined]


def _with_all_columns(rows: pa.Table, table: object) -> pa.Table:
    """Return rows with nulls for the vectors that the table has of sets that are no more.

    LanceDB's merge fails on rows that lack a column.
    """
    for field in table.schema:  # type: ignore[attr-defined]
        if field.name not in rows.schema.names:
            rows = rows.append_column(field, pa.nulls(rows.num_rows, field.type))
    return rows


def _erase(owner_ids: Iterable[UUID], flashcards: object, review_logs: object) -> None:
    for owner_id in owner_ids:
        where = sql.where(condition(FLASHCARDS, "owner_id", owner_id))
        flashcards.delete(where)  # type: ignore[attr-defined]
        review_logs.delete(where)  # type: ignore[attr-defined]
    quarter_totals.erase(owner_ids)


def _erase_cards(ids: Iterable[UUID], flashcards: object, review_logs: object) -> None:
    """Delete cards and their reviews. The totals keep what was studied: it was."""
    listed = list(ids)
    for start in range(0, len(listed), ERASE_BATCH):
        part = listed[start : start + ERASE_BATCH]
        for spec, table, name in (
            (FLASHCARDS, flashcards, "id__in"),
            (REVIEW_LOGS, review_logs, "flashcard_id__in"),
        ):
            table.delete(sql.where(condition(spec, name, part)))  # type: ignore[attr-defined]


def _load(
    entry: Entry, gone: Collection[UUID], sets: VectorSets, *, repeated: bool, counted: bool
) -> tuple[int, int]:
    """Add a batch's rows, but those of cards that are gone, and return how many of each table."""
    counts = []
    for spec, card_id, data in (
        (FLASHCARDS, "id", entry.card_rows),
        (REVIEW_LOGS, "flashcard_id", entry.log_rows),
    ):
        table = tables.for_writing(spec)
        columns = [each.column for each in sets.filled] if spec is FLASHCARDS else []
        rows = upgrades.current_rows(spec, codec.from_ipc(bytes(data)), columns) if data else None
        if rows is not None and gone:
            of_gone = pc.is_in(rows[card_id], pa.array([str(each) for each in gone]))
            rows = rows.filter(pc.invert(of_gone))
        counts.append(rows.num_rows if rows else 0)
        if rows is None:
            continue
        if "revision" in rows.schema.names:
            revisions = pa.array([entry.id] * rows.num_rows, pa.int64())
            rows = rows.set_column(
                rows.schema.get_field_index("revision"), rows.schema.field("revision"), revisions
            )
        elif counted:
            quarter_totals.add_rows(entry.owner_id, rows)
        rows = _with_all_columns(rows, table)
        if repeated:
            merge = table.merge_insert("id")
            merge.when_not_matched_insert_all().execute(rows, on_bad_vectors="null")
        else:
            table.add(rows, on_bad_vectors="null")
    return counts[0], counts[1]


def _count(logs: Sequence[ReviewLog], review_logs: object) -> None:
    """Add the logs to the totals; what an undo takes back may be from long ago."""
    ids = quarter_totals.undone_by({log.id: log for log in logs})
    undone = {}
    if ids:
        where = sql.where(condition(REVIEW_LOGS, "id__in", ids))
        scan = review_logs.search().where(where).select(REVIEW_LOGS.columns)  # type: ignore[attr-defined]
        rows = codec.from_table(REVIEW_LOGS, scan.limit(EVERYTHING).to_arrow())
        undone = {row.id: row for row in rows}
    quarter_totals.add(logs, undone)


def _append_logs(table: object, logs: Sequence[ReviewLog]) -> None:
    """Append the logs that are not there: a checkpoint that died may have written them already.

    A client that used one id for two reviews loses neither: the second gets an id of its own.
    """
    if not logs:
        return
    where = sql.where(condition(REVIEW_LOGS, "id__in", [log.id for log in logs]))
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


def _merge_cards(table: object, changes: Sequence[Entry], sets: VectorSets) -> int:
    """Merge the newest image of each card, with the vectors that belong to it."""
    images: dict[UUID, tuple[int, Flashcard]] = {}
    # Of each card, the new vectors of its newest words by their set; and which had other words.
    vectors: dict[UUID, dict[str, object]] = {}
    reworded: set[UUID] = set()
    for entry in changes:
        if entry.card is None:
            continue
        card: Flashcard = codec.from_image(Flashcard, entry.card)
        images[card.id] = (entry.id, card)
        if not card.embedding_model:
            # The text has changed since: the vectors are of other words.
            reworded.add(card.id)
            vectors.pop(card.id, None)
        elif entry.vector is not None and (of := sets.named(card.embedding_model)) is not None:
            vector = codec.vector_from_bytes(bytes(entry.vector), of.dimensions)
            vectors.setdefault(card.id, {})[of.key] = vector
    if not images:
        return 0
    kept = _stored_vectors(table, [card_id for card_id in images if card_id not in reworded], sets)
    rows = codec.to_table(
        FLASHCARDS,
        [card for _, card in images.values()],
        revision=[revision for revision, _ in images.values()],
    )
    for each in sets.filled:
        new = ((card_id, vectors.get(card_id, {}).get(each.key)) for card_id in images)
        stored = kept.get(each.key, {})
        values = [stored.get(str(card_id)) if vector is None else vector for card_id, vector in new]
        rows = codec.with_vectors(rows, each, values)
    merge = table.merge_insert("id")  # type: ignore[attr-defined]
    (
        merge.when_matched_update_all(where="target.revision <= source.revision")
        .when_not_matched_insert_all()
        # A card without a vector yet is what LanceDB calls a bad one.
        .execute(_with_all_columns(rows, table), on_bad_vectors="null")
    )
    return len(images)


def _stored_vectors(
    table: object, ids: Sequence[UUID], sets: VectorSets
) -> dict[str, dict[str, object]]:
    """Return the vectors that LanceDB has of cards, by the key of their set and the card's id."""
    if not ids:
        return {}
    where = sql.where(condition(FLASHCARDS, "id__in", list(ids)))
    columns = ["id", *(each.column for each in sets.filled)]
    scan = table.search().where(where).select(columns)  # type: ignore[attr-defined]
    found = scan.limit(EVERYTHING).to_arrow()
    known = found["id"].to_pylist()
    stored: dict[str, dict[str, object]] = {}
    for each in sets.filled:
        there = codec.vectors(range(len(known)), found[each.column])
        stored[each.key] = {known[place]: vector for place, vector in there.items()}
    return stored
