"""Measure the end of a session, the plan to catch up and the preview of rescheduling.

    .venv/bin/python -m tests.benchmarks.day_pages [--cards 100000] [--logs 5]

One learner with so many cards of five reviews each, a fifth of them due, in LanceDB, and sixty
cards answered today; a database of its own that is dropped afterwards. Prints one line of JSON,
milliseconds of server time; `busy` is the processor's share of it, which other programs on the
machine do not lengthen.
"""

import argparse
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from typing import Any

from tests.benchmarks import filled

CARDS = 100_000
REVIEWS_A_CARD = 5
ROUNDS = 15
AIM_MS = 60
PLAN_AIM_MS = 1_000


def main() -> int:
    """Return 0 if the end of a session and one simulation are within what is aimed at."""
    parser = filled.arguments(__doc__, cards=CARDS, logs=REVIEWS_A_CARD)
    found = filled.run(_measure, parser.parse_args())
    met = found["ending_busy_ms"] <= AIM_MS and found["simulation_busy_ms"] <= PLAN_AIM_MS
    return 0 if met else 1


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    from django.utils import timezone

    from flashcards import study_settings
    from flashcards.domain.records import Rating
    from flashcards.review import backlog, rescheduling, summary
    from flashcards.review.backlog import Choice
    from flashcards.review.due import due_queue
    from flashcards.review.learner import Learner
    from flashcards.review.ratings import review_card
    from flashcards.web.pages import backlog as backlog_page

    user = filled.learner()
    filled.fill(user, filled.studied(user, options.cards, options.logs))
    now = timezone.now()
    for card in due_queue(owner_id=user.pk, now=now, limit=60).cards:
        review_card(
            owner_id=user.pk,
            card_id=card.id,
            review_id=uuid.uuid4(),
            sequence=card.sequence,
            rating=Rating(1 + card.id.int % 4),
            now=now,
            duration_ms=7_000,
        )
    settings = study_settings.settings_for(owner_id=user.pk)
    pile = backlog.read_backlog(owner_id=user.pk, settings=settings, now=now, plan=None)
    choice = Choice(60)
    wanted = {"desired_retention": 0.95}
    study_settings.save(owner_id=user.pk, deck=None, values=wanted, now=now)
    changed = study_settings.settings_for(owner_id=user.pk)
    return {
        "benchmark": "day_pages",
        "cards": options.cards,
        "reviews": options.cards * options.logs,
        "due": pile.due,
        **_timed("ending", lambda: summary.summary(Learner.read(user.pk), now)),
        **_timed(
            "pile",
            lambda: backlog.read_backlog(owner_id=user.pk, settings=settings, now=now, plan=None),
            rounds=3,
        ),
        **_timed("simulation", lambda: backlog.course_of(pile, choice, settings), rounds=3),
        **_timed("plan", lambda: backlog_page.shown(pile, choice, settings, now), rounds=3),
        **_timed(
            "reschedule_preview",
            lambda: rescheduling.effect_of(owner_id=user.pk, settings=changed, now=now),
            rounds=3,
        ),
    }


def _timed(name: str, operation: Callable[[], object], *, rounds: int = ROUNDS) -> dict[str, float]:
    """Return the median of an operation that has run once already, in milliseconds."""
    operation()
    times, busy = [], []
    for _ in range(rounds):
        begun, worked = time.perf_counter(), time.process_time()
        operation()
        times.append((time.perf_counter() - begun) * 1_000)
        busy.append((time.process_time() - worked) * 1_000)
    return {
        f"{name}_ms": round(statistics.median(times), 1),
        f"{name}_busy_ms": round(statistics.median(busy), 1),
    }


if __name__ == "__main__":
    sys.exit(main())
