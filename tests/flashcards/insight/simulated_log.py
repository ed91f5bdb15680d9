"""The log of a simulated learner in the store."""

import dataclasses
import uuid
from datetime import UTC, datetime, timedelta

from django.db import transaction

from accounts.models import User
from flashcards import scheduling, store
from flashcards.domain.records import Flashcard, LogKind, Rating, ReviewLog, State
from flashcards.scheduling import interval_days
from flashcards.scheduling.fitting.histories import Histories
from flashcards.scheduling.settings import DEFAULT_SETTINGS
from tests.factories import flashcard, review_log

BEGINS = datetime(2024, 1, 1, 12, tzinfo=UTC)


def fill(owner: User, histories: Histories, deck_id: uuid.UUID | None = None) -> list[Flashcard]:
    """Put cards with these reviews into the journal, each the fold of its log, and return them."""
    cards, logs = [], []
    for card, start in enumerate(histories.starts):
        places = range(int(start), int(start + histories.counts[card]))
        new = flashcard(owner, deck_ids=(deck_id,) if deck_id else ())
        made, rows = _reviewed(new, histories, places)
        cards.append(made)
        logs += rows
    with transaction.atomic():
        store.lock_owner(owner.pk)
        store.write_many(owner.pk, cards, logs)
    store.settle_batches(owner.pk)
    return cards


def _reviewed(
    card: Flashcard, histories: Histories, places: range
) -> tuple[Flashcard, list[ReviewLog]]:
    rows: list[ReviewLog] = []
    for number, place in enumerate(places):
        at = BEGINS + timedelta(days=float(histories.at[place]))
        row = review_log(
            card,
            id=uuid.uuid4(),
            sequence=number,
            kind=LogKind.REVIEW if number else LogKind.LEARN,
            rating=Rating(int(histories.ratings[place])),
            reviewed_at=at,
            elapsed_days=float(histories.days[place]) if number else None,
            scheduled_days=1.0,
            state_before=State.REVIEW if number else State.NEW,
            state_after=State.REVIEW,
        )
        rows.append(row)
    folded = scheduling.fold(card, rows)
    memory = scheduling.Memory(folded.stability or 1.0, folded.difficulty or 5.0)
    days = float(interval_days(memory, DEFAULT_SETTINGS))
    rows[-1] = dataclasses.replace(rows[-1], scheduled_days=days)
    return scheduling.fold(card, rows), rows
