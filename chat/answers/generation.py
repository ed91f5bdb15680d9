"""A generation: one attempt at an answer, written in the background's event loop.

It goes on whether or not a page is open. The text is in memory for the pages that this process
serves, and on the message's row, at most a moment later, for those of other processes. The row's
`updated_at` is the heartbeat of the generation; a `status` other than STREAMING tells it to stop.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.services import fallback_for, mark_key_refused, provider_for
from chat.answers import failures, save_progress, summaries, titles
from chat.answers.attempt import Generation
from chat.conversations import jobs
from chat.conversations.conversations import INTERRUPTED_SENTENCE, KEPT_CONTENT
from chat.models import Conversation, Message
from chat.recall import answer_context, prompts
from chat.recall.lookup import Lookup
from memoryloop.errors import sentence_of
from memoryloop.llm import base as llm
from memoryloop.llm import watched
from memoryloop.server import background

logger = logging.getLogger(__name__)

SAVE_SECONDS = 0.25
# Longer answers are written to their row less often: each write stores the whole text.
SAVE_CHARACTERS_PER_SECOND = 80_000
# With many generations each answer is written less often: a hundred writes a second in all.
SAVE_SECONDS_PER_ANSWER = 0.01
MAX_SAVE_SECONDS = 5.0
# How often the row is updated, and read for a stop, while no new text comes.
HEARTBEAT_SECONDS = 1.0
# A retry waits at most so long for the time that the provider named.
PROVIDERS_TIME_SECONDS = 60.0
MAX_TOKENS = prompts.ANSWER_TOKENS
# A longer answer is cut off here; what came until then is kept.
MAX_ANSWER_CHARACTERS = 1_000_000

OUR_FAULT = "Something went wrong in MemoryLoop itself while this answer was written. Try again."
NOTHING_CAME = "The tutor sent an empty answer. Try again, or rephrase the question."

Status, ErrorKind = Message.Status, Message.ErrorKind


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended."""

    status: str
    error: str = ""
    error_kind: str = ""
    # When the provider takes questions again.
    retry_at: datetime | None = None


_live: dict[UUID, Generation] = {}


def find(answer_id: UUID) -> Generation | None:
    """Return the generation of an answer if it runs in this process."""
    return _live.get(answer_id)


def live_count() -> int:
    return len(_live)


def start_on_commit(
    answer: Message, owner: User, *, instead_of: str = "", lookup: Lookup | None = None
) -> None:
    """Start a generation once the transaction that stores the question has committed.

    `instead_of` is the label of a provider that failed: its fallback answers this time.
    `lookup` is the one that was started for the question, if one was.
    """
    transaction.on_commit(lambda: start(answer, owner, instead_of=instead_of, lookup=lookup))


def continue_on_commit(answer: Message, owner: User) -> None:
    """Start a generation that goes on with an answer's text, once the transaction has committed."""
    transaction.on_commit(lambda: start(answer, owner, so_far=answer.content))


def start(
    answer: Message,
    owner: User,
    *,
    instead_of: str = "",
    lookup: Lookup | None = None,
    so_far: str = "",
) -> Generation:
    generation = Generation(
        answer=answer, owner=owner, instead_of=instead_of, lookup=lookup, so_far=so_far
    )
    _live[answer.id] = generation
    summaries.give_way(owner.pk)
    background.submit(_run(generation), name=f"answer {answer.id}")
    return generation


def stop(answer_id: UUID) -> None:
    """End a generation of this process at once. One of another process reads the row's status."""
    generation = find(answer_id)
    if generation is not None:
        generation.stop()


async def _run(generation: Generation) -> None:
    try:
        outcome = await _receive_and_save(generation)
        if not await _save_outcome(generation, outcome):
            logger.error("The answer %s could not be saved.", generation.answer.id)
        elif outcome.status == Status.COMPLETE:
            titles.improve_in_background(generation.answer, generation.provider)
            summaries.keep_up_in_background(
                generation.answer, generation.owner.pk, generation.provider
            )
        _store_what_came_late(generation)
    finally:
        if _live.get(generation.answer.id) is generation:
            del _live[generation.answer.id]
        generation.finish()


def _store_what_came_late(generation: Generation) -> None:
    late = generation.prompt.material.late if generation.prompt is not None else None
    if late is not None:
        answer = generation.answer
        background.submit(answer_context.record_late(answer, late), name=f"late recall {answer.id}")


async def _receive_and_save(generation: Generation) -> Outcome:
    """Receive the answer and save its text to the row now and then; return how it ended."""
    receiving = asyncio.create_task(_receive(generation))
    loop = asyncio.get_running_loop()
    generation.on_stop(lambda: loop.call_soon_threadsafe(receiving.cancel))
    written, written_at = generation.text, loop.time()
    try:
        while True:
            interval = max(
                SAVE_SECONDS,
                len(written) / SAVE_CHARACTERS_PER_SECOND,
                live_count() * SAVE_SECONDS_PER_ANSWER,
            )
            await asyncio.wait({receiving}, timeout=min(interval, MAX_SAVE_SECONDS))
            if receiving.done():
                return _outcome(generation, receiving)
            await _store_prompt(generation)
            text = generation.text
            if text == written and loop.time() - written_at < HEARTBEAT_SECONDS:
                continue
            if await _save_progress(generation, text if text != written else None) is False:
                generation.stop()
            written, written_at = text, loop.time()
    except asyncio.CancelledError:
        # The server stops. There is a moment left to save the text.
        receiving.cancel()
        return Outcome(Status.INTERRUPTED, INTERRUPTED_SENTENCE, ErrorKind.BROKEN)


async def _receive(generation: Generation) -> None:
    (provider, window), prompt = await asyncio.gather(
        _provider_and_window(generation),
        prompts.build(
            owner_id=generation.owner.id,
            answer=generation.answer,
            now=generation.answer.created_at,
            lookup=generation.lookup,
            so_far=generation.text,
        ),
    )
    await asyncio.sleep(_pause_seconds(generation))
    while True:
        if window is not None:
            prompt = prompts.fit(prompt, window)
        generation.prompt, generation.is_prompt_stored = prompt, False
        try:
            await _receive_answer(generation, provider, prompt)
            return
        except llm.RequestTooLong:
            # The server takes less than was thought.
            smaller = await provider.window()
            if generation.has_begun or smaller is None or (window and smaller >= window):
                raise
            window = smaller


async def _provider_and_window(generation: Generation) -> tuple[llm.Provider, int | None]:
    provider = await background.run_in_database(_provider, generation)
    generation.provider = provider
    return provider, await provider.window()


async def _receive_answer(
    generation: Generation, provider: llm.Provider, prompt: prompts.Prompt
) -> None:
    length = 0
    with watched.answer(provider) as first_word:
        async for piece in provider.stream(
            system=prompt.instructions,
            quoted=prompt.quoted,
            messages=prompt.messages,
            found=prompt.found,
            max_tokens=MAX_TOKENS,
            is_whole=not prompt.left_out,
        ):
            if not length:
                first_word()
            generation.append(piece)
            length += len(piece)
            if length > MAX_ANSWER_CHARACTERS:
                raise llm.BadResponse("The answer did not come to an end, so it was cut off here.")


def _pause_seconds(generation: Generation) -> float:
    """Return how long to wait until the provider accepts questions again; 0 if that is long.

    Who presses Retry long before does not want to wait, and is told again if it is too early.
    """
    retry_at = generation.answer.retry_at
    if retry_at is None or generation.instead_of:
        return 0
    seconds = (retry_at - timezone.now()).total_seconds()
    return seconds if 0 < seconds <= PROVIDERS_TIME_SECONDS else 0


def _provider(generation: Generation) -> llm.Provider:
    if generation.instead_of:
        return fallback_for(generation.owner, failed=generation.instead_of)
    return provider_for(generation.owner)


def _outcome(generation: Generation, receiving: "asyncio.Task[None]") -> Outcome:
    generation.close()
    if receiving.cancelled():
        return Outcome(Status.STOPPED)
    error = receiving.exception()
    if error is None:
        if generation.text.strip():
            return Outcome(Status.COMPLETE)
        return Outcome(Status.FAILED, NOTHING_CAME, ErrorKind.PROVIDER)
    if generation.stopped:
        return Outcome(Status.STOPPED)
    if isinstance(error, (llm.LengthReached, llm.EndUnmarked)):
        return Outcome(Status.COMPLETE, error.sentence)
    # An answer that broke off has text; one that failed has none.
    status = Status.INTERRUPTED if generation.text else Status.FAILED
    if isinstance(error, llm.LlmError):
        kind = failures.kind_of(error, generation.provider, answering=generation.has_begun)
        return Outcome(status, error.sentence[:500], kind, failures.retry_at(error))
    logger.error("An answer could not be written.", exc_info=error)
    return Outcome(status, sentence_of(error, OUR_FAULT), ErrorKind.OURS)


async def _store_prompt(generation: Generation) -> None:
    """Store the prompt before any text of the answer, so that a killed server leaves both.

    Only after the provider was asked, because the learner waits for the first words.
    """
    if generation.is_prompt_stored or generation.prompt is None:
        return
    try:
        await background.run_in_database(_write_prompt, generation)
    except DatabaseError:
        # It is tried again with the next text, and at the end.
        logger.warning("The prompt of an answer could not be stored.", exc_info=True)
    else:
        generation.is_prompt_stored = True


def _write_prompt(generation: Generation) -> None:
    with transaction.atomic():
        if _row(generation).filter(status=Status.STREAMING).exists():
            answer_context.record(generation.answer, generation.prompt)


async def _save_progress(generation: Generation, text: str | None) -> bool | None:
    """Update the heartbeat, and the text if it is given.

    Return False if the generation is to stop, None if the database failed.
    """
    answer, provider = generation.answer, generation.provider
    by = _written_by(provider) if provider is not None else {}
    progress = save_progress.Progress(answer.id, answer.created_at, text, **by)
    try:
        return await save_progress.save(progress, live_count=live_count())
    except DatabaseError:
        logger.warning("The progress of an answer could not be saved.", exc_info=True)
        return None


async def _save_outcome(generation: Generation, outcome: Outcome) -> bool:
    for pause in (0.2, 1.0, 3.0, None):
        try:
            await background.run_in_database(_write_outcome, generation, outcome)
        except DatabaseError:
            logger.warning("The end of an answer could not be stored.", exc_info=True)
            if pause is None:
                return False
            await asyncio.sleep(pause)
        else:
            return True
    return False


def _write_outcome(generation: Generation, outcome: Outcome) -> None:
    """Store how the attempt ended and its text, whatever was written to the row meanwhile."""
    if outcome.error_kind == ErrorKind.KEY:
        mark_key_refused(
            generation.owner,
            provider=generation.provider,
            asked_at=generation.answer.created_at,
        )
    now, answer = timezone.now(), generation.answer
    text = generation.text_to_keep
    fields = {"updated_at": now, **({"content": text} if text else {})}
    if generation.provider is not None:
        fields |= _written_by(generation.provider)
    with transaction.atomic():
        row = _row(generation)
        # A stop from another process stays. INTERRUPTED, set by a reader that missed the heartbeat,
        # does not.
        ended = row.exclude(status=Status.STOPPED).update(
            status=outcome.status,
            error=outcome.error,
            error_kind=outcome.error_kind,
            retry_at=outcome.retry_at,
            **fields,
        )
        if not ended and not row.update(**fields):
            return  # Deleted, or a new attempt has begun.
        row.update(content=KEPT_CONTENT, earlier_content="")
        if not generation.is_prompt_stored:
            answer_context.record(answer, generation.prompt)
        Conversation.objects.filter(id=answer.conversation_id).update(updated_at=now)
        jobs.request_embedding(*filter(None, (answer.parent_id, answer.id)))


def _row(generation: Generation) -> "QuerySet[Message]":
    """Return the row while it belongs to this attempt."""
    answer = generation.answer
    return Message.objects.filter(id=answer.id, created_at=answer.created_at)


def _written_by(provider: llm.Provider) -> dict[str, str]:
    return {"provider": provider.label[:40], "model": provider.model[:120]}
