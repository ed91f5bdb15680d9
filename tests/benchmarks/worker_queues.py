"""Measure whom long jobs of the worker keep waiting: imports, mail, checkpoints and ratings.

    .venv/bin/python -m tests.benchmarks.worker_queues [--cards 34000] [--seconds 60]

`manage.py serve` on a data folder of its own. Three learners have so many cards each without a
vector, which the worker embeds. Meanwhile one learner rates a card a second over HTTP, another
imports 214 notes, somebody asks for a new password, and a checkpoint is asked for each five
seconds. `--cards 0` measures the same without the embedding. Prints one line of JSON: milliseconds
of a rating; seconds until the import had begun and was done, until the mail was sent, and until
the slowest checkpoint had ended; cards embedded a second.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async

from tests.benchmarks import filled
from tests.benchmarks.deployment import (
    Browser,
    Reviewer,
    installation,
    serving,
    session_of,
    usage,
    worker_of,
)

EMBEDDED_LEARNERS = 3
NOTES = 214
# Importing, mailing and checkpoints begin once the worker has got going.
WARM_UP_SECONDS = 15
AIM_P95_MS, AIM_IMPORT_SECONDS = 100, 5


def main() -> int:
    options = filled.arguments(__doc__, cards=34_000, seconds=60).parse_args()
    with installation() as data:
        for number in range(EMBEDDED_LEARNERS if options.cards else 0):
            _fill_unembedded(filled.learner(f"embedded{number}@example.org"), options.cards)
        reviewer = filled.learner("reviewer@example.org")
        filled.fill(reviewer, filled.studied(reviewer, 2_000, 3, due_every=1))
        importer = filled.learner("importer@example.org")
        with serving(data) as live:
            result = asyncio.run(_measure(live, session_of(reviewer), importer, options))
    sys.stdout.write(json.dumps(result) + "\n")
    good = result["p95_ms"] <= AIM_P95_MS and result["import_began_s"] <= AIM_IMPORT_SECONDS
    return 0 if good else 1


def _fill_unembedded(user: Any, count: int) -> None:
    from dataclasses import replace

    from flashcards.maintenance import bulk_load

    cards = [
        replace(
            card,
            question=f"What does the term number {number} of the chapter on cells stand for?",
            answer=f"It stands for the part of a cell that does the task number {number}.",
        )
        for number, (card, _) in enumerate(filled.studied(user, count, 0))
    ]
    bulk_load.load_cards(owner_id=user.pk, cards=cards, logs=[])


async def _measure(
    live: Any, session: str, importer: Any, options: argparse.Namespace
) -> dict[str, Any]:
    worker = worker_of(live.process.pid)
    times: list[float] = []
    ends = time.perf_counter() + WARM_UP_SECONDS + options.seconds

    async def rate() -> None:
        reviewer = Reviewer(Browser(live.port, session))
        await reviewer.begin()
        while time.perf_counter() < ends:
            asked = time.perf_counter()
            await reviewer.rate(3)
            times.append((time.perf_counter() - asked) * 1_000)
            await asyncio.sleep(1)
        reviewer.browser.close()

    async def wait() -> dict[str, float]:
        await asyncio.sleep(WARM_UP_SECONDS)
        return await sync_to_async(_others, thread_sensitive=False)(importer, ends)

    before = usage(worker)
    embedded = await sync_to_async(_count_embedded)()
    _, waits = await asyncio.gather(rate(), wait())
    spent = usage(worker).seconds - before.seconds
    done = await sync_to_async(_count_embedded)() - embedded
    return {
        "benchmark": "worker_queues",
        "cards": options.cards * EMBEDDED_LEARNERS,
        "ratings": len(times),
        "median_ms": round(statistics.median(times), 1),
        "p95_ms": round(statistics.quantiles(times, n=20)[18], 1),
        "max_ms": round(max(times), 1),
        **{name: round(value, 1) for name, value in waits.items()},
        "embedded_per_second": round(done / (WARM_UP_SECONDS + options.seconds), 1),
        "worker_processor_s": round(spent, 1),
        "worker_rss_mb": round(usage(worker).rss_mb),
    }


def _others(importer: Any, ends: float) -> dict[str, float]:
    """Ask for an import, a mail and checkpoints, and return how long each took, in seconds."""
    from procrastinate.contrib.django.models import ProcrastinateJob

    from accounts import services
    from flashcards.cards import jobs
    from flashcards.models import CardImport

    row = _started_import(importer)
    asked = time.perf_counter()
    services.request_password_reset(email=importer.email, base_url="http://here")
    waiting = ProcrastinateJob.objects.exclude(status="failed")
    imports = waiting.filter(task_name=jobs.IMPORT)
    result = {
        "import_began_s": _until(lambda: not imports.filter(status="todo").exists(), asked),
        "mail_s": _until(lambda: not waiting.filter(queue_name="mail").exists(), asked),
        "import_done_s": _until(
            lambda: CardImport.objects.filter(id=row.id, status="done").exists(), asked
        ),
        "checkpoint_s": 0.0,
    }
    while time.perf_counter() < ends:
        asked = time.perf_counter()
        jobs.request_checkpoint()
        checkpoints = waiting.filter(task_name=jobs.CHECKPOINT)
        took = _until(lambda: not checkpoints.exists(), asked)  # noqa: B023 - called at once
        result["checkpoint_s"] = max(result["checkpoint_s"], took)
        time.sleep(max(0, 5 - took))
    return result


def _until(is_so: Callable[[], bool], asked: float) -> float:
    while not is_so():
        time.sleep(0.02)
    return time.perf_counter() - asked


def _started_import(user: Any) -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.utils import timezone

    from flashcards.exchange import import_job, uploads
    from flashcards.exchange.import_choice import Choice
    from tests.flashcards.exchange.anki_packages import CREATED, Package

    package = Package()
    for number in range(NOTES):
        card = package.basic(f"question <b>{number}</b>", "answer", type=2, queue=2)
        package.studied(card, CREATED + timedelta(days=10, milliseconds=number))
    with tempfile.TemporaryDirectory() as folder:
        content = package.write(Path(folder) / "deck.apkg").read_bytes()
    upload = SimpleUploadedFile("deck.apkg", content)
    row = uploads.receive(owner_id=user.pk, upload=upload, now=timezone.now())
    import_job.start(owner_id=user.pk, import_id=row.id, choice=Choice(), now=timezone.now())
    return row


def _count_embedded() -> int:
    from flashcards.store import cards

    return cards.all_owners().exclude(embedding_model="").count()


if __name__ == "__main__":
    sys.exit(main())
