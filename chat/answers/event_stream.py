"""An answer as server-sent events, for whoever watches it being written.

Written in this process, it is followed in memory; written in another one, on the message's row.
Either way the page gets the same events:

- `reset`: HTML of everything so far. The first event of each connection, so a page that connects
  again is exact without keeping count.
- `append`: HTML of blocks that are finished, to stay; the open block is empty again.
- `tail`: HTML of the open block, in place of what it was.
- `text`: the open block's next words as they came: those that are no more than words, and on a
  busy server, where rendering has to wait its turn, all words until HTML takes their place.
- `done`: the whole message, complete or stopped.
- `failed`: the whole message, broken off.

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
from chat.answers.stream_view import Page
from chat.conversations.conversations import HEARTBEAT_TIMEOUT, mark_interrupted
from chat.models import Message
from memoryloop.server.background import run_in_database

# Words that come faster than this are gathered up.
UPDATE_SECONDS = 0.02
POLL_SECONDS = 0.25
KEEP_ALIVE_SECONDS = 15.0

KEEP_ALIVE = ": still here\n\n"
# How long a browser waits before it connects again, in milliseconds.
PREAMBLE = "retry: 1000\n\n"


@dataclass(frozen=True)
class News:
    """What came since the news before; `restarted` when it replaces all that was."""

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
        async for news in _news(answer):
            if news is None:
                yield KEEP_ALIVE
                continue
            yield page.add(news.text) if shown and not news.restarted else page.restart(news.text)
            shown = True
        yield await run_in_database(final_event, answer.id)


async def _news(answer: Message) -> AsyncIterator[News | None]:
    """Yield what comes until the answer has ended; None when nothing came for a while."""
    live = generation.find(answer.id)
    source = _from_memory(live) if live is not None else _from_row(answer.id)
    async for news in source:
        yield news


async def _from_memory(live: generation.Generation) -> AsyncIterator[News | None]:
    loop = asyncio.get_running_loop()
    with live.watched() as watcher:
        # What has come already is news to somebody who connects now.
        yield News(text := live.text, restarted=True)
        shown, told_at = len(text), loop.time()
        while True:
            finished, text = live.finished, live.text
            if len(text) > shown:
                yield News(text[shown:])
                shown, told_at = len(text), loop.time()
            if finished:
                return
            if not await watcher.wait(KEEP_ALIVE_SECONDS):
                yield None
                continue
            # The first words are shown as they come; those right after them are gathered up.
            rest = told_at + UPDATE_SECONDS - loop.time()
            if rest > 0 and shown:
                await asyncio.sleep(rest)


async def _from_row(answer_id: UUID) -> AsyncIterator[News | None]:
    shown = 0
    attempt: datetime | None = None
    quiet_since = time.monotonic()
    while True:
        row = await run_in_database(_read_row, answer_id, shown)
        if row is None or (row.status != Message.Status.STREAMING and attempt is None):
            return
        if row.attempt != attempt:
            # The first look, or the answer is being written again from its beginning.
            text = row.text if not shown else await run_in_database(_read_text, answer_id)
            yield News(text, restarted=True)
            attempt, shown, quiet_since = row.attempt, len(text), time.monotonic()
        elif row.text:
            yield News(row.text)
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
    """Return the state of the row and what is on it beyond what is shown. One SQL query.

    The reader who finds that the writer died says so on the row (a second query).
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
