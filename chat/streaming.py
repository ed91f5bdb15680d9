"""An answer as server-sent events, for whoever watches it being written.

Written in this process, it is followed in memory; written in another one, on the message's row.
Either way the page gets the same events:

- `reset`: HTML of everything so far. The first event of each connection, so a page that connects
  again is exact without keeping count.
- `append`: HTML of blocks that are finished, to stay; the open block is empty again.
- `tail`: HTML of the open block, in place of what it was.
- `text`: the open block's next words as they came, until HTML takes their place. So words are
  there at once on a busy server too, where rendering has to wait its turn.
- `done`: the whole message, complete or stopped.
- `failed`: the whole message, broken off.

The data of each is a JSON object.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Substr
from django.utils import timezone

from chat import generation
from chat.models import Message
from chat.services import HEARTBEAT_TIMEOUT, mark_interrupted
from memoryloop import markdown
from memoryloop.background import run_in_database

UPDATE_SECONDS = 0.05
# On a busy server words are rendered less often, but they are.
MAX_RENDER_SECONDS = 1.0
POLL_SECONDS = 0.25
KEEP_ALIVE_SECONDS = 15.0
# Rendering for all who watch takes at most this part of the event loop's time.
RENDERING_SHARE = 0.25

KEEP_ALIVE = ": still here\n\n"
# How long a browser waits before it connects again, in milliseconds.
PREAMBLE = "retry: 1000\n\n"

_watching = 0


@dataclass(frozen=True)
class News:
    """What came since the news before; `restarted` when it replaces all that was."""

    text: str
    restarted: bool = False


class Page:
    """What the page of one watcher shows: finished blocks and the open one."""

    def __init__(self) -> None:
        self._open = ""
        self._rests_until = 0.0

    def restart(self, text: str) -> str:
        """Return the event that shows a text from its beginning."""
        self._open = ""
        html, tail = self._take(text)
        return event("reset", html=html, tail=tail)

    def add(self, text: str) -> str:
        """Return the events that show a text's continuation."""
        if time.monotonic() < self._rests_until:
            self._open += text
            return event("text", text=text)
        html, tail = self._take(text)
        events = event("append", html=html) if html else ""
        return events + event("tail", html=tail)

    def _take(self, text: str) -> tuple[str, str]:
        # Of this thread, so that waiting for other threads does not count as rendering.
        started = time.thread_time()
        finished, self._open = markdown.split_blocks(self._open + text)
        html = markdown.render("".join(finished)) if finished else ""
        tail = markdown.render(self._open, unfinished=True) if self._open.strip() else ""
        fair = (time.thread_time() - started) * _watching / RENDERING_SHARE
        if fair > UPDATE_SECONDS:
            self._rests_until = time.monotonic() + min(fair, MAX_RENDER_SECONDS)
        return html, tail


async def events(answer: Message, final_event: Callable[[UUID], str]) -> AsyncIterator[str]:
    """Yield the events of one connection. Holds no database connection while it waits.

    `final_event` returns the last event; it is called in a database thread.
    """
    global _watching
    _watching += 1
    try:
        yield PREAMBLE
        page = Page()
        shown = False
        async for news in _news(answer):
            if news is None:
                yield KEEP_ALIVE
                continue
            yield page.add(news.text) if shown and not news.restarted else page.restart(news.text)
            shown = True
            # The first words are shown as they come; those after them are gathered up.
            if news.text:
                await asyncio.sleep(UPDATE_SECONDS)
        yield await run_in_database(final_event, answer.id)
    finally:
        _watching -= 1


def event(name: str, **data: str) -> str:
    """Return one server-sent event. JSON has no line ends, so the data is one line."""
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


async def _news(answer: Message) -> AsyncIterator[News | None]:
    """Yield what comes until the answer has ended; None when nothing came for a while."""
    live = generation.find(answer.id)
    source = _from_memory(live) if live is not None else _from_row(answer.id)
    async for news in source:
        yield news


async def _from_memory(live: generation.Generation) -> AsyncIterator[News | None]:
    shown = 0
    with live.watched() as watcher:
        # What has come already is news to somebody who connects now.
        yield News(text := live.text, restarted=True)
        shown = len(text)
        while True:
            finished = live.finished
            text = live.text
            if len(text) > shown:
                yield News(text[shown:])
                shown = len(text)
            if finished:
                return
            if not await watcher.wait(KEEP_ALIVE_SECONDS):
                yield None


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
