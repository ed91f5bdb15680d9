"""Saving the text of answers while they are written, many answers in one statement.

Each generation saves its text now and then. With hundreds of generations, those that save within a
moment of one another are written together, because a statement costs more than a row.
"""

import asyncio
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError, connection
from django.utils import timezone

from chat.models import Message
from memoryloop.server import background

# How long a save waits for others: for each live generation, and at most.
GATHER_SECONDS_PER_ANSWER = 0.001
MAX_GATHER_SECONDS = 0.25

_UPDATE = """
UPDATE chat_message AS message
SET updated_at = %s,
    content = COALESCE(saved.content, message.content),
    provider = COALESCE(saved.provider, message.provider),
    model = COALESCE(saved.model, message.model)
FROM (VALUES {rows}) AS saved (id, attempt, content, provider, model)
WHERE message.id = saved.id AND message.created_at = saved.attempt AND message.status = %s
RETURNING message.id
"""
_ROW = "(%s::uuid, %s::timestamptz, %s::text, %s::text, %s::text)"


@dataclass(frozen=True)
class Progress:
    """What to store of one attempt at an answer. None leaves a field as it is."""

    answer_id: UUID
    attempt: datetime
    content: str | None = None
    provider: str | None = None
    model: str | None = None


_Waiting = list[tuple[Progress, "asyncio.Future[bool]"]]
_gathered: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Waiting]" = (
    weakref.WeakKeyDictionary()
)
# Kept here, because the event loop holds only weak references to tasks.
_writing: set["asyncio.Task[None]"] = set()


async def save(progress: Progress, *, live_count: int) -> bool:
    """Store the progress within a moment. Return whether the answer is still to be written.

    Raises DatabaseError.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[bool] = loop.create_future()
    waiting = _gathered.setdefault(loop, [])
    waiting.append((progress, future))
    if len(waiting) == 1:
        # The first one writes for all that follow within the moment.
        seconds = min(live_count * GATHER_SECONDS_PER_ANSWER, MAX_GATHER_SECONDS)
        writing = loop.create_task(_write_gathered(loop, seconds))
        _writing.add(writing)
        writing.add_done_callback(_writing.discard)
    return await future


async def _write_gathered(loop: asyncio.AbstractEventLoop, wait_seconds: float) -> None:
    await asyncio.sleep(wait_seconds)
    await _write(_gathered.pop(loop, []))


async def _write(gathered: _Waiting) -> None:
    try:
        still_streaming = await background.run_in_database(
            write_rows, [progress for progress, _ in gathered], now=timezone.now()
        )
    except DatabaseError as error:
        for _, future in gathered:
            if not future.done():
                future.set_exception(error)
        return
    for progress, future in gathered:
        if not future.done():
            future.set_result(progress.answer_id in still_streaming)


def write_rows(gathered: Sequence[Progress], *, now: datetime) -> set[UUID]:
    """Store the progress and return the answers that are still to be written. One SQL statement."""
    rows = ", ".join([_ROW] * len(gathered))
    values: list[datetime | UUID | str | None] = [now]
    for each in gathered:
        values += [each.answer_id, each.attempt, each.content, each.provider, each.model]
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE.format(rows=rows), [*values, Message.Status.STREAMING.value])
        return {row[0] for row in cursor.fetchall()}
