"""The retry: a request to a provider is sent a second time after a failure that may pass."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from memoryloop.llm import limits
from memoryloop.llm.base import Overloaded
from memoryloop.llm.failures import ConnectionDropped, Failures

R = TypeVar("R")
# The SDKs send this header themselves when they retry.
RETRY_HEADER = "x-stainless-retry-count"


async def send_with_retry(
    send: Callable[[Mapping[str, str]], Awaitable[R]], failures: Failures
) -> R:
    """Return what `send(headers)` returns, sent again after a server error or a lost connection.

    Raises LlmError. A rate limit is not retried: waiting is the learner's choice.
    """
    try:
        return await send({RETRY_HEADER: "0"})
    except Exception as error:
        failure = failures.from_sdk(error, answering=False)
        # 501 says that the server cannot do this at all.
        if not isinstance(failure, (Overloaded, ConnectionDropped)) or failure.status == 501:
            raise failure from None
    await asyncio.sleep(limits.RETRY_SECONDS)
    try:
        return await send({RETRY_HEADER: "1"})
    except Exception as error:
        raise failures.from_sdk(error, answering=False) from None
