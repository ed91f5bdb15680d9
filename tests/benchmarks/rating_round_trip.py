"""Measure the server time of one rating: POST rate, the next card rendered.

    .venv/bin/python -m tests.benchmarks.rating_round_trip [--cards 10000] [--rounds 300]

One learner with so many cards, a fifth of them due, in LanceDB; a database of its own that is
dropped afterwards, with real commits. Prints one line of JSON, times in milliseconds.
"""

import argparse
import json
import random
import statistics
import sys
import time
import uuid
from datetime import timedelta
from typing import Any

from tests import plugin

CARDS = 10_000
ROUNDS = 300
AIM_MS = 25


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--cards", type=int, default=CARDS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--logs", type=int, default=3, help="Past reviews of each card due.")
    options = parser.parse_args()

    import django
    from django.conf import settings

    django.setup()
    if settings.EMBEDDED_POSTGRES is None:
        result = _in_own_database(options)
    else:
        with settings.EMBEDDED_POSTGRES.running():
            result = _in_own_database(options)
    sys.stdout.write(json.dumps(result) + "\n")
    return 0 if result["median_ms"] <= AIM_MS else 1


def _in_own_database(options: argparse.Namespace) -> dict[str, Any]:
    from django.test.runner import DiscoverRunner

    runner = DiscoverRunner(verbosity=0, interactive=False)
    runner.setup_test_environment()
    databases = runner.setup_databases()
    try:
        return _measure(options)
    finally:
        runner.teardown_databases(databases)
        runner.teardown_test_environment()


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    from django.test import Client

    from accounts.models import User

    user = User.objects.create_user("bench@example.org", "x")
    _fill(user, options.cards, options.logs)
    client = Client(headers={"HX-Request": "true"})
    client.force_login(user)
    stage = client.get("/review/").context["stage"]
    times, processor = [], []
    for round_number in range(options.rounds + 10):
        body = {
            "review_id": uuid.uuid4(),
            "sequence": stage.card.sequence,
            "rating": random.choices((1, 2, 3, 4), (10, 10, 70, 10))[0],
            "duration_ms": 5_000,
            "done": round_number,
        }
        begun, busy = time.perf_counter(), time.process_time()
        response = client.post(f"/review/{stage.card.id}/rate/", body)
        times.append((time.perf_counter() - begun) * 1_000)
        processor.append((time.process_time() - busy) * 1_000)
        if response.status_code != 200:
            raise SystemExit(f"A rating was answered with {response.status_code}.")
        stage = response.context["stage"]
    times = sorted(times[10:])
    return {
        "benchmark": "rating_round_trip",
        "cards": options.cards,
        "n": len(times),
        "median_ms": round(statistics.median(times), 2),
        "p99_ms": round(times[int(len(times) * 0.99)], 2),
        "max_ms": round(times[-1], 2),
        # What it costs without waiting for a busy machine or for PostgreSQL.
        "processor_median_ms": round(statistics.median(processor[10:]), 2),
        "aim_median_ms": AIM_MS,
    }


def _fill(user: Any, cards: int, logs: int) -> None:
    """Give the learner cards in LanceDB, a fifth of them due and reviewed before."""
    from django.db import transaction
    from django.utils import timezone

    from flashcards import scheduling
    from flashcards.records import Rating
    from flashcards.store import checkpoint, journal
    from flashcards.store.journal import Change
    from tests import factories

    now = timezone.now()
    with transaction.atomic():
        journal.lock_owner(user.pk)
        for number in range(cards):
            made_at = now - timedelta(days=60, microseconds=-number)
            card = factories.flashcard(user, created_at=made_at)
            changes = [Change(card)]
            # One in five falls due before now, the others only in months.
            rating = Rating.GOOD if number % 5 == 0 else Rating.EASY
            at = made_at
            for _ in range(logs):
                card, log = scheduling.review(card, rating, at, review_id=uuid.uuid4())
                changes.append(Change(card, log))
                at = min(card.due, now - timedelta(minutes=number % 50 + 1))
            journal.append(changes)
    checkpoint.run_until_empty()


if __name__ == "__main__":
    # Importing it has prepared the process: a data folder of its own.
    assert plugin
    sys.exit(main())
