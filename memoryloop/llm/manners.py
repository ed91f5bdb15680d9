"""Manners: where servers of OpenAI's protocol want a request otherwise than most do.

A server says so by refusing the request. It is asked again as it wants it, and so is the next
request for a while.
"""

import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from memoryloop.llm import limits
from memoryloop.llm.base import LlmError, Overloaded, RequestRefused
from memoryloop.llm.windows import Where

R = TypeVar("R")

# A chat template's, or OpenAI's, OpenRouter's and Google's words for models that know two roles.
_NO_SYSTEM = re.compile(
    r"\bsystem\b[^.]{0,40}(role|message|prompt|instruction)|role[^.]{0,40}\bsystem\b"
    r"|developer instruction|roles? must alternate|only user(,| and) assistant",
    re.IGNORECASE,
)
_LIMIT = re.compile(r"max_(completion_)?tokens")
_SERVERS_FAULT = {500, 501}
# What a server says that failed without knowing why, as some do over a role their model lacks.
_NOTHING = re.compile(r"\W*(internal server error)?\W*", re.IGNORECASE)


@dataclass(frozen=True)
class Manner:
    """How a server wants requests."""

    # The name of the limit of an answer; blank for a server that takes none.
    limit: str = "max_tokens"
    # Else the system prompt stands before the first message of the learner.
    has_system_role: bool = True

    def after(self, refusal: LlmError, default: "Manner", *, guess: bool) -> "Manner | None":
        """Return the manner to try after a refusal; None if it is about something else.

        `guess`: whether a server's failure that says nothing may be about the system role.
        """
        if not isinstance(refusal, (RequestRefused, Overloaded)):
            return None
        if _LIMIT.search(refusal.said) and self.limit:
            other = "max_completion_tokens"
            if default.limit == other:
                other = "max_tokens"
            return replace(self, limit=other if self.limit == default.limit else "")
        is_unexplained = (
            guess and refusal.status in _SERVERS_FAULT and bool(_NOTHING.fullmatch(refusal.said))
        )
        if self.has_system_role and (is_unexplained or _NO_SYSTEM.search(refusal.said)):
            return replace(self, has_system_role=False)
        return None


_kept: dict[Where, tuple[Manner, float]] = {}


def clear() -> None:
    _kept.clear()


async def ask(
    where: Where,
    default: Manner,
    ask_in: Callable[[Manner], Awaitable[R]],
    failure_of: Callable[[Exception], LlmError],
    *,
    guess: bool = False,
) -> R:
    """Return what `ask_in(manner)` returns in the first manner that the server does not refuse.

    Raises the error of the first attempt if another manner does not help either.
    """
    manner, until = _kept.get(where, (default, 0.0))
    if time.monotonic() >= until:
        manner = default
    first: Exception | None = None
    tried = {manner}
    while True:
        try:
            answer = await ask_in(manner)
        except Exception as error:
            first = first or error
            other = manner.after(failure_of(error), default, guess=guess)
            if other is None or other in tried:
                raise first from None
            manner = other
            tried.add(manner)
            continue
        if first is not None:
            now = time.monotonic()
            for old in [each for each, (_, end) in _kept.items() if end < now]:
                _kept.pop(old, None)
            _kept[where] = manner, now + limits.MODE_KEPT_SECONDS
        return answer
