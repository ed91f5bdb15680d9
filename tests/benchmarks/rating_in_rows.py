"""Measure a rating where the cards are in PostgreSQL, beside one plain UPDATE and INSERT.

    CARD_STORE=postgresql .venv/bin/python -m tests.benchmarks.rating_in_rows [--cards 20000]

One learner with so many cards of two reviews each; a database of its own that is dropped
afterwards, with real commits. The three take turns. Prints one line of JSON, medians in
milliseconds: of an UPDATE of a card's schedule and an INSERT of a row of the log with one commit,
by themselves; of the store's write of a review; and of a whole rating, which finds the card,
schedules it, spreads the load and writes. The aim of the write is twice the plain statements.
"""

import argparse
import dataclasses
import statistics
import sys
import uuid
from datetime import timedelta
from typing import Any

from tests.benchmarks import filled

CARDS = 20_000
REVIEWS_A_CARD = 2
ROUNDS = 300
AIM = 2.0

_UPDATE = """
UPDATE flashcards_flashcard SET state = 2, step = NULL, stability = %s, difficulty = %s, due = %s,
    last_review = %s, reps = reps + 1, sequence = sequence + 1, revision = revision + 1
WHERE id = %s
"""
_INSERT = """
INSERT INTO flashcards_reviewlog (id, owner_id, flashcard_id, sequence, kind, rating, reviewed_at,
    duration_ms, elapsed_days, scheduled_days, state_before, stability_before, difficulty_before,
    state_after, stability_after, difficulty_after, revision)
VALUES (%s, %s, %s, %s, 'review', 3, %s, 5000, 3.0, 5.0, 2, 3.0, 5.0, 2, 5.0, 5.0, 0)
"""


def main() -> int:
    parser = filled.arguments(__doc__, cards=CARDS, logs=REVIEWS_A_CARD, rounds=ROUNDS)
    return 0 if filled.run(_measure, parser.parse_args())["write_by_plain"] <= AIM else 1


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    from django.db import connection, transaction
    from django.utils import timezone

    from flashcards import store
    from flashcards.domain.records import Rating
    from flashcards.review import ratings
    from flashcards.study_settings import settings_for

    user = filled.learner()
    filled.fill(user, filled.studied(user, options.cards, options.logs))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    cards = list(store.cards.for_owner(user)[: 3 * (options.rounds + 20)])
    stamp = settings_for(owner_id=user.pk).stamp
    now = timezone.now()
    plain: list[float] = []
    written: list[float] = []
    rated: list[float] = []

    def update_and_insert(card: Any) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            later = now + timedelta(days=card.id.int % 9)
            cursor.execute(_UPDATE, [5.5, 5.0, later, now, card.id])
            values = [uuid.uuid4(), user.pk, card.id, card.sequence, now]
            cursor.execute(_INSERT, values)

    def write(card: Any, view: Any) -> None:
        log = _log(card, now)
        after = dataclasses.replace(card, sequence=card.sequence + 1, reps=card.reps + 1, due=now)
        if view.write_if_unchanged(store.Change(after, log), stamp) is None:
            raise SystemExit("A review was not written.")

    def rate(card: Any) -> None:
        answer = ratings.Answer(card.id, uuid.uuid4(), card.sequence, Rating.GOOD, 5_000)
        ratings.rate(user.pk, answer, now)

    for number in range(options.rounds + 20):
        first, second, third = cards[3 * number : 3 * number + 3]
        plain.append(filled.milliseconds(lambda card=first: update_and_insert(card)))  # type: ignore[misc]
        view = store.view(user.pk)
        written.append(filled.milliseconds(lambda c=second, v=view: write(c, v)))  # type: ignore[misc]
        rated.append(filled.milliseconds(lambda card=third: rate(card)))  # type: ignore[misc]
    medians = [statistics.median(each[20:]) for each in (plain, written, rated)]
    return {
        "benchmark": "rating_in_rows",
        "cards": options.cards,
        "n": options.rounds,
        "plain_ms": round(medians[0], 3),
        "write_ms": round(medians[1], 3),
        "rating_ms": round(medians[2], 3),
        "write_by_plain": round(medians[1] / medians[0], 2),
        "rating_by_plain": round(medians[2] / medians[0], 2),
        "aim": AIM,
    }


def _log(card: Any, now: Any) -> Any:
    from tests.factories import review_log

    return review_log(card, reviewed_at=now, duration_ms=5_000)


if __name__ == "__main__":
    sys.exit(main())
