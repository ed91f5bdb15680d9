"""How far an owner's rows are: the number of their newest change, and what came lately.

What is kept in memory (`store/cache`, `store/due`) is brought forward with it, as it is with the
journal where LanceDB is the engine. Here nothing is pending: each change is in the tables at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.db import connection

from flashcards.models import StoreVersions
from flashcards.store.errors import EngineChanged
from flashcards.store.pending import Entry, Ids, Pending, PendingMemory
from flashcards.store.postgres import card_keys, tables
from flashcards.store.rows import vector_sets
from flashcards.store.rows.filters import Condition, Expression, condition
from flashcards.store.rows.schema import FLASHCARDS, REVIEW_LOGS, TableSpec
from flashcards.store.values import VectorSets
from memoryloop.search_words import Term

# Of an owner, so many of the last changes are kept.
TRAIL_MOST = 1_000

_READ = """
SELECT v.engine, v.rebuilt, v.vectors, o.entry_id, o.batch
FROM (SELECT 1) AS one
LEFT JOIN flashcards_storeversions v ON v.id = 1
LEFT JOIN flashcards_storedowner o ON o.owner_id = %s
"""


@dataclass(frozen=True)
class PostgresStored:
    """What PostgreSQL holds of an owner (or of all); see `Stored`."""

    generation: int = 0
    epoch: int = 0
    moved_id: int = 0
    vectors: VectorSets = field(default_factory=vector_sets.first)

    @property
    def key(self) -> str:
        return StoreVersions.Engine.POSTGRESQL.value

    @property
    def has_uncommitted(self) -> bool:
        return connection.in_atomic_block

    def whole(self, spec: TableSpec) -> list[str]:
        return spec.columns

    def read(
        self, spec: TableSpec, owner_id: UUID, columns: Sequence[str], *conditions: Expression
    ) -> Any:
        """Return columns of the owner's rows for which the conditions hold, in no order.

        Rows of the log are those up to `moved_id`: an entry that is applied later counts once. A
        card's row may be newer than that, and applying it again changes nothing.
        """
        owned = condition(spec, "owner_id", owner_id)
        return tables.read(spec, columns, [owned, *conditions], self.vectors, **self._until(spec))

    def read_by_key(
        self, spec: TableSpec, owner_id: UUID, columns: Sequence[str], key: Condition
    ) -> Any:
        return self.read(spec, owner_id, columns, key)

    def ids_with(self, owner_id: UUID, term: Term) -> Ids:
        return card_keys.ids_with(owner_id, term)

    def _until(self, spec: TableSpec) -> dict[str, Any]:
        if spec is FLASHCARDS:
            return {}
        return {"more": "AND revision <= %s", "values": [self.moved_id]}


def _owned(owner_id: UUID) -> Expression:
    return condition(FLASHCARDS, "owner_id", owner_id)


_memory = PendingMemory()
remembered_pending, remember, clear_cache = _memory.get, _memory.keep, _memory.clear


def read_pending(owner_id: UUID | None) -> Pending:
    """Return how far one owner's rows are, or those of all with None. One SQL query, rarely two.

    Raises EngineChanged.
    """
    stored = _read_stored(owner_id)
    if owner_id is None:
        return Pending(stored)
    known = remembered_pending(owner_id)
    if known is None or known.stored.epoch != stored.epoch or known.last_id > stored.moved_id:
        return _memory.keep(owner_id, _anew(stored))
    if known.last_id == stored.moved_id:
        same = known if known.stored == stored else replace(known, stored=stored)
        return _memory.keep(owner_id, same)
    entries = _read_entries(owner_id, known.last_id, stored.moved_id)
    if len(entries) > TRAIL_MOST:
        return _memory.keep(owner_id, _anew(stored))
    # The sets of vectors may be other ones meanwhile.
    now = replace(known, stored=stored)
    return _memory.keep(owner_id, with_entries(now, stored.moved_id, entries))


def with_entries(known: Pending, newest: int, entries: Sequence[Entry]) -> Pending:
    """Return what is known with entries that came since, up to the newest change."""
    stored = replace(stored_of(known), moved_id=newest, generation=newest)
    trail = (*known.trail, *entries)
    known_from = known.known_from
    if len(trail) > TRAIL_MOST:
        dropped = trail[: -TRAIL_MOST // 2]
        trail, known_from = trail[-TRAIL_MOST // 2 :], dropped[-1].id
    return Pending(stored, newest, trail=trail, known_from=known_from)


def stored_of(pending: Pending) -> PostgresStored:
    """Return what lies beneath, which is PostgreSQL."""
    stored = pending.stored
    if not isinstance(stored, PostgresStored):
        raise TypeError(f"{type(stored).__name__} is not PostgreSQL's.")
    return stored


def _anew(stored: PostgresStored) -> Pending:
    return Pending(stored, stored.moved_id, known_from=stored.moved_id)


def _read_stored(owner_id: UUID | None) -> PostgresStored:
    with connection.cursor() as cursor:
        cursor.execute(_READ, [owner_id])
        engine, rebuilt, vectors, newest, batch = cursor.fetchone()
    if engine == StoreVersions.Engine.LANCEDB:
        raise EngineChanged("The cards are in LanceDB now.")
    return PostgresStored(
        generation=newest or 0,
        # What is in memory of an owner who was erased counts no more.
        epoch=-1 if newest is None else max(rebuilt or 0, batch or 0),
        moved_id=newest or 0,
        vectors=vector_sets.from_json(vectors),
    )


def _read_entries(owner_id: UUID, after: int, until: int) -> list[Entry]:
    """Return the entries of an owner after one and up to another, oldest first.

    One more than fit in the trail at most. Those of the log come with the card as it is now.
    """
    logs = tables.changed(REVIEW_LOGS, owner_id, after, until, TRAIL_MOST + 1)
    of_logs = list({log.flashcard_id for _, log in logs})
    cards = tables.changed(FLASHCARDS, owner_id, after, until, TRAIL_MOST + 1)
    by_id = {card.id: card for card in tables.cards_with(owner_id, of_logs)}
    entries = [Entry(number, card) for number, card in cards]
    entries += [
        Entry(number, by_id[log.flashcard_id], log)
        for number, log in logs
        if log.flashcard_id in by_id
    ]
    return sorted(entries, key=lambda entry: entry.id)
