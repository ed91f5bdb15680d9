"""Structured answers: one validated object from a model, with a second attempt."""

import asyncio
import hashlib
import json
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from memoryloop.llm import limits, partial, schemas
from memoryloop.llm.base import ChatMessage, LlmError, Overloaded, RequestRefused, T
from memoryloop.llm.failures import Failures
from memoryloop.watching import spans

R = TypeVar("R")
# What providers call the modes when they do not take one.
_MODE = re.compile(
    r"response[ _]format|json[ _](schema|object|mode)|structured[ _]outputs?|output_(config|format)"
    r"|tool_choice|\btools?\b|input_schema|grammar",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class StructuredAnswer:
    """An answer before validation: an object, or text that should hold one."""

    value: object
    is_cut_off: bool = False


async def ask_for_object(
    ask: Callable[[Sequence[ChatMessage]], Awaitable[StructuredAnswer]],
    prompt: str,
    schema: type[T],
    failures: Failures,
) -> T:
    """Return the validated object. An invalid first answer is sent back once with what is wrong.

    Of a PartialList what can be read is returned at once, unless more is lost than read: then it is
    asked for again, and the answer with more items is taken.
    Raises LlmError; TimedOut when both attempts together take too long.
    """
    with spans.span("object"):
        return await _ask_for_object(ask, prompt, schema, failures)


async def _ask_for_object(
    ask: Callable[[Sequence[ChatMessage]], Awaitable[StructuredAnswer]],
    prompt: str,
    schema: type[T],
    failures: Failures,
) -> T:
    async def answer_to(conversation: Sequence[ChatMessage]) -> StructuredAnswer:
        answer = await ask(conversation)
        if answer.is_cut_off and not answer.value:
            raise failures.thought_too_long()
        return answer

    try:
        async with asyncio.timeout(limits.STRUCTURED_SECONDS):
            first = await answer_to([ChatMessage("user", prompt)])
            kept = partial.read_list(first.value, schema, is_cut_off=first.is_cut_off)
            if kept is not None and partial.unread(kept) <= partial.count(kept):
                return kept
            try:
                return _validate(first, schema)
            except schemas.InvalidAnswer as problem:
                correction = schemas.correction_message(str(problem))
            said = first.value if isinstance(first.value, str) else json.dumps(first.value)
            conversation = [
                ChatMessage("user", prompt),
                ChatMessage("assistant", said[:20_000].strip() or "(nothing)"),
                ChatMessage("user", correction),
            ]
            return await _second(answer_to, conversation, schema, failures, kept)
    except TimeoutError:
        raise failures.timed_out(answering=False) from None


async def _second(
    answer_to: Callable[[Sequence[ChatMessage]], Awaitable[StructuredAnswer]],
    conversation: Sequence[ChatMessage],
    schema: type[T],
    failures: Failures,
    before: T | None,
) -> T:
    """Return the object of a second answer, or what was read of the first if that is more."""
    try:
        second = await answer_to(conversation)
    except LlmError:
        if before is None:
            raise
        return before
    kept = partial.read_list(second.value, schema, is_cut_off=second.is_cut_off)
    if kept is None and not issubclass(schema, partial.PartialList):
        try:
            kept = _validate(second, schema)
        except schemas.InvalidAnswer:
            kept = None
    if kept is None or (before is not None and partial.count(before) > partial.count(kept)):
        kept = before
    if kept is None:
        raise failures.not_as_asked()
    return kept


def _validate(answer: StructuredAnswer, schema: type[T]) -> T:
    # An answer that was cut off may still validate: a list that lacks its second half.
    if answer.is_cut_off:
        raise schemas.InvalidAnswer("It was cut off because it was too long: give less.")
    if isinstance(answer.value, str):
        return schemas.parse_object(answer.value, schema)
    return schemas.validate_object(answer.value, schema)


@dataclass(frozen=True)
class Asked:
    """What a refusal is about: with this key, this model at this address, this schema."""

    address: str
    model: str
    # Not the key itself, which nothing keeps.
    key_digest: str
    schema: str

    @classmethod
    def of(cls, address: str, model: str, key: str, schema: type[T]) -> "Asked":
        digest = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
        return cls(address, model, digest, schema.__name__)


class OutputModes:
    """The ways to ask for an object (a tool, a JSON schema, plain words), best first.

    A mode that was refused is not tried again for a while, in the same circumstances. A refusal
    that does not speak of the mode may be about the words of one learner, so it counts for their
    request alone. A failure of the server (500 or 501) counts as a refusal if another mode works.
    """

    def __init__(self, *modes: str) -> None:
        self._modes = modes
        # The first mode to try, and until when (time.monotonic).
        self._first: dict[Asked, tuple[int, float]] = {}

    async def ask(self, asked: Asked, ask: Callable[[str], Awaitable[R]]) -> R:
        """Return what `ask(mode)` returns in the first mode that the provider does not refuse."""
        first = self._first_mode(asked)
        is_about_modes = True
        for index in range(first, len(self._modes)):
            try:
                answer = await ask(self._modes[index])
            except (RequestRefused, Overloaded) as refusal:
                # Some servers fail (500) or say that it is not made (501) instead of refusing.
                is_servers_fault = isinstance(refusal, Overloaded)
                is_last = index + 1 == len(self._modes)
                if is_last or (is_servers_fault and refusal.status not in {500, 501}):
                    raise
                is_about_mode = is_servers_fault or bool(
                    _MODE.search(refusal.said) or _MODE.search(refusal.sentence)
                )
                is_about_modes = is_about_modes and is_about_mode
            else:
                if index > first and is_about_modes:
                    self._keep(asked, index)
                return answer
        raise AssertionError("there is always a last mode")

    def _keep(self, asked: Asked, index: int) -> None:
        now = time.monotonic()
        kept = {each: mark for each, mark in self._first.items() if mark[1] > now}
        self._first = {**kept, asked: (index, now + limits.MODE_KEPT_SECONDS)}

    def _first_mode(self, asked: Asked) -> int:
        index, until = self._first.get(asked, (0, 0.0))
        return index if time.monotonic() < until else 0
