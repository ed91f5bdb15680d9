"""Checks of a key or a server while somebody watches a form: they end within seconds."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from threading import Thread
from typing import TypeVar

from memoryloop.llm import limits
from memoryloop.llm.base import (
    BadResponse,
    ChatMessage,
    LengthReached,
    LlmError,
    Provider,
    TimedOut,
)
from memoryloop.llm.failures import Failures

R = TypeVar("R")
_QUESTION = [ChatMessage("user", "Answer with one word: are you there?")]
_WORD_TOKENS = 16


async def ask_one_word(provider: Provider) -> None:
    """Ask a model for one word, which costs next to nothing. Raises LlmError if none comes.

    A key may list models that it may not ask.
    """
    try:
        async with asyncio.timeout(limits.WORD_SECONDS):
            stream = provider.stream(system="", messages=_QUESTION, max_tokens=_WORD_TOKENS)
            try:
                await anext(aiter(stream))
            finally:
                await stream.aclose()  # type: ignore[attr-defined] # they are generators
    except (StopAsyncIteration, LengthReached, BadResponse):
        # It was asked and has answered, if only with thoughts.
        return
    except TimeoutError:
        raise TimedOut(
            f"{provider.label} can be reached, but its model has not answered within "
            f"{limits.WORD_SECONDS:.0f} seconds. It may still be loading: test it again in a while."
        ) from None


async def in_time(asked: Awaitable[R], failures: Failures, *, began: float) -> R:
    """Return what is asked of a server besides its model, such as the list of its models.

    Raises LlmError; TimedOut 3 s after `began` (time.monotonic).
    """
    # The import of the SDK counts, too, but leaves half of the time on a slow machine.
    spent = time.monotonic() - began
    try:
        async with asyncio.timeout(
            max(limits.KEY_CHECK_SECONDS / 2, limits.KEY_CHECK_SECONDS - spent)
        ):
            return await asked
    except TimeoutError:
        raise failures.timed_out(answering=False) from None


def run_in_time(
    ask: Callable[[float], Awaitable[R]], prepare: Callable[[], object], failures: Failures
) -> R:
    """Return what `ask(began)` returns. Raises LlmError, within 20 s.

    `prepare` imports the SDK, which is slow the first time. Safe in any thread, whether an event
    loop runs there or not.
    """
    began = time.monotonic()
    outcome: Future[R] = Future()

    async def bounded() -> R:
        try:
            return await ask(began)
        except LlmError:
            raise
        except Exception as error:
            raise failures.from_sdk(error, answering=False) from None

    async def settle() -> None:
        # Inside the loop, whose end waits for a name that is still being resolved.
        try:
            outcome.set_result(await bounded())
        except LlmError as error:
            outcome.set_exception(error)

    def work() -> None:
        try:
            prepare()
            asyncio.run(settle())
        except BaseException as error:
            if not outcome.done():
                outcome.set_exception(error)

    # In a thread that can be left behind: the resolving of a name cannot be cancelled.
    Thread(target=work, name="check-provider", daemon=True).start()
    try:
        return outcome.result(timeout=limits.KEY_CHECK_SECONDS * 1.5 + 1 + limits.WORD_SECONDS)
    except FutureTimeout:
        raise failures.timed_out(answering=False) from None
