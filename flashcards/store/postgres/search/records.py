"""Cards by their ids, as search brings them."""

import dataclasses
from collections.abc import Sequence
from uuid import UUID

from flashcards.domain.records import Flashcard, Kind, State
from flashcards.models import CardRow

_FIELDS = [field.name for field in dataclasses.fields(Flashcard)]


def by_ids(owner_id: UUID, ids: Sequence[UUID]) -> list[Flashcard]:
    """Return the owner's cards with these ids, in their order; those in the trash are absent."""
    rows = CardRow.objects.filter(owner_id=owner_id, id__in=ids, deleted_at=None)
    found = {}
    for row in rows.values(*_FIELDS):
        row |= {name: tuple(row[name]) for name in ("deck_ids", "tags", "memory")}
        row |= {"kind": Kind(row["kind"]), "state": State(row["state"])}
        found[row["id"]] = Flashcard(**row)
    return [found[each] for each in ids if each in found]
