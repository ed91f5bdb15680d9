"""Measure the archive of everything: how long it takes, how much memory, and who waits for it.

    .venv/bin/python -m tests.benchmarks.export_everything [--cards 100000] [--talks 200]

One learner with so many cards of three reviews each in LanceDB and so many conversations of ten
messages; a database of its own that is dropped afterwards. Prints one line of JSON: seconds and
bytes of the archive, how much the process grew by, and how late a thread that wakes every 5 ms was
meanwhile, which is what a request beside it would feel.
"""

import argparse
import asyncio
import resource
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.benchmarks import filled

REVIEWS_A_CARD = 3
TICK_SECONDS = 0.005


def main() -> int:
    filled.run(_measure, filled.arguments(__doc__, cards=100_000, talks=200).parse_args())
    return 0


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    from django.utils import timezone

    from accounts import account_export
    from accounts.web.views import export

    user = filled.learner()
    filled.fill(user, _cards(user, options.cards))
    _talk(user, options.talks)
    before = _megabytes()
    late: list[float] = []
    sizes: list[float] = []
    stop = threading.Event()
    thread = threading.Thread(target=_tick, args=(late, sizes, stop))
    thread.start()

    async def read() -> int:
        size = 0
        async for part in export.in_a_thread(account_export.archive(user.pk, now=timezone.now())):
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


def _cards(user: Any, number: int) -> Iterator[filled.Studied]:
    from tests.factories import NOW, flashcard, review_log

    for _ in range(number):
        card = flashcard(user, answer="An answer of a sentence or two, as people write them. " * 3)
        yield (
            card,
            [
                review_log(card, sequence=n, reviewed_at=NOW + timedelta(days=n))
                for n in range(REVIEWS_A_CARD)
            ],
        )


def _talk(user: Any, talks: int) -> None:
    from chat.conversations.conversations import append_message, start_conversation
    from tests.factories import NOW

    for number in range(talks):
        talk = start_conversation(user, f"Question {number}: what is it?", now=NOW).conversation
        for _ in range(9):
            append_message(talk, "An answer. " * 50, role="assistant", now=NOW)


if __name__ == "__main__":
    sys.exit(main())
