"""Rows of the card store's tables in PostgreSQL, made past the store."""

import dataclasses
import itertools
from typing import Any

from accounts.models import User
from flashcards.domain.records import Flashcard
from flashcards.domain.search_text import search_text
from flashcards.models import CardRow, ReviewRow
from flashcards.store.rows.search_keys import search_keys
from tests.factories import flashcard, review_log

_revisions = itertools.count(1)


def card_row(owner: User, **fields: Any) -> CardRow:
    """Return a row of a card that is stored."""
    keys = fields.pop("search_keys", None)
    card = flashcard(owner, **fields)
    return CardRow.objects.create(
        **_values(card),
        revision=next(_revisions),
        search_keys=search_keys(search_text(card)) if keys is None else keys,
    )


def review_row(owner: User, row: CardRow, **fields: Any) -> ReviewRow:
    """Return a row of a review that is stored."""
    card = flashcard(owner, id=row.id)
    log = review_log(card, **{"sequence": 0, **fields})
    return ReviewRow.objects.create(**_values(log), revision=next(_revisions))


def _values(record: Any) -> dict[str, Any]:
    values = {each.name: getattr(record, each.name) for each in dataclasses.fields(record)}
    if isinstance(record, Flashcard):
        values |= {name: list(values[name]) for name in ("deck_ids", "tags", "memory")}
    return values
