"""What the providers have in common: time limits, the second attempt, reading a stream."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from memoryloop.llm import limits, schemas
from memoryloop.llm.base import ChatMessage, Overloaded, RequestRefused, T
from memoryloop.llm.events import Decoder, Event
from memoryloop.llm.failures import ConnectionDropped, Failures

if TYPE_CHECKING:
    import httpx2

R = TypeVar("R")
# The SDKs send this header themselves when they retry.
RETRY_HEADER = "x-stainless-retry-count"
# Between the end that the protocol announces and the end of the connection.
_AFTER_END_SECONDS = 0.5


class EventStream(Protocol):
    """The part of the SDKs' AsyncStream that is used: its events are read here (events.py)."""

    @property
    def response(self) -> "httpx2.Response": ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Piece:
    """What one event of a stream brings."""

    text: str = ""
    ends: bool = False
    declined: bool = False
    # It ends because it is as long as it may be.
    cut: bool = False


async def opened(ask: Callable[[Mapping[str, str]], Awaitable[R]], failures: Failures) -> R:
    """Return what `ask(headers)` brings; once more after a server error or a lost connection.

    Raises LlmError. A rate limit is told at once: waiting it out is the learner's choice.
    """
    try:
        return await ask({RETRY_HEADER: "0"})
    except Exception as error:
        failure = failures.from_sdk(error, answering=False)
        if not isinstance(failure, (Overloaded, ConnectionDropped)):
            raise failure from None
    await asyncio.sleep(limits.RETRY_SECONDS)
    try:
        return await ask({RETRY_HEADER: "1"})
    except Exception as error:
        raise failures.from_sdk(error, answering=False) from None


async def stream_text(
    ask: Callable[[Mapping[str, str]], Awaitable[EventStream]],
    read: Callable[[Event], Piece],
    failures: Failures,
) -> AsyncGenerator[str, None]:
    """Yield the text of a streamed answer as it comes. Raises LlmError.

    LengthReached at the end of one that had more to say.
    """
    try:
        async with asyncio.timeout(limits.FIRST_TEXT_SECONDS):
            stream = await opened(ask, failures)
    except TimeoutError:
        raise failures.timed_out(answering=False) from None
    chunks, decoder = stream.response.aiter_bytes(), Decoder()
    loop = asyncio.get_running_loop()
    events = length = 0
    ended = cut = False
    heard_at = loop.time()
    try:
        while True:
            seconds = limits.BETWEEN_TEXT_SECONDS if events else limits.FIRST_TEXT_SECONDS
            try:
                until = loop.time() + _AFTER_END_SECONDS if ended else heard_at + seconds
                async with asyncio.timeout_at(until):
                    came = decoder.feed(await anext(chunks))
            except StopAsyncIteration:
                break
            except Exception as error:
                if ended:
                    break
                if isinstance(error, TimeoutError):
                    raise failures.timed_out(answering=length > 0) from None
                raise failures.from_sdk(error, answering=events > 0) from None
            for event in came:
                if event.done or event.name == "ping":
                    continue
                _check(event, failures)
                heard_at, events = loop.time(), events + 1
                piece = read(event)
                ended, cut = ended or piece.ends, cut or piece.cut
                if piece.declined and not length:
                    raise failures.declined()
                if piece.text:
                    length += len(piece.text)
                    yield piece.text
                if length > limits.ANSWER_CHARACTERS:
                    raise failures.endless()
    finally:
        await stream.close()
    if not ended:
        raise failures.broken_off() if events else failures.unreadable()
    if not length:
        raise failures.empty()
    if cut:
        raise failures.length_reached()


def _check(event: Event, failures: Failures) -> None:
    """Raise what an error inside an answer says: it has no status of its own."""
    body = event.data.get("error") if isinstance(event.data, dict) else None
    if event.name == "error" or body:
        raise failures.from_status(200, event.data if event.name == "error" else body)


@dataclass(frozen=True)
class Answer:
    """A structured answer as it came: an object, or text that should hold one."""

    value: object
    cut: bool = False


async def ask_for_object(
    ask: Callable[[Sequence[ChatMessage]], Awaitable[Answer]],
    prompt: str,
    schema: type[T],
    failures: Failures,
) -> T:
    """Return the validated object; the model gets one more chance, told what was wrong.

    Raises LlmError; TimedOut when both attempts together take too long.
    """
    try:
        async with asyncio.timeout(limits.STRUCTURED_SECONDS):
            first = await ask([ChatMessage("user", prompt)])
            try:
                return _object(first, schema)
            except schemas.Unusable as problem:
                correction = schemas.second_try(str(problem))
            said = first.value if isinstance(first.value, str) else json.dumps(first.value)
            second = await ask(
                [
                    ChatMessage("user", prompt),
                    ChatMessage("assistant", said[:20_000].strip() or "(nothing)"),
                    ChatMessage("user", correction),
                ]
            )
            try:
                return _object(second, schema)
            except schemas.Unusable:
                raise failures.not_as_asked() from None
    except TimeoutError:
        raise failures.timed_out(answering=False) from None


def _object(answer: Answer, schema: type[T]) -> T:
    # What is cut off may still look valid: a list that lacks its second half.
    if answer.cut:
        raise schemas.Unusable("It was cut off because it was too long: give less.")
    if isinstance(answer.value, str):
        return schemas.read(answer.value, schema)
    return schemas.check(answer.value, schema)


class Ways:
    """Ways to ask for an object, best first; what a model refuses is not tried on it again."""

    def __init__(self, *names: str) -> None:
        self._names = names
        self._start: dict[tuple[str, str], int] = {}

    async def ask(self, key: tuple[str, str], ask: Callable[[str], Awaitable[R]]) -> R:
        """Return what the first way brings that the provider does not refuse with 400."""
        for index in range(self._start.get(key, 0), len(self._names)):
            try:
                answer = await ask(self._names[index])
            except RequestRefused:
                if index + 1 == len(self._names):
                    raise
            else:
                self._start[key] = index
                return answer
        raise AssertionError("there is always a last way")
