"""The operations of the comparison, and what answers for one way of storing cards.

Each method of an `Operations` prepares one run of an operation and returns what is timed.
"""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from chat.models import Message
from flashcards import scheduling
from flashcards.domain.records import Flashcard, Rating, ReviewLog
from flashcards.maintenance.benchmark import population
from flashcards.maintenance.benchmark.data import NOW, TOPICS, Data
from flashcards.maintenance.benchmark.timing import Span

Run = Callable[[], object]
NEAREST = 10
# Cards that are made at once from a message.
MADE_AT_ONCE = 20
UPKEEP_WRITES = 1_000
# What PostgreSQL's process has had of the processor, in nanoseconds; Linux tells.
_PROCESSOR = "/proc/{}/schedstat"


class Operations:
    """One way of storing cards: by an engine of the store, or directly in LanceDB."""

    def __init__(self, folder: Path, *, seed: int, imported: int) -> None:
        self.data = Data(seed)
        # Other ids than those of the data.
        self.data.draw.seed(time.time_ns())
        self.learners = population.read(folder)
        self.imported = imported
        self.now = NOW
        self._turn = 0

    def run(self, name: str, times: int) -> list[Span] | None:
        """Time an operation so many times; None for one that there is not."""
        prepare: Callable[[], Run] | None = getattr(self, name, None)
        if prepare is None:
            return None
        connection.ensure_connection()
        server = _server_process()
        spans = []
        for _ in range(times):
            operation = prepare()
            served = _processor_of(server)
            begun = Span.now()
            operation()
            span = Span.now().since(begun)
            spans.append(replace(span, processor=span.processor + _processor_of(server) - served))
        return spans

    def next_learner(self) -> population.Learner:
        """Return the next of the learners, by turns."""
        self._turn += 1
        return self.learners[self._turn % len(self.learners)]

    def new_card(self, owner_id: UUID) -> Flashcard:
        return replace(self.data.card(owner_id, self._turn), embedding_model="")

    def new_vector(self) -> Any:
        (vector,) = self.data.near([self.data.draw.randrange(TOPICS)])
        return vector

    def reviewed(self, card: Flashcard) -> tuple[Flashcard, ReviewLog]:
        """Return a card after one more review, and its row of the log."""
        at = max(self.now, card.due, card.last_review or card.due)
        return scheduling.review(card, Rating.GOOD, at, review_id=self.data.id(), duration_ms=4_000)

    # What all are compared with: plain tables of PostgreSQL, by plain statements.

    def plain_insert(self) -> Run:
        _make_plain_tables()

        def run() -> None:
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO plain_log VALUES (gen_random_uuid(), 1, 3, now())")

        return run

    def plain_review(self) -> Run:
        _make_plain_tables()
        number = self.data.draw.randrange(1_000) + 1

        def run() -> None:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("UPDATE plain_card SET due = now() WHERE id = %s", [number])
                cursor.execute(
                    "INSERT INTO plain_log VALUES (gen_random_uuid(), %s, 3, now())", [number]
                )

        return run


def messages_of(learner: population.Learner) -> list[UUID]:
    """Return the ids of a conversation's messages. One SQL query."""
    of = Message.objects.filter(
        conversation_id=learner.conversation, conversation__owner=learner.id
    )
    return list(of.values_list("pk", flat=True))


def newest_by_card(logs: list[ReviewLog]) -> dict[UUID, ReviewLog]:
    """Return of each card its last review."""
    newest: dict[UUID, ReviewLog] = {}
    for log in logs:
        known = newest.get(log.flashcard_id)
        if known is None or known.reviewed_at < log.reviewed_at:
            newest[log.flashcard_id] = log
    return newest


def _make_plain_tables() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('plain_log')")
        if cursor.fetchone() != (None,):
            return
        cursor.execute("CREATE TABLE plain_card (id int PRIMARY KEY, due timestamptz)")
        cursor.execute(
            "CREATE TABLE plain_log (id uuid PRIMARY KEY, card int, rating int, at timestamptz)"
        )
        cursor.execute("INSERT INTO plain_card SELECT n, now() FROM generate_series(1, 1000) n")


def _server_process() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (number,) = cursor.fetchone()
    return int(number)


def _processor_of(process: int) -> float:
    """Return the processor seconds of a process of this machine; 0 where they are not told."""
    try:
        descriptor = os.open(_PROCESSOR.format(process), os.O_RDONLY)
    except OSError:
        return 0.0
    try:
        return int(os.read(descriptor, 64).split()[0]) / 1e9
    finally:
        os.close(descriptor)
