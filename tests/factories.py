"""Make things for tests; what a test does not care about gets a sensible value."""

import itertools
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import User
from flashcards.domain.records import Flashcard, LogKind, Rating, ReviewLog, State
from flashcards.store import Change, lock_owner, write

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_numbers = itertools.count(1)


def flashcard(owner: User, **fields: Any) -> Flashcard:
    """Return a card that is not stored anywhere yet."""
    number = next(_numbers)
    made = fields.pop("created_at", NOW + timedelta(microseconds=number))
    return Flashcard(
        **{
            "id": uuid.uuid4(),
            "owner_id": owner.pk,
            "note_id": uuid.uuid4(),
            "question": f"What is fact number {number}?",
            "answer": f"Answer {number}",
            "due": made,
            "created_at": made,
            "edited_at": made,
            **fields,
        }
    )


def review_log(card: Flashcard, **fields: Any) -> ReviewLog:
    """Return a log row that is not stored anywhere yet."""
    return ReviewLog(
        **{
            "id": uuid.uuid4(),
            "owner_id": card.owner_id,
            "flashcard_id": card.id,
            "sequence": card.sequence,
            "kind": LogKind.LEARN,
            "rating": Rating.GOOD,
            "reviewed_at": NOW,
            "state_before": State.NEW,
            "state_after": State.LEARNING,
            **fields,
        }
    )


def store(*cards: Flashcard, logs: tuple[ReviewLog, ...] = ()) -> None:
    """Put cards and logs into the journal, as the services do."""
    by_card = {log.flashcard_id: log for log in logs}
    with transaction.atomic():
        for owner_id in {card.owner_id for card in cards}:
            lock_owner(owner_id)
        write(Change(card, by_card.get(card.id)) for card in cards)


def stored_card(owner: User, **fields: Any) -> Flashcard:
    """Return a card that is in the journal."""
    card = flashcard(owner, **fields)
    store(card)
    return card
