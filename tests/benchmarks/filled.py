"""Run a benchmark in a database and a data folder of its own, both dropped afterwards.

    run(measure, parser)

Importing this prepares the process (`tests.plugin`), so nothing of Django is imported above. With
BENCH_KEEP=FOLDER in the environment both stand in that folder and are there for the next run, for
what takes long to fill (collection.py).
"""

import argparse
import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

_kept = os.environ.get("BENCH_KEEP")
if _kept:
    from tests.live import environment

    (Path(_kept) / "static").mkdir(parents=True, exist_ok=True)
    _ours = environment(Path(_kept), {"DJANGO_SETTINGS_MODULE": "memoryloop.settings"})
    os.environ.clear()
    os.environ.update(_ours)
else:
    from tests import plugin

    # Importing it has prepared the process: a data folder of its own.
    assert plugin
BATCH_CARDS = 10_000
Measure = Callable[[argparse.Namespace], dict[str, Any]]
# A card with its reviews, in the order they were made.
Studied = tuple[Any, list[Any]]


def arguments(doc: str | None, **numbers: int) -> argparse.ArgumentParser:
    """Return a parser that is described by a module's first line and takes these numbers."""
    parser = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    for name, value in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    return parser


def run(measure: Measure, options: argparse.Namespace) -> dict[str, Any]:
    """Return what `measure` measures in a database of its own, and print it as a line of JSON."""
    import django
    from django.conf import settings

    django.setup()
    server = settings.EMBEDDED_POSTGRES
    with server.running() if server else contextlib.nullcontext():
        result = (_in_kept_database if _kept else _in_own_database)(measure, options)
    sys.stdout.write(json.dumps(result) + "\n")
    return result


def _in_own_database(measure: Measure, options: argparse.Namespace) -> dict[str, Any]:
    from django.test.runner import DiscoverRunner

    runner = DiscoverRunner(verbosity=0, interactive=False)
    runner.setup_test_environment()
    databases = runner.setup_databases()
    try:
        return measure(options)
    finally:
        runner.teardown_databases(databases)
        runner.teardown_test_environment()


def _in_kept_database(measure: Measure, options: argparse.Namespace) -> dict[str, Any]:
    from django.core.management import call_command
    from django.db import connections
    from django.test.utils import setup_test_environment, teardown_test_environment

    setup_test_environment()
    call_command("migrate", verbosity=0)
    try:
        return measure(options)
    finally:
        connections.close_all()
        teardown_test_environment()


def learner(email: str = "bench@example.org") -> Any:
    """Return a new learner whose day has no limits: they would end a measurement."""
    from django.utils import timezone

    from accounts.models import User
    from flashcards import study_settings

    user = User.objects.create_user(email, "x")
    values = {"reviews_per_day": 9_999, "new_per_day": 9_999}
    study_settings.save(owner_id=user.pk, deck=None, values=values, now=timezone.now())
    return user


def fill(user: Any, cards: Iterable[Studied]) -> None:
    """Store cards with their reviews and vectors, in big batches, as a backup or a demo comes in.

    The vectors are drawn: with none a worker would embed all of them while others are measured.
    """
    from dataclasses import replace

    import numpy as np

    from flashcards.maintenance import bulk_load
    from memoryloop.embeddings import get_embedder

    embedder, draw = get_embedder(), np.random.default_rng(1)
    made: list[Any] = []
    logs: list[Any] = []

    def store() -> None:
        vectors = draw.standard_normal((len(made), embedder.dimensions), dtype=np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        bulk_load.load_cards(owner_id=user.pk, cards=made, logs=logs, vectors=list(vectors))
        made.clear()
        logs.clear()

    for card, history in cards:
        made.append(replace(card, embedding_model=embedder.name))
        logs.extend(history)
        if len(made) == BATCH_CARDS:
            store()
    if made:
        store()


def studied(user: Any, count: int, reviews: int, *, due_every: int = 5) -> Iterable[Studied]:
    """Yield cards with so many reviews each, folded by FSRS; one in `due_every` is due now."""
    import uuid
    from dataclasses import replace
    from datetime import timedelta

    from django.utils import timezone

    from flashcards import scheduling
    from flashcards.domain.records import Rating
    from flashcards.scheduling import ScheduleSettings
    from tests import factories

    now = timezone.now()
    settings = ScheduleSettings(fuzz=False)
    for number in range(count):
        is_due = number % due_every == 0
        at = now - timedelta(days=60, microseconds=-number)
        card = factories.flashcard(user, created_at=at)
        history: list[Any] = []
        for turn in range(reviews):
            # The others fall due only in months.
            rating = Rating.GOOD if is_due else Rating.EASY
            card, log = scheduling.review(
                card, rating, at, review_id=uuid.uuid4(), settings=settings
            )
            history.append(log)
            at = min(card.due, now - timedelta(days=55 - 5 * turn, minutes=number % 50))
        if history and is_due and card.due > now:
            # Due a few minutes ago by the last row of its log.
            due = now - timedelta(minutes=card.id.int % 600 + 1)
            days = (due - history[-1].reviewed_at) / timedelta(days=1)
            history[-1] = replace(history[-1], scheduled_days=days)
            card = replace(card, due=history[-1].reviewed_at + timedelta(days=days))
        yield card, history


def milliseconds(operation: Callable[[], object]) -> float:
    """Return how long an operation takes."""
    begun = time.perf_counter()
    operation()
    return (time.perf_counter() - begun) * 1_000
