"""Measure the statistics of Insight: each chart of a learner with a long log.

    .venv/bin/python -m tests.benchmarks.insight_statistics [--cards 100000] [--reviews 500000]
    BENCH_KEEP=/tmp/bench .venv/bin/python -m tests.benchmarks.insight_statistics    # fills it once

One learner with so many cards in 50 decks, reviewed over three years, an hour or two a day. Prints
one line of JSON, with processor time in milliseconds, each chart as a request makes it: a reading
of its own. Of everything, and of a deck; `first` is a process that has nothing in memory, `warm`
the median of the others. `whole page` is the sum of the charts. As the machine may be busy, each
also as a ratio to sorting half a million numbers in the same run. Megabytes are what the learner's
cards and answers take in this process.
"""

import argparse
import gc
import random
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.benchmarks import filled

CARDS, REVIEWS, ROUNDS = 100_000, 500_000, 5
DAYS = 3 * 365
AIM_MS = 150
BATCH_CARDS = 10_000
CHARTS = (
    *("today", "retention", "reviews", "calendar", "hours", "buttons", "new_cards", "forgetting"),
    *("future_due", "intervals", "stabilities", "difficulties", "retrievabilities"),
    *("known", "card_counts"),
)


def main() -> int:
    options = filled.arguments(__doc__, cards=CARDS, reviews=REVIEWS, rounds=ROUNDS).parse_args()
    result = filled.run(_measure, options)
    return 0 if result["all"]["whole page"]["warm_ms"] <= AIM_MS else 1


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    import numpy as np
    from django.utils import timezone

    from flashcards import store
    from flashcards.insight import statistics as charts
    from flashcards.insight.statistics import Span
    from flashcards.models import Deck
    from flashcards.review import scope as scopes

    user = _learner(options.cards, options.reviews)
    now = timezone.now()
    numbers = np.random.default_rng(1).random(options.reviews)
    unit = min(_spent(lambda: np.sort(numbers)) for _ in range(ROUNDS))
    deck = Deck.objects.filter(owner=user).earliest("name")
    result: dict[str, Any] = {"cards": options.cards, "reviews": options.reviews}
    result["sort_ms"] = round(unit, 1)
    for name, scope in (("all", scopes.EVERYTHING), ("deck", scopes.of_deck(deck))):
        found: dict[str, Any] = {}
        for chart in CHARTS:
            worked_out = getattr(charts, chart)

            def ask(work: Callable[[Any], Any] = worked_out, scope: Any = scope) -> None:
                work(charts.read(user.pk, scope, Span.ALL, now))

            store.clear_cache()
            first = _spent(ask)
            warm = statistics.median(_spent(ask) for _ in range(options.rounds))
            found[chart] = {
                "first_ms": round(first, 1),
                "warm_ms": round(warm, 1),
                "ratio": round(warm / unit, 2),
            }
        total = sum(each["warm_ms"] for each in found.values())
        found["whole page"] = {"warm_ms": round(total, 1), "ratio": round(total / unit, 2)}
        result[name] = found
    result["megabytes"] = _megabytes(user.pk)
    return result


def _spent(operation: Callable[[], object]) -> float:
    """Return the processor time that an operation takes, in milliseconds."""
    begun = time.process_time()
    operation()
    return (time.process_time() - begun) * 1_000


def _megabytes(owner_id: uuid.UUID) -> dict[str, float]:
    """Return what is kept in memory, by what it is."""
    from flashcards import store

    gc.collect()
    answers, columns = store.answers(owner_id), store.columns(owner_id)
    arrays = answers.quarters, answers.codes, answers.durations_ms, answers.cards
    ids = getattr(answers, "card_ids", answers.quarters[:0])
    blocks = getattr(columns, "blocks", ())
    return {
        "answers": round((sum(each.nbytes for each in arrays) + ids.nbytes) / 2**20, 1),
        "cards": round(sum(block.size_bytes for block in blocks) / 2**20, 1),
    }


def _learner(cards: int, reviews: int) -> Any:
    """Return the learner, made now or in an earlier run."""
    from accounts.models import User
    from flashcards.models import Deck
    from flashcards.store.maintenance import optimize

    email = f"insight-{cards}-{reviews}@example.org"
    known = User.objects.filter(email=email).first()
    if known is not None:
        return known
    user = filled.learner(email)
    decks = [Deck.objects.create(owner=user, name=f"Deck {n // 5}::{n}") for n in range(50)]
    _fill(user, decks, cards, reviews / cards)
    optimize.optimize()
    return user


def _fill(user: Any, decks: list[Any], cards: int, reviews: float) -> None:
    """Store cards whose intervals about double from review to review. FSRS is not asked."""
    from django.utils import timezone

    from flashcards.maintenance import bulk_load

    draw, now = random.Random(1), timezone.now()
    for start in range(0, cards, BATCH_CARDS):
        made, logs = [], []
        for _ in range(min(BATCH_CARDS, cards - start)):
            card, history = _studied(user, draw, now, reviews)
            made.append(_in_deck(card, draw.choice(decks).pk))
            logs.extend(history)
        bulk_load.load_cards(owner_id=user.pk, cards=made, logs=logs)


def _in_deck(card: Any, deck_id: uuid.UUID) -> Any:
    from dataclasses import replace

    return replace(card, deck_ids=(deck_id,))


def _studied(user: Any, draw: random.Random, now: Any, reviews: float) -> tuple[Any, list[Any]]:
    """Return a card and its log: about so many reviews, from a day of the last years on."""
    from dataclasses import replace

    from flashcards.domain.records import LogKind, Rating, State
    from tests.factories import flashcard, review_log

    at = (now - timedelta(days=draw.uniform(1, DAYS))).replace(minute=0, second=0)
    card = flashcard(user, created_at=at)
    state, stability, interval, lapses = State.NEW, None, 0.0, 0
    history: list[Any] = []
    for turn in range(draw.randint(round(reviews) - 3, round(reviews) + 3)):
        at += timedelta(days=round(interval), minutes=draw.randint(1, 59), seconds=turn)
        # In the evening, mostly.
        at = at.replace(hour=draw.choice([7, 18, 19, 20]))
        if at > now:
            break
        rating = Rating(draw.choices([1, 2, 3, 4], [10, 5, 75, 10])[0])
        after = State.RELEARNING if state is State.REVIEW and rating == 1 else State.REVIEW
        lapses += after is State.RELEARNING
        grown = 0.4 * interval if rating == 1 else 1.1 + interval * draw.uniform(1.5, 2.8)
        history.append(
            review_log(
                replace(card, sequence=turn),
                kind={0: LogKind.LEARN, 2: LogKind.REVIEW}.get(int(state), LogKind.RELEARN),
                rating=rating,
                reviewed_at=at,
                duration_ms=draw.randint(2_000, 15_000),
                elapsed_days=float(round(interval)) if turn else None,
                scheduled_days=grown,
                state_before=state,
                stability_before=stability,
                state_after=after,
                stability_after=grown,
            )
        )
        state, stability, interval = after, grown, grown
    if not history:
        return card, []
    last = history[-1].reviewed_at
    return replace(
        card,
        state=state,
        stability=max(stability or 0.1, 0.1),
        difficulty=draw.uniform(1, 10),
        due=last + timedelta(days=interval),
        last_review=last,
        reps=len(history),
        lapses=lapses,
        sequence=len(history),
    ), history


if __name__ == "__main__":
    sys.exit(main())
