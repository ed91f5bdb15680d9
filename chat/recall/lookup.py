"""A lookup: what a learner has that bears on a text of theirs, searched for in the background.

It covers earlier messages and whatever other apps contribute. A lookup is started as soon as the
text is known, while the text is being stored or even typed; `results` collects what was found.
"""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from chat.recall import related_messages
from chat.recall.embedding import EMBEDDED_CHARACTERS
from memoryloop.llm.base import Found
from memoryloop.server import background

logger = logging.getLogger(__name__)

RESULTS_OF_EACH = 5
# What is not found by then is left out: the learner is waiting for the first words.
MAX_WAIT_SECONDS = 0.15


class Contributor(Protocol):
    """Finds what another app knows about the learner that bears on a text."""

    def __call__(self, *, owner_id: UUID, text: str, now: datetime, limit: int) -> list[Found]: ...


_contributors: list[Contributor] = []


def register_contributor(contributor: Contributor) -> None:
    """Have a contributor asked in each lookup. Called from an AppConfig's `ready`."""
    if contributor not in _contributors:
        _contributors.append(contributor)


@dataclass(frozen=True)
class Lookup:
    """The parts of a lookup, each a future of what it finds."""

    text: str
    contributions: "tuple[Future[list[Found]], ...]"
    messages: "Future[list[related_messages.Candidate]]"

    @property
    def parts(self) -> "tuple[Future[Any], ...]":
        return (self.messages, *self.contributions)

    @property
    def is_done(self) -> bool:
        return all(part.done() for part in self.parts)

    @property
    def has_failed(self) -> bool:
        """Tell whether a part that is done raised an error or was cancelled."""
        return any(
            part.done() and (part.cancelled() or part.exception() is not None)
            for part in self.parts
        )


def start(
    *, owner_id: UUID, text: str, now: datetime, conversation_id: UUID | None = None
) -> Lookup | None:
    """Start a lookup in background threads; None for a text without words."""
    # Cut here, so that all parts embed the same text: the embedder remembers its last ones.
    text = text[:EMBEDDED_CHARACTERS]
    if not text.strip():
        return None
    return Lookup(
        text=text,
        # First, because it begins by embedding the text; contributors read something else first.
        messages=background.run_aside(
            related_messages.candidates,
            owner_id=owner_id,
            text=text,
            conversation_id=conversation_id,
        ),
        contributions=tuple(
            background.run_aside(
                contributor, owner_id=owner_id, text=text, now=now, limit=RESULTS_OF_EACH
            )
            for contributor in _contributors
        ),
    )


async def results(
    lookup: Lookup | None, *, owner_id: UUID, leave_out: Sequence[UUID]
) -> list[Found]:
    """Return what was found, without the messages in `leave_out`.

    Waits MAX_WAIT_SECONDS at most. A part that failed or is late is left out.
    """
    if lookup is None:
        return []
    parts: list[asyncio.Future[list[Found]]] = [
        *(asyncio.wrap_future(part) for part in lookup.contributions),
        asyncio.ensure_future(_messages(lookup, owner_id, leave_out)),
    ]
    _, late = await asyncio.wait(parts, timeout=MAX_WAIT_SECONDS)
    for part in late:
        # Stops a part that has not begun. One that is running runs on, and its result is dropped.
        part.cancel()
    return [item for part in parts if part not in late for item in _found_by(part)]


async def _messages(lookup: Lookup, owner_id: UUID, leave_out: Sequence[UUID]) -> list[Found]:
    candidates = await asyncio.wrap_future(lookup.messages)
    selecting = background.run_aside(
        related_messages.select,
        candidates,
        owner_id=owner_id,
        text=lookup.text,
        leave_out=leave_out,
        limit=RESULTS_OF_EACH,
    )
    return await asyncio.wrap_future(selecting)


def _found_by(part: "asyncio.Future[list[Found]]") -> list[Found]:
    error = part.exception()
    if error is None:
        return part.result()
    logger.error("A part of a lookup failed.", exc_info=error)
    return []
