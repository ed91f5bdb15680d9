"""Storing what has come of the answers being written, many of them in one statement.

Each writer flushes its answer now and then. With hundreds of answers under way, those that ask
within a moment of one another are written together: a statement costs more than a row.
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

# How long a flush waits for others, for each answer that is under way; and at most.
GATHER_SECONDS_PER_ANSWER = 0.001
MAX_GATHER_SECONDS = 0.25

_UPDATE = """
UPDATE chat_message AS message
SET updated_at = %s,
    content = COALESCE(came.content, message.content),
    provider = COALESCE(came.provider, message.provider),
    model = COALESCE(came.model, message.model)
FROM (VALUES {rows}) AS came (id, attempt, content, provider, model)
WHERE message.id = came.id AND message.created_at = came.attempt AND message.status = %s
RETURNING message.id
"""
_ROW = "(%s::uuid, %s::timestamptz, %s::text, %s::text, %s::text)"


@dataclass(frozen=True)
class Flush:
    """What is to be stored of one attempt at one answer. None leaves a field as it is."""

    answer_id: UUID
    attempt: datetime
    content: str | None = None
    provider: str | None = None
    model: str | None = None


_Waiting = list[tuple[Flush, "asyncio.Future[bool]"]]
_gathered: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Waiting]" = (
    weakref.WeakKeyDictionary()
)
# The event loop itself holds on to no task.
_writing: set["asyncio.Task[None]"] = set()


async def flush(what: Flush, *, under_way: int) -> bool:
    """Store it, at once or within a moment, and return whether its answer is still to be written.

    Raises DatabaseError.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[bool] = loop.create_future()
    waiting = _gathered.setdefault(loop, [])
    waiting.append((what, future))
    if len(waiting) == 1:
        # The first one begins to write, for all who come within the moment.
        seconds = min(under_way * GATHER_SECONDS_PER_ANSWER, MAX_GATHER_SECONDS)
        writing = loop.create_task(_write_gathered(loop, seconds))
        _writing.add(writing)
        writing.add_done_callback(_writing.discard)
    return await future


async def _write_gathered(loop: asyncio.AbstractEventLoop, wait_seconds: float) -> None:
    await asyncio.sleep(wait_seconds)
    await _write(_gathered.pop(loop, []))


async def _write(together: _Waiting) -> None:
    try:
        going_on = await background.run_in_database(
            write_rows, [what for what, _ in together], now=timezone.now()
        )
    except DatabaseError as error:
        for _, future in together:
            if not future.done():
                future.set_exception(error)
        return
    for what, future in together:
        if not future.done():
            future.set_result(what.answer_id in going_on)


def write_rows(flushes: Sequence[Flush], *, now: datetime) -> set[UUID]:
    """Store them and return the answers that are still to be written. One SQL statement."""
    rows = ", ".join([_ROW] * len(flushes))
    values: list[datetime | UUID | str | None] = [now]
    for each in flushes:
        values += [each.answer_id, each.attempt, each.content, each.provider, each.model]
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE.format(rows=rows), [*values, Message.Status.STREAMING.value])
        return {row[0] for row in cursor.fetchall()}
