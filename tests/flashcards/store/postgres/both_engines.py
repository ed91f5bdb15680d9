"""The same cards in both engines."""

import contextlib
import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from flashcards.domain.records import Flashcard
from flashcards.domain.search_text import search_text
from flashcards.models import CardRow, CardVector, StoreVersions
from flashcards.store import Change, recorded_vectors, write
from flashcards.store.rows.search_keys import search_keys

_revisions = itertools.count(1)
_LISTS = ("deck_ids", "tags", "memory")


@contextlib.contextmanager
def in_postgresql() -> Iterator[None]:
    """Have PostgreSQL serve within the block, and LanceDB before and after."""
    engines = StoreVersions.Engine
    StoreVersions.objects.update_or_create(id=1, defaults={"engine": engines.POSTGRESQL})
    try:
        yield
    finally:
        StoreVersions.objects.update(engine=engines.LANCEDB)


def store_in_both(cards: Sequence[Flashcard], vectors: Iterable[Any] | None = None) -> None:
    """Put cards into the journal of LanceDB and into the tables of PostgreSQL."""
    each = [None] * len(cards) if vectors is None else list(vectors)
    write(Change(card, vector=vector) for card, vector in zip(cards, each, strict=True))
    CardRow.objects.bulk_create([_row(card) for card in cards])
    if vectors is not None:
        column = recorded_vectors.read().serving.column
        CardVector.objects.bulk_create(
            CardVector(card_id=card.id, owner_id=card.owner_id, column=column, vector=vector)
            for card, vector in zip(cards, each, strict=True)
        )


def change_in_both(card: Flashcard, **changes: Any) -> None:
    """Put another image of a card into both."""
    changed = dataclasses.replace(card, **changes)
    write([Change(changed)])
    row = _row(changed)
    row.save(force_update=True)


def _row(card: Flashcard) -> CardRow:
    values = {each.name: getattr(card, each.name) for each in dataclasses.fields(card)}
    values |= {name: list(values[name]) for name in _LISTS}
    keys = search_keys(search_text(card))
    return CardRow(**values, revision=next(_revisions), search_keys=keys)
