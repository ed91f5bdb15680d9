"""Streamed answers: the text of an SDK's stream, with our time limits and our errors."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from memoryloop.llm import limits
from memoryloop.llm.failures import Failures
from memoryloop.llm.garbled import fit
from memoryloop.llm.retry import send_with_retry

# After the last event the server may take this long to end the response. A response read to its
# end leaves the connection open for the next question; any other is closed.
_END_OF_RESPONSE_SECONDS = 0.5
# The end of a sentence, a code block, a formula or a table.
# Full stops of Chinese, Hindi and Urdu are among them.
_END = re.compile(
    "[.!?\u2026\u3002\uff01\uff1f\u0964\u061f\u06d4]"
    "[\\s\"'\u201d\u2019\u00bb\u203a\u300d\u300f)\\]}*_`]*\\Z"
    r"|(```|~~~|\$\$|\\\]|\|)\s*\Z"
)
_TAIL_CHARACTERS = 40


class EventStream(Protocol):
    """The part of the SDKs' AsyncStream that is used, besides its `response`."""

    def __aiter__(self) -> AsyncIterator[Any]: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Delta:
    """What one event adds to the answer."""

    text: str = ""
    is_last: bool = False
    is_refusal: bool = False
    # The answer ends because it reached its length limit.
    is_cut_off: bool = False


async def stream_text(
    send: Callable[[Mapping[str, str]], Awaitable[EventStream]],
    read_event: Callable[[Any], Delta],
    failures: Failures,
    *,
    marks_end: bool = True,
) -> AsyncGenerator[str, None]:
    """Send a request and yield the text of its streamed answer as it comes.

    Raises LlmError. LengthReached is raised after the last text of an answer that was cut off.
    Silence of the connection ends an answer, as does a long time without text (limits.py). Where
    the end is not always marked, a response that ends in order after what reads like an end is an
    answer, and after anything else EndUnmarked is raised.
    """

    async def begin(headers: Mapping[str, str]) -> EventStream:
        async with asyncio.timeout(limits.FIRST_TEXT_SECONDS):
            return await send(headers)

    stream = await send_with_retry(begin, failures)
    events, clock = aiter(stream), _Clock(stream)
    is_begun = is_ended = is_cut_off = is_refused = False
    length = 0
    # The end of the text so far.
    tail = ""
    try:
        while True:
            try:
                event = await clock.next_of(events, is_begun, is_ended)
            except StopAsyncIteration:
                break
            except Exception as error:
                if is_ended:
                    break
                if isinstance(error, TimeoutError):
                    raise failures.timed_out(answering=length > 0) from None
                raise failures.from_sdk(error, answering=is_begun) from None
            is_begun = True
            delta = read_event(event)
            is_ended, is_cut_off = is_ended or delta.is_last, is_cut_off or delta.is_cut_off
            is_refused = is_refused or delta.is_refusal
            if is_refused and not length:
                raise failures.declined()
            if delta.text:
                clock.text_came()
                length += len(delta.text)
                tail = (tail + delta.text)[-_TAIL_CHARACTERS:]
                yield fit(delta.text)
            if length > limits.ANSWER_CHARACTERS:
                raise failures.endless()
    finally:
        await stream.close()
    if not is_ended and length and not marks_end:
        if not _END.search(tail):
            raise failures.end_unmarked()
        return
    if not is_ended:
        raise failures.broken_off() if is_begun else failures.unreadable()
    if not length:
        raise failures.thought_too_long() if is_cut_off else failures.empty()
    if is_refused:
        raise failures.declined_midway()
    if is_cut_off:
        raise failures.length_reached()


class _Clock:
    """How long the next event is waited for. Each byte that comes puts off the end."""

    def __init__(self, stream: EventStream) -> None:
        # Imported here, because it imports httpx2.
        from memoryloop.llm.pulse import Pulse

        self._loop = asyncio.get_running_loop()
        self._timeout: asyncio.Timeout | None = None
        self._silence_seconds = 0.0
        response = getattr(stream, "response", None)
        if response is not None:
            Pulse.of(response).on_bytes = self._put_off
        self.text_came()

    def text_came(self) -> None:
        self._text_until = self._loop.time() + limits.WITHOUT_TEXT_SECONDS

    async def next_of(self, events: AsyncIterator[Any], is_begun: bool, is_ended: bool) -> Any:
        """Return the next event. Raises TimeoutError after a silence, or too long without text."""
        self._silence_seconds = (
            limits.BETWEEN_TEXT_SECONDS if is_begun else limits.FIRST_TEXT_SECONDS
        )
        if is_ended:
            self._silence_seconds = _END_OF_RESPONSE_SECONDS
        async with asyncio.timeout_at(self._end()) as timeout:
            # After the last event, what comes is no reason to wait.
            self._timeout = None if is_ended else timeout
            try:
                return await anext(events)
            finally:
                self._timeout = None

    def _put_off(self) -> None:
        if self._timeout is not None:
            self._timeout.reschedule(self._end())

    def _end(self) -> float:
        return min(self._loop.time() + self._silence_seconds, self._text_until)
