"""The retry: a request to a provider is sent a second time after a failure that may pass."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from memoryloop.llm import limits
from memoryloop.llm.base import LlmError, Overloaded, RateLimited
from memoryloop.llm.failures import ConnectionDropped, Failures

R = TypeVar("R")
# The SDKs send this header themselves when they retry.
RETRY_HEADER = "x-stainless-retry-count"


async def send_with_retry(
    send: Callable[[Mapping[str, str]], Awaitable[R]],
    failures: Failures,
    *,
    patience_seconds: float | None = None,
) -> R:
    """Return what `send(headers)` returns, sent again after a failure that may pass.

    That is a server error, a lost connection, or a limit of rates. The provider's own time is
    waited for where it gives one, if it is not above `patience_seconds` (5 s unless given).
    Raises LlmError.
    """
    most = limits.PROVIDERS_PAUSE_SECONDS if patience_seconds is None else patience_seconds
    try:
        return await send({RETRY_HEADER: "0"})
    except Exception as error:
        failure = failures.from_sdk(error, answering=False)
        # 501 says that the server cannot do this at all.
        seconds = None if failure.status == 501 else _pause_seconds(failure, most)
        if seconds is None:
            raise failure from None
    await asyncio.sleep(seconds)
    try:
        return await send({RETRY_HEADER: "1"})
    except Exception as error:
        raise failures.from_sdk(error, answering=False) from None


def _pause_seconds(failure: LlmError, most: float) -> float | None:
    """Return how long to wait before a request is sent again; None if it is not."""
    if isinstance(failure, (Overloaded, RateLimited)) and failure.retry_after_seconds:
        # For longer, waiting is the learner's choice: the sentence says how long.
        seconds = failure.retry_after_seconds
        return seconds if seconds <= most else None
    return limits.RETRY_SECONDS if isinstance(failure, (Overloaded, ConnectionDropped)) else None
