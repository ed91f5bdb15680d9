"""The writer: asks a model for the drafts of a batch in the background, section by section.

The batch's `updated_at` is the writer's heartbeat. The writer stops when the batch's status or its
`run` has changed.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import DatabaseError, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.services import mark_key_refused
from flashcards.domain import durations
from flashcards.domain.records import Flashcard
from flashcards.drafting import generation, improving, linter, origins
from flashcards.drafting.candidates import DRAFTS_MAX, Candidate
from flashcards.drafting.generation import Labels
from flashcards.drafting.labels import labels_of, proposed
from flashcards.drafting.origins import Origin
from flashcards.models import Draft, DraftBatch
from flashcards.store import cards
from memoryloop.errors import sentence_of
from memoryloop.llm import base as llm
from memoryloop.server import background

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 1.0
INTERRUPTED = "The server stopped while these were being drafted. The drafts so far are kept."
TEXT_GONE = "The text that these were made from was deleted."
OUR_FAULT = "Something went wrong in MemoryLoop itself while drafting. The drafts so far are kept."

Status = DraftBatch.Status


def begin(batch: DraftBatch, user: User, provider: llm.Provider) -> None:
    background.submit(_write(batch.id, batch.run, user, provider), name=f"drafts {batch.id}")


async def _write(batch_id: UUID, run: UUID, user: User, provider: llm.Provider) -> None:
    """Write the drafts of a batch with a heartbeat, and end the batch in any case."""
    asked_at = timezone.now()
    writing = asyncio.create_task(_sections(batch_id, run, user, provider))
    status, error = Status.FAILED, INTERRUPTED
    try:
        while not writing.done():
            await asyncio.wait({writing}, timeout=HEARTBEAT_SECONDS)
            if not writing.done() and not await _beat(batch_id, run):
                # Stopped by the learner, or taken over by another run.
                writing.cancel()
                await asyncio.wait({writing})
                return
        status, error = Status.READY, ""
        await writing
    except llm.LlmError as failure:
        status, error = Status.FAILED, failure.sentence
        if isinstance(failure, llm.AuthenticationFailed):
            await background.run_in_database(
                mark_key_refused, user, provider=provider, asked_at=asked_at
            )
    except asyncio.CancelledError:
        writing.cancel()
        status, error = Status.FAILED, INTERRUPTED
    except origins.NoOrigin:
        status, error = Status.FAILED, TEXT_GONE
    except Exception as raised:
        logger.exception("The drafts %s failed", batch_id)
        status, error = Status.FAILED, sentence_of(raised, OUR_FAULT)
    await background.run_in_database(end, batch_id, run, status, error, provider.model)


async def _sections(batch_id: UUID, run: UUID, user: User, provider: llm.Provider) -> None:
    task = await background.run_in_database(_task, batch_id, user)
    room = max(0, DRAFTS_MAX - task.count)
    came, dropped, unread, labels = task.count, 0, 0, Labels()
    # Where the drafts of a section begin: those that come later go between those that came at once.
    firsts: dict[int, int] = {}
    first = task.first
    async for drafted in _drafted(provider, task, room):
        dropped, unread = dropped + drafted.dropped, unread + drafted.unread
        came += len(drafted.candidates)
        if labels == Labels() and task.labels is not None:
            labels = proposed(drafted.labels, task.labels)
        begin_at = firsts.setdefault(drafted.section, first)
        kept = await background.run_in_database(
            store,
            batch_id,
            run,
            drafted.candidates,
            task.origin,
            first=begin_at,
            sections_done=drafted.section + drafted.done,
            sections=drafted.sections,
            note=_note(came, unread, dropped),
            labels=labels,
        )
        if not kept:
            return
        first = max([first, *(_position(begin_at, each) + 1 for each in drafted.candidates)])


@dataclass(frozen=True)
class _Task:
    """What a writer needs: the text, what was made of it, and what the learner has."""

    batch: DraftBatch
    origin: Origin
    known: list[tuple[str, str]]
    labels: Labels | None
    # How many drafts there are, and the position of the next one.
    count: int
    first: int


def _task(batch_id: UUID, user: User) -> _Task:
    batch = DraftBatch.objects.get(id=batch_id)
    origin = origins.of_batch(user, batch)
    positions = list(batch.drafts.values_list("position", flat=True))
    return _Task(
        batch,
        origin,
        known_cards(user, origin),
        # The parts of a card that is split have its labels.
        None if origin.is_split else labels_of(user.pk),
        len(positions),
        max(positions, default=-1) + 1,
    )


def _drafted(provider: llm.Provider, task: _Task, room: int) -> AsyncIterator[generation.Drafted]:
    if task.origin.card is not None:
        card = task.origin.card
        return generation.split(provider, card.question, card.answer, room=room)
    return generation.generate(
        provider,
        task.origin.passage,
        known=task.known,
        labels=task.labels,
        done=task.batch.sections_done,
        of=task.batch.sections,
        room=room,
    )


def _note(came: int, unread: int, dropped: int) -> str:
    said = []
    if unread:
        said.append(f"{durations.count(came, 'card')} came, {unread:,} could not be read.")
    if dropped:
        said.append(
            f"The model gave {dropped:,} more than a text of this length may have: these were "
            "left out."
        )
    return " ".join(said)


def known_cards(user: User, origin: Origin) -> list[tuple[str, str]]:
    """Return (question, answer) of all cards and drafts that were made from a text."""
    drafts = Draft.objects.filter(
        batch__owner=user,
        batch__message=origin.message,
        batch__document=origin.document,
        batch__card_id=origin.card.id if origin.card else None,
    )
    pairs = drafts.order_by("batch__created_at", "position").values_list("question", "answer")
    return [(card.question, card.answer) for card in cards_made(user, origin)] + list(pairs)


def cards_made(user: User, origin: Origin) -> list[Flashcard]:
    """Return the cards made from a message or a document, oldest first."""
    if origin.is_split:
        return []
    field = "message_id" if origin.message else "document_id"
    found = cards.for_owner(user.pk).filter(**{field: origin.id})
    return list(found.order_by("created_at"))


async def _beat(batch_id: UUID, run: UUID) -> bool:
    """Update the heartbeat. Return whether this run still writes the batch."""
    try:
        return await background.run_in_database(_touch, batch_id, run)
    except DatabaseError:
        # The next one may: only a writer that misses fifteen counts as dead.
        logger.warning("The heartbeat of the drafts %s did not reach the database", batch_id)
        return True


def _touch(batch_id: UUID, run: UUID) -> bool:
    return _of_run(batch_id, run).update(updated_at=timezone.now()) == 1


def _of_run(batch_id: UUID, run: UUID) -> "QuerySet[DraftBatch]":
    return DraftBatch.objects.filter(id=batch_id, run=run, status=Status.WORKING)


@transaction.atomic
def store(
    batch_id: UUID,
    run: UUID,
    found: Sequence[Candidate],
    origin: Origin | None = None,
    *,
    sections_done: int,
    sections: int = 1,
    first: int | None = None,
    note: str = "",
    labels: Labels = Labels(),  # noqa: B008
) -> bool:
    """Add a section's drafts, all or none. Return whether this run still writes the batch.

    `origin` is what the drafts are made from, where there are any. They follow those that there are
    in the order given, or stand at their places of a section that begins at position `first`.
    Those with a fault are not chosen: the learner sees why, and may choose them.
    """
    changes: dict[str, object] = {"note": note}
    if labels != Labels():
        changes |= {"deck": "".join(labels.decks[:1]), "tags": list(labels.tags)}
    ours = _of_run(batch_id, run).update(
        sections=sections, sections_done=sections_done, updated_at=timezone.now(), **changes
    )
    if not ours:
        return False
    drafts = Draft.objects.filter(batch_id=batch_id)
    last = drafts.aggregate(position=Max("position"), arrival=Max("arrival"))
    following = 0 if last["position"] is None else last["position"] + 1
    arrived = 0 if last["arrival"] is None else last["arrival"] + 1
    placed = [_in_whole_text(candidate, origin.offset) for candidate in found] if origin else []
    taken: set[int] = set()

    def position(index: int, candidate: Candidate) -> int:
        if first is None:
            return following + index
        free = _position(first, candidate)
        while free in taken:
            free += 1
        taken.add(free)
        return free

    Draft.objects.bulk_create(
        Draft(
            batch_id=batch_id,
            position=position(index, candidate),
            arrival=arrived + index,
            check_result=candidate.check,
            kind=candidate.kind,
            question=candidate.question,
            answer=candidate.answer,
            source_start=candidate.start,
            source_end=candidate.end,
            decision=_decision(candidate, origin),
        )
        for index, candidate in enumerate(placed)
    )
    return True


def _position(first: int, candidate: Candidate) -> int:
    """Return the position of a draft in a section that begins at `first`.

    There is room between two for those that come in place of one.
    """
    return first + candidate.place * improving.BETTER_MOST


def _decision(candidate: Candidate, origin: Origin | None) -> Draft.Decision:
    flagged = origin is not None and findings(candidate, origin)
    return Draft.Decision.DROP if flagged else Draft.Decision.KEEP


def findings(candidate: Candidate, origin: Origin) -> Sequence[linter.Finding]:
    """Return what is weak about a card whose offsets are those in the whole text."""
    if origin.is_split:
        return linter.lint(candidate.question, candidate.answer, candidate.kind)
    return generation.faults(candidate, origin.text)


def _in_whole_text(candidate: Candidate, offset: int) -> Candidate:
    if candidate.start is None or candidate.end is None:
        return candidate
    return replace(candidate, start=candidate.start + offset, end=candidate.end + offset)


def end(batch_id: UUID, run: UUID, status: str, error: str = "", model: str = "") -> bool:
    changes: dict[str, object] = {"status": status, "error": error[:500]}
    if model:
        changes["model"] = model[:120]
    return _of_run(batch_id, run).update(updated_at=timezone.now(), **changes) == 1
