"""Structured answers: one validated object from a model, with a second attempt."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from memoryloop.llm import limits, schemas
from memoryloop.llm.base import ChatMessage, RequestRefused, T
from memoryloop.llm.failures import Failures

R = TypeVar("R")


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

    Raises LlmError; TimedOut when both attempts together take too long.
    """
    try:
        async with asyncio.timeout(limits.STRUCTURED_SECONDS):
            first = await ask([ChatMessage("user", prompt)])
            try:
                return _validate(first, schema)
            except schemas.InvalidAnswer as problem:
                correction = schemas.correction_message(str(problem))
            said = first.value if isinstance(first.value, str) else json.dumps(first.value)
            second = await ask(
                [
                    ChatMessage("user", prompt),
                    ChatMessage("assistant", said[:20_000].strip() or "(nothing)"),
                    ChatMessage("user", correction),
                ]
            )
            try:
                return _validate(second, schema)
            except schemas.InvalidAnswer:
                raise failures.not_as_asked() from None
    except TimeoutError:
        raise failures.timed_out(answering=False) from None


def _validate(answer: StructuredAnswer, schema: type[T]) -> T:
    # An answer that was cut off may still validate: a list that lacks its second half.
    if answer.is_cut_off:
        raise schemas.InvalidAnswer("It was cut off because it was too long: give less.")
    if isinstance(answer.value, str):
        return schemas.parse_object(answer.value, schema)
    return schemas.validate_object(answer.value, schema)


class OutputModes:
    """The ways to ask for an object (a tool, a JSON schema, plain words), best first.

    A mode that a model refused is not tried on that model again.
    """

    def __init__(self, *modes: str) -> None:
        self._modes = modes
        self._first: dict[tuple[str, str], int] = {}

    async def ask(self, model: tuple[str, str], ask: Callable[[str], Awaitable[R]]) -> R:
        """Return what `ask(mode)` returns in the first mode that the provider does not refuse.

        `model` is the provider's address and the model's name.
        """
        for index in range(self._first.get(model, 0), len(self._modes)):
            try:
                answer = await ask(self._modes[index])
            except RequestRefused:
                if index + 1 == len(self._modes):
                    raise
            else:
                self._first[model] = index
                return answer
        raise AssertionError("there is always a last mode")
