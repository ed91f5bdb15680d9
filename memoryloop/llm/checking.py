"""Checks of a key or a server while somebody watches a form: they end within seconds."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from threading import Thread
from typing import TypeVar

from memoryloop.llm import limits
from memoryloop.llm.base import LlmError
from memoryloop.llm.failures import Failures

R = TypeVar("R")


def run_in_time(
    ask: Callable[[], Awaitable[R]], prepare: Callable[[], object], failures: Failures
) -> R:
    """Return what `ask()` returns. Raises LlmError; TimedOut after 3 s.

    `prepare` imports the SDK, which is slow the first time. Safe in any thread, whether an event
    loop runs there or not.
    """
    began = time.monotonic()
    outcome: Future[R] = Future()

    async def bounded() -> R:
        # The import counts, too, but leaves half of the time to the request on a slow machine.
        spent = time.monotonic() - began
        seconds = max(limits.KEY_CHECK_SECONDS / 2, limits.KEY_CHECK_SECONDS - spent)
        try:
            async with asyncio.timeout(seconds):
                return await ask()
        except TimeoutError:
            raise failures.timed_out(answering=False) from None
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
        return outcome.result(timeout=limits.KEY_CHECK_SECONDS * 1.5 + 1)
    except FutureTimeout:
        raise failures.timed_out(answering=False) from None
