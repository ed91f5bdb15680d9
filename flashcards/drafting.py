"""Batches of drafts: started, written in the background, decided on, made into cards.

A message has one open batch at a time. Its `updated_at` is the writer's heartbeat; its status and
its `run` are how the writer is told that it is no longer wanted.
"""

import asyncio
import logging
import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.services import mark_key_refused, provider_for
from chat.models import Message
from flashcards import generation, rules, services
from flashcards.candidates import CANDIDATES_MAX, Candidate, Seen
from flashcards.models import Draft, DraftBatch
from flashcards.records import Flashcard, Kind, NewCard, Source, text_hash
from memoryloop import background
from memoryloop.llm import base as llm

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 1.0
# A writer that has given no sign of life for this long is dead.
HEARTBEAT_TIMEOUT = timedelta(seconds=15)
INTERRUPTED = "The server stopped while these were being drafted. What came is kept."
NOT_READY = "This answer is still being written. Make cards when it is complete."
OUR_FAULT = "Something went wrong in MemoryLoop itself while drafting. What came is kept."

Status = DraftBatch.Status


class DraftingError(Exception):
    """Drafts of a message cannot be made, or cannot be decided on. `sentence` is for people."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NotReady(DraftingError):
    """The message is still being written."""


class AlreadyDecided(DraftingError):
    """The batch was made into cards already, perhaps in another tab."""


def open_batch(user: User, message: Message, *, now: datetime | None = None) -> DraftBatch | None:
    """Return the message's open batch; one whose writer died is marked so. One or two queries."""
    batch = batches_for_owner(user).filter(message=message).exclude(status=Status.DONE).first()
    if batch is not None and is_stale(batch, now or timezone.now()):
        _end(batch.id, batch.run, Status.FAILED, INTERRUPTED)
        batch.refresh_from_db()
    return batch


def is_stale(batch: DraftBatch, now: datetime) -> bool:
    return batch.status == Status.WORKING and batch.updated_at < now - HEARTBEAT_TIMEOUT


def batches_for_owner(user: User) -> "QuerySet[DraftBatch]":
    return DraftBatch.objects.filter(owner=user)


def drafts_for_owner(user: User) -> "QuerySet[Draft]":
    return Draft.objects.filter(batch__owner=user).select_related("batch__message")


def start_batch(user: User, message: Message, *, by_rules: bool = False) -> DraftBatch:
    """Begin to draft, or join the drafting that is under way. Raises TooLittle, NotReady.

    After a failure the same batch goes on where it ended, keeping what came. Rules draft at
    once; a model is asked in the background, once the transaction has committed.
    """
    if message.status == Message.Status.STREAMING:
        raise NotReady(NOT_READY)
    generation.check(message.content)
    # Asked before a lock is held: it may probe for a server.
    provider = None if by_rules else provider_for(user)
    model = provider if provider is not None and provider.is_model else None
    batch, claimed = _claim(user, message, model)
    if claimed and model is None:
        _draft_by_rules(batch, message, user)
    elif claimed and model is not None:
        transaction.on_commit(lambda: _begin(batch, user, model))
    return batch


def _claim(user: User, message: Message, model: llm.Provider | None) -> tuple[DraftBatch, bool]:
    """Return the open batch and whether the caller is to write it. One caller is."""
    fields = {
        "provider": model.label if model else rules.LABEL,
        "model": model.model if model else "",
        "sections": len(generation.sections(message.content)) if model else 1,
    }
    batch = open_batch(user, message)
    if batch is None:
        try:
            with transaction.atomic():
                return DraftBatch.objects.create(owner=user, message=message, **fields), True
        except IntegrityError:
            # A second click came first.
            batch = open_batch(user, message)
            if batch is None:
                raise
    empty = batch.status == Status.READY and not batch.drafts.exists()
    if batch.status != Status.FAILED and not empty:
        return batch, False
    # What another provider did of it does not count for this one.
    same = batch.provider == fields["provider"] and not empty
    claimed = DraftBatch.objects.filter(id=batch.id, status=batch.status, run=batch.run).update(
        status=Status.WORKING,
        error="",
        note="",
        run=uuid.uuid4(),
        sections_done=batch.sections_done if same else 0,
        updated_at=timezone.now(),
        **fields,
    )
    batch.refresh_from_db()
    return batch, claimed == 1


def _draft_by_rules(batch: DraftBatch, message: Message, user: User) -> None:
    seen = Seen(known_cards(user, message))
    found = [card for card in rules.draft(message.content) if seen.add(card)]
    _store(batch.id, batch.run, found[:CANDIDATES_MAX], sections_done=1)
    _end(batch.id, batch.run, Status.READY)
    batch.refresh_from_db()


def known_cards(user: User, message: Message) -> list[tuple[str, str]]:
    """Return (question, answer) of what a message has given: its cards, and every draft."""
    cards = services.cards_from_message(owner_id=user.pk, message_id=message.pk)
    drafts = Draft.objects.filter(batch__owner=user, batch__message=message)
    return [(card.question, card.answer) for card in cards] + list(
        drafts.order_by("batch__created_at", "position").values_list("question", "answer")
    )


# Writing, in the background


def _begin(batch: DraftBatch, user: User, provider: llm.Provider) -> None:
    background.submit(_write(batch.id, batch.run, user, provider), name=f"drafts {batch.id}")


async def _write(batch_id: UUID, run: UUID, user: User, provider: llm.Provider) -> None:
    """Write a batch to its end, whatever that is, while its heart beats."""
    asked_at = timezone.now()
    writing = asyncio.create_task(_sections(batch_id, run, user, provider))
    status, error = Status.FAILED, INTERRUPTED
    try:
        while not writing.done():
            await asyncio.wait({writing}, timeout=HEARTBEAT_SECONDS)
            if not writing.done() and not await _beat(batch_id, run):
                # Stopped by the learner, or taken over: the row is no longer ours to write.
                writing.cancel()
                await asyncio.wait({writing})
                return
        status, error = Status.READY, ""
        await writing
    except llm.LlmError as failure:
        status, error = Status.FAILED, failure.sentence
        if isinstance(failure, llm.AuthenticationFailed) and provider.label == "Claude":
            await background.run_in_database(mark_key_refused, user, asked_at=asked_at)
    except asyncio.CancelledError:
        writing.cancel()
        status, error = Status.FAILED, INTERRUPTED
    except Exception:
        logger.exception("The drafts %s failed", batch_id)
        status, error = Status.FAILED, OUR_FAULT
    await background.run_in_database(_end, batch_id, run, status, error, provider.model)


async def _sections(batch_id: UUID, run: UUID, user: User, provider: llm.Provider) -> None:
    batch, known = await background.run_in_database(_task, batch_id, user)
    room = CANDIDATES_MAX - await background.run_in_database(
        Draft.objects.filter(batch_id=batch_id).count
    )
    dropped = 0
    async for drafted in generation.generate(
        provider, batch.message.content, known=known, done=batch.sections_done, room=max(0, room)
    ):
        dropped += drafted.dropped
        kept = await background.run_in_database(
            _store,
            batch_id,
            run,
            drafted.candidates,
            sections_done=drafted.section + 1,
            note=_note(dropped),
        )
        if not kept:
            return


def _note(dropped: int) -> str:
    if not dropped:
        return ""
    return (
        f"The model gave more cards than a message may have: the first {CANDIDATES_MAX} or fewer "
        f"are here, {dropped:,} were left out."
    )


def _task(batch_id: UUID, user: User) -> tuple[DraftBatch, list[tuple[str, str]]]:
    batch = DraftBatch.objects.select_related("message").get(id=batch_id)
    return batch, known_cards(user, batch.message)


async def _beat(batch_id: UUID, run: UUID) -> bool:
    """Return whether the batch is still this run's to write."""
    try:
        return await background.run_in_database(_touch, batch_id, run)
    except DatabaseError:
        # The next beat may reach it; dead is who misses fifteen.
        logger.warning("The heartbeat of the drafts %s did not reach the database", batch_id)
        return True


def _touch(batch_id: UUID, run: UUID) -> bool:
    return _of_run(batch_id, run).update(updated_at=timezone.now()) == 1


def _of_run(batch_id: UUID, run: UUID) -> "QuerySet[DraftBatch]":
    return DraftBatch.objects.filter(id=batch_id, run=run, status=Status.WORKING)


@transaction.atomic
def _store(
    batch_id: UUID, run: UUID, found: Sequence[Candidate], *, sections_done: int, note: str = ""
) -> bool:
    """Add a section's drafts, all or none. Return whether the batch was still this run's."""
    ours = _of_run(batch_id, run).update(
        sections_done=sections_done, note=note, updated_at=timezone.now()
    )
    if not ours:
        return False
    last = Draft.objects.filter(batch_id=batch_id).aggregate(last=Max("position"))["last"]
    first = 0 if last is None else last + 1
    Draft.objects.bulk_create(
        Draft(
            batch_id=batch_id,
            position=first + index,
            kind=candidate.kind,
            question=candidate.question,
            answer=candidate.answer,
            source_start=candidate.start,
            source_end=candidate.end,
        )
        for index, candidate in enumerate(found)
    )
    return True


def _end(batch_id: UUID, run: UUID, status: str, error: str = "", model: str = "") -> bool:
    changes: dict[str, object] = {"status": status, "error": error[:500]}
    if model:
        changes["model"] = model[:120]
    return _of_run(batch_id, run).update(updated_at=timezone.now(), **changes) == 1


# Deciding


def stop(batch: DraftBatch) -> None:
    """End the drafting and keep what came. The writer sees it within a second."""
    DraftBatch.objects.filter(id=batch.id, status=Status.WORKING).update(
        status=Status.READY,
        note="You stopped the drafting: these are the cards that had come.",
        updated_at=timezone.now(),
    )
    batch.refresh_from_db()


def decide(draft: Draft, *, keep: bool) -> None:
    """Keep or drop a draft. Raises AlreadyDecided once its batch is done."""
    _check_open(draft.batch)
    draft.decision = Draft.Decision.KEEP if keep else Draft.Decision.DROP
    draft.save(update_fields=["decision"])


def edit(draft: Draft, *, question: str, answer: str) -> None:
    """Change a draft's words; who edits it means to keep it. Raises AlreadyDecided."""
    _check_open(draft.batch)
    draft.question = question
    draft.answer = answer
    draft.decision = Draft.Decision.KEEP
    draft.save(update_fields=["question", "answer", "decision"])


def _check_open(batch: DraftBatch) -> None:
    if batch.status == Status.DONE:
        raise AlreadyDecided("These drafts have been decided on, perhaps in another tab.")


def accept(
    user: User,
    message: Message,
    *,
    shown: Collection[UUID] = (),
    kept: Collection[UUID] = (),
    now: datetime | None = None,
) -> list[Flashcard]:
    """Make the kept drafts into cards and close the batch, in one transaction.

    For the drafts in `shown` the choice in `kept` holds; for others the one made before. Doing
    it twice makes the cards once. Raises AlreadyDecided, services.CardError.
    """
    with transaction.atomic():
        batch = (
            batches_for_owner(user)
            .select_for_update()
            .filter(message=message)
            .exclude(status=Status.DONE)
            .first()
        )
        if batch is None:
            raise AlreadyDecided("These drafts have been decided on, perhaps in another tab.")
        if batch.status == Status.WORKING:
            # Who adds while more are coming has what they want.
            DraftBatch.objects.filter(id=batch.id).update(run=uuid.uuid4())
        drafts = list(batch.drafts.all())
        for draft in drafts:
            if draft.id in shown:
                draft.decision = Draft.Decision.KEEP if draft.id in kept else Draft.Decision.DROP
        Draft.objects.bulk_update(drafts, ["decision"])
        return services.create_cards(
            owner_id=user.pk,
            cards=[_card(d, message) for d in drafts if d.decision == Draft.Decision.KEEP],
            now=now or timezone.now(),
            message=message,
            batch=batch,
        )


def _card(draft: Draft, message: Message) -> NewCard:
    start, end = draft.source_start, draft.source_end
    words = message.content[start:end] if start is not None and end is not None else ""
    return NewCard(
        question=draft.question,
        answer=draft.answer,
        kind=Kind(draft.kind),
        source=Source(message.pk, start, end, text_hash(words) if words else ""),
    )
