"""A lookup: what a learner has that bears on a text of theirs, searched for in the background.

It covers earlier messages and whatever other apps contribute. A lookup is started as soon as the
text is known, while the text is being stored or even typed; `results` collects what was found. What
comes too late for an answer is for the next one (`Late`).
"""

import asyncio
import dataclasses
import logging
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol
from uuid import UUID

from chat.recall import related_messages
from chat.recall.embedding import EMBEDDED_CHARACTERS
from memoryloop.llm.base import Found
from memoryloop.server import background

logger = logging.getLogger(__name__)

RESULTS_OF_EACH = 5
# Contributors are asked for so many more, in the place of those that were told of lately.
SPARE_RESULTS = 5
# What is not found by then is left out: the learner is waiting for the first words.
MAX_WAIT_SECONDS = 0.15
# How long what came too late for an answer is waited for, for the next one; and how many parts a
# process waits for. On a machine that is too busy they would pile up.
LATE_SECONDS = 20.0
LATE_MOST = 16
# What was found too late is told of in the next answer, so many of each kind.
LATE_RESULTS = 3
TOLD_BEFORE = "told before in this conversation, and asked for now"


class Contributor(Protocol):
    """Finds what another app knows about the learner that bears on a text, the best first."""

    def __call__(self, *, owner_id: UUID, text: str, now: datetime, limit: int) -> list[Found]: ...


class Reader(Protocol):
    """Reads things of one kind that were found before, by their ids, as they are now."""

    def __call__(self, *, owner_id: UUID, ids: Sequence[str], now: datetime) -> list[Found]: ...


_contributors: list[Contributor] = []
# By kind.
_readers: dict[str, Reader] = {"message": related_messages.read}


def register_contributor(contributor: Contributor, **readers: Reader) -> None:
    """Have a contributor asked in each lookup, and its kinds read again by these readers.

    Called from an AppConfig's `ready`.
    """
    if contributor not in _contributors:
        _contributors.append(contributor)
    _readers.update(readers)


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


def start(*, owner_id: UUID, text: str, now: datetime) -> Lookup | None:
    """Start a lookup in background threads; None for a text without words."""
    # Cut here, so that all parts embed the same text: the embedder remembers its last ones.
    text = text[:EMBEDDED_CHARACTERS]
    if not text.strip():
        return None
    return Lookup(
        text=text,
        # First, because it begins by embedding the text; contributors read something else first.
        messages=background.run_aside(related_messages.candidates, owner_id=owner_id, text=text),
        contributions=tuple(
            background.run_aside(
                contributor,
                owner_id=owner_id,
                text=text,
                now=now,
                limit=RESULTS_OF_EACH + SPARE_RESULTS,
            )
            for contributor in _contributors
        ),
    )


class Late:
    """The parts of a lookup that came too late for an answer."""

    _waiting: "ClassVar[set[asyncio.Future[list[Found]]]]" = set()

    def __init__(self, parts: "Collection[asyncio.Future[list[Found]]]") -> None:
        self._parts = list(parts)
        for part in self._parts:
            if len(self._waiting) < LATE_MOST:
                self._waiting.add(part)
                part.add_done_callback(self._waiting.discard)
            else:
                # Stops a part that has not begun; of one that has, the result is dropped.
                part.cancel()

    async def found(self) -> list[Found]:
        """Return what they found in the end. Waits LATE_SECONDS at most."""
        try:
            await asyncio.wait(self._parts, timeout=LATE_SECONDS)
            return [
                item
                for part in self._parts
                if part.done() and not part.cancelled()
                for item in _found_by(part)[:LATE_RESULTS]
            ]
        finally:
            self.drop()

    def drop(self) -> None:
        """Stop waiting."""
        for part in self._parts:
            part.cancel()


@dataclass(frozen=True)
class Recalled:
    """What was found in time, and what will be found too late."""

    found: list[Found]
    late: Late | None = None


async def results(
    lookup: Lookup | None,
    *,
    owner_id: UUID,
    now: datetime,
    leave_out: Sequence[UUID] = (),
    told: Collection[str] = (),
    again: Sequence[Mapping[str, Any]] = (),
    conversation_id: UUID | None = None,
) -> Recalled:
    """Return what was found, without the messages in `leave_out`.

    Of what the last answers were `told`, only what is plainly asked for is told again. `again` is
    what came too late for the answer before: its kinds and ids.

    Waits MAX_WAIT_SECONDS at most. A part that failed is left out.
    """
    parts: list[asyncio.Future[list[Found]]] = []
    if lookup is not None:
        parts += [
            *(asyncio.wrap_future(part) for part in lookup.contributions),
            asyncio.ensure_future(_messages(lookup, owner_id, leave_out, conversation_id)),
        ]
    reading = [asyncio.wrap_future(part) for part in _read_again(again, owner_id, now)]
    if not parts and not reading:
        return Recalled([])
    _, late = await asyncio.wait([*parts, *reading], timeout=MAX_WAIT_SECONDS)
    known: dict[tuple[str, str], Found] = {}
    left_out = {str(message_id) for message_id in leave_out}
    for part in [*parts, *reading]:
        if part in late:
            continue
        news = [item for item in _found_by(part) if item.id not in left_out]
        for item in without_told(news, told)[:RESULTS_OF_EACH]:
            known.setdefault((item.kind, item.id or item.url), item)
    for part in reading:
        part.cancel()
    too_late = [part for part in parts if part in late]
    return Recalled(list(known.values()), Late(too_late) if too_late else None)


def without_told(found: Sequence[Found], told: Collection[str]) -> list[Found]:
    """Return what is found without the cards that were told of lately, unless they are asked for.

    Those are not offered for practice again. Earlier messages may be told of any time.
    """
    kept = []
    for item in found:
        if item.kind == "message" or item.id not in told:
            kept.append(item)
        elif item.is_asked:
            kept.append(dataclasses.replace(item, why=TOLD_BEFORE))
    return kept


def _read_again(
    again: Sequence[Mapping[str, Any]], owner_id: UUID, now: datetime
) -> "list[Future[list[Found]]]":
    """Read what came too late for the answer before, as it is now: it may be changed or deleted."""
    return [
        background.run_aside(
            _readers[kind],
            owner_id=owner_id,
            ids=[item["id"] for item in again if item["kind"] == kind],
            now=now,
        )
        for kind in dict.fromkeys(item["kind"] for item in again)
        if kind in _readers
    ]


async def _messages(
    lookup: Lookup, owner_id: UUID, leave_out: Sequence[UUID], conversation_id: UUID | None
) -> list[Found]:
    candidates = await asyncio.wrap_future(lookup.messages)
    selecting = background.run_aside(
        related_messages.select,
        candidates,
        owner_id=owner_id,
        text=lookup.text,
        leave_out=leave_out,
        limit=RESULTS_OF_EACH,
        conversation_id=conversation_id,
    )
    return await asyncio.wrap_future(selecting)


def _found_by(part: "asyncio.Future[list[Found]]") -> list[Found]:
    error = part.exception()
    if error is None:
        return part.result()
    logger.error("A part of a lookup failed.", exc_info=error)
    return []
