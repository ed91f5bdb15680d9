"""The stream of an answer: server-sent events for a page that shows it while it is written.

An answer that is generated in this process is read from memory, one of another process from the
message's row. The events are the same:

- `reset`: HTML of the whole text so far. It is the first event of each connection, so that a page
  that connects again need not keep count.
- `append`: HTML of finished blocks. The open block is empty again.
- `tail`: HTML of the open block, in place of the one before.
- `text`: the next words of the open block, unrendered: plain words, and on a busy server any words
  until the next `tail` replaces them.
- `done`: the whole message, complete or stopped.
- `failed`: the whole message, failed or interrupted.
- `gone`: the message was deleted.

The data of each is a JSON object.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Substr
from django.utils import timezone

from chat.answers import generation
from chat.answers.attempt import Generation
from chat.answers.stream_view import Page
from chat.conversations.conversations import HEARTBEAT_TIMEOUT, mark_interrupted
from chat.models import Message
from memoryloop.server.background import run_in_database

# Text that comes faster than this is sent together.
UPDATE_SECONDS = 0.02
POLL_SECONDS = 0.25
KEEP_ALIVE_SECONDS = 15.0

KEEP_ALIVE = ": still here\n\n"
# How long a browser waits before it connects again, in milliseconds.
PREAMBLE = "retry: 1000\n\n"


@dataclass(frozen=True)
class Update:
    """The text since the last update; with `restarted`, all text of the answer."""

    text: str
    restarted: bool = False


async def events(
    answer: Message, final_event: Callable[[UUID], bytes]
) -> AsyncIterator[bytes | str]:
    """Yield the events of one connection. Holds no database connection while it waits.

    `final_event` returns the last event; it is called in a database thread.
    """
    with Page() as page:
        yield PREAMBLE
        shown = False
        async for update in _updates(answer):
            if update is None:
                yield KEEP_ALIVE
                continue
            show = page.add if shown and not update.restarted else page.restart
            shown = True
            # The process's other answers and pages go on while a long block is rendered.
            if page.is_slow(update.text):
                yield await asyncio.to_thread(show, update.text)
            else:
                yield show(update.text)
        yield await run_in_database(final_event, answer.id)


async def _updates(answer: Message) -> AsyncIterator[Update | None]:
    """Yield updates until the answer has ended; None if there was none for a while."""
    live = generation.find(answer.id)
    source = _from_memory(live) if live is not None else _from_row(answer.id)
    async for update in source:
        yield update


async def _from_memory(live: Generation) -> AsyncIterator[Update | None]:
    loop = asyncio.get_running_loop()
    with live.watched() as watcher:
        yield Update(text := live.text, restarted=True)
        shown, updated_at = len(text), loop.time()
        while True:
            finished, text = live.finished, live.text
            if len(text) > shown:
                yield Update(text[shown:])
                shown, updated_at = len(text), loop.time()
            if finished:
                return
            if not await watcher.wait(KEEP_ALIVE_SECONDS):
                yield None
                continue
            # The first words are sent at once, later ones in steps of UPDATE_SECONDS.
            rest = updated_at + UPDATE_SECONDS - loop.time()
            if rest > 0 and shown:
                await asyncio.sleep(rest)


async def _from_row(answer_id: UUID) -> AsyncIterator[Update | None]:
    shown = 0
    attempt: datetime | None = None
    quiet_since = time.monotonic()
    while True:
        row = await run_in_database(_read_row, answer_id, shown)
        if row is None or (row.status != Message.Status.STREAMING and attempt is None):
            return
        if row.attempt != attempt:
            # The first read, or a new attempt at the answer.
            text = row.text if not shown else await run_in_database(_read_text, answer_id)
            yield Update(text, restarted=True)
            attempt, shown, quiet_since = row.attempt, len(text), time.monotonic()
        elif row.text:
            yield Update(row.text)
            shown += len(row.text)
            quiet_since = time.monotonic()
        if row.status != Message.Status.STREAMING:
            return
        if time.monotonic() - quiet_since > KEEP_ALIVE_SECONDS:
            yield None
            quiet_since = time.monotonic()
        await asyncio.sleep(POLL_SECONDS)


@dataclass(frozen=True)
class _Row:
    status: str
    attempt: datetime
    text: str


def _read_row(answer_id: UUID, shown: int) -> _Row | None:
    """Return the state of the row and its text beyond what is shown. One SQL query.

    Marks the answer as interrupted if its generation died (a second query).
    """
    rows = Message.objects.filter(id=answer_id)
    row = (
        rows.annotate(rest=Substr("content", shown + 1), attempt=F("created_at"))
        .values_list("status", "attempt", "rest", "updated_at")
        .first()
    )
    if row is None:
        return None
    status, attempt, rest, beat = row
    if status == Message.Status.STREAMING and beat < timezone.now() - HEARTBEAT_TIMEOUT:
        mark_interrupted(rows)
        status = Message.Status.INTERRUPTED
    return _Row(status, attempt, rest)


def _read_text(answer_id: UUID) -> str:
    content = Message.objects.filter(id=answer_id).values_list("content", flat=True).first()
    return content or ""
