"""Measure the archive of everything: how long it takes, how much memory, and who waits for it.

    .venv/bin/python -m tests.benchmarks.export_everything [--cards 100000] [--talks 200]

One learner with so many cards of three reviews each in LanceDB and so many conversations of ten
messages; a database of its own that is dropped afterwards. Prints one line of JSON: seconds and
bytes of the archive, how much the process grew by, and how late a thread that wakes every 5 ms was
meanwhile, which is what a request beside it would feel.
"""

import argparse
import asyncio
import json
import resource
import statistics
import sys
import threading
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests import plugin

BATCH_CARDS = 5_000
REVIEWS_A_CARD = 3
TICK_SECONDS = 0.005


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--cards", type=int, default=100_000)
    parser.add_argument("--talks", type=int, default=200)
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
    return 0


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
    from django.utils import timezone

    from accounts import export_views, exports
    from accounts.models import User

    user = User.objects.create_user("bench@example.org", "x")
    _fill(user, options.cards, options.talks)
    before = _megabytes()
    late: list[float] = []
    sizes: list[float] = []
    stop = threading.Event()
    thread = threading.Thread(target=_tick, args=(late, sizes, stop))
    thread.start()

    async def read() -> int:
        size = 0
        async for part in export_views.in_a_thread(exports.archive(user.pk, now=timezone.now())):
            size += len(part)
        return size

    began = time.perf_counter()
    size = asyncio.run(read())
    seconds = time.perf_counter() - began
    stop.set()
    thread.join()
    return {
        "cards": options.cards,
        "seconds": round(seconds, 2),
        "megabytes": round(size / 1e6, 1),
        "grew_by_megabytes": round(max(sizes) - before, 1),
        "late_ms": {
            "median": round(statistics.median(late) * 1000, 2),
            "p99": round(statistics.quantiles(late, n=100)[98] * 1000, 2),
            "max": round(max(late) * 1000, 2),
        },
    }


def _tick(late: list[float], sizes: list[float], stop: threading.Event) -> None:
    while not stop.is_set():
        sizes.append(_megabytes())
        began = time.perf_counter()
        time.sleep(TICK_SECONDS)
        late.append(time.perf_counter() - began - TICK_SECONDS)


def _megabytes() -> float:
    """Return the memory that this process has just now (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def _fill(user: Any, cards: int, talks: int) -> None:
    from django.db import transaction

    from chat.services import append_message, start_conversation
    from flashcards.store import checkpoint, journal
    from tests.factories import NOW, flashcard, review_log

    for start in range(0, cards, BATCH_CARDS):
        batch = [
            flashcard(user, answer="An answer of a sentence or two, as people write them. " * 3)
            for _ in range(min(BATCH_CARDS, cards - start))
        ]
        logs = [
            review_log(card, id=uuid.uuid4(), sequence=n, reviewed_at=NOW + timedelta(days=n))
            for card in batch
            for n in range(REVIEWS_A_CARD)
        ]
        with transaction.atomic():
            journal.lock_owner(user.pk)
            journal.append_batch(user.pk, batch, logs)
        checkpoint.run_until_empty()
    for number in range(talks):
        talk = start_conversation(user, f"Question {number}: what is it?", now=NOW).conversation
        for _ in range(9):
            append_message(talk, "An answer. " * 50, role="assistant", now=NOW)


if __name__ == "__main__":
    # Importing tests.plugin prepared the environment and a data folder of its own.
    assert plugin
    sys.exit(main())
