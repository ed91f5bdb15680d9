"""What Claude's models take. It is known from a model's name, so that no request has to find out.

platform.claude.com: "Effort", "Structured outputs", "Troubleshooting thinking", "Models overview",
and the migration guides of the 5.5 models. Of a name that tells nothing, the Models API is asked.
"""

import logging
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from memoryloop.llm import limits
from memoryloop.llm.base import Effort

logger = logging.getLogger(__name__)

# "claude-sonnet-5-5", "claude-haiku-4-5-20251001", "claude-3-5-haiku-20241022",
# "anthropic/claude-opus-4.8", "claude-fable-latest".
_NAME = re.compile(
    r"claude-(?:(?P<line>opus|sonnet|haiku|fable|mythos|instant)\b)?"
    r"-?(?:(?P<major>\d{1,2})(?!\d)(?:[-.](?P<minor>\d{1,2})(?!\d))?)?"
    r"(?:-(?P<old_line>opus|sonnet|haiku)\b)?"
)
# A line without a version is an alias of its newest model.
_NEWEST = (99, 0)
_MYTHOS_PREVIEW = (5, 0)
# Tokens for thinking, besides those of the answer. Only what is used is paid for.
_ROOM = 32_768
_ROOM_AT_LOW_EFFORT = 8_192
_ROOM_UNKNOWN = 4_096


@dataclass(frozen=True)
class Takes:
    """What one model takes."""

    effort: bool = False
    # The ways to ask for an object, best first.
    modes: tuple[str, ...] = ("tool", "schema", "words")
    # Tokens that thinking may use. They count towards max_tokens.
    room: int = _ROOM_UNKNOWN
    # The most that max_tokens may be.
    output_tokens: int = 1_000_000

    def max_tokens(self, answer_tokens: int, effort: Effort | None) -> int:
        """Return the max_tokens of a request whose answer may have this many tokens."""
        room = min(self.room, _ROOM_AT_LOW_EFFORT) if effort == "low" else self.room
        return min(answer_tokens + room, self.output_tokens)


_UNKNOWN = Takes()
# What the Models API said, and until when it holds (time.monotonic). By address and model.
_asked: dict[tuple[str, str], tuple[Takes, float]] = {}


def from_name(model: str) -> Takes | None:
    """Return what a model takes, or None if its name does not tell."""
    found = _NAME.search(model.lower())
    line = found and (found["line"] or found["old_line"])
    if not found or not (line or found["major"]):
        return None
    version = (int(found["major"]), int(found["minor"] or 0)) if found["major"] else _NEWEST
    if line == "mythos" and version == _NEWEST and "preview" in model.lower():
        version = _MYTHOS_PREVIEW
    # These lines came with version 5, and think always.
    newest_lines = line in {"fable", "mythos"}
    has_schema = newest_lines or version >= ((4, 1) if line == "opus" else (4, 5))
    effort_since = {"opus": (4, 5), "sonnet": (4, 6)}.get(line or "", (5, 0))
    thinks = newest_lines or version >= (5, 0)
    return Takes(
        effort=newest_lines or version >= effort_since,
        modes=_modes(schema=has_schema, forced_tool=version < (5, 1)),
        room=_ROOM if thinks else 0,
        output_tokens=_output_tokens(line or "", version),
    )


def _modes(*, schema: bool, forced_tool: bool) -> tuple[str, ...]:
    """Return the ways to ask for an object.

    Models that always think refuse a forced tool; gateways may not know a schema.
    """
    modes = {"schema": schema, "tool": forced_tool, "words": True}
    return tuple(mode for mode, is_taken in modes.items() if is_taken)


def _output_tokens(line: str, version: tuple[int, int]) -> int:
    if version >= (5, 0):
        return 128_000
    if version >= (4, 5) or (version >= (4, 0) and line == "sonnet") or version == (3, 7):
        return 64_000
    if version >= (4, 0):
        return 32_000
    return 8_192 if version >= (3, 5) else 4_096


async def takes(model: str, url: str, retrieve: Callable[[str], Awaitable[Any]]) -> Takes:
    """Return what a model takes. `retrieve` asks the Models API for a name that does not tell."""
    known = from_name(model)
    if known is not None:
        return known
    answer, until = _asked.get((url, model), (_UNKNOWN, 0.0))
    if time.monotonic() < until:
        return answer
    try:
        answer = _from_api(await retrieve(model))
    except Exception as error:
        # A gateway without a Models API, most likely. The request itself tells what is wrong.
        logger.info("%s says nothing of the model %s (%s)", url, model, type(error).__name__)
        answer = _UNKNOWN
    _asked[url, model] = answer, time.monotonic() + limits.MODE_KEPT_SECONDS
    return answer


def _from_api(info: Any) -> Takes:
    """Return what the Models API says of a model. Raises AttributeError if it says nothing."""
    capabilities = info.capabilities
    return Takes(
        effort=bool(capabilities.effort.supported),
        modes=_modes(schema=bool(capabilities.structured_outputs.supported), forced_tool=False),
        room=_ROOM if capabilities.thinking.types.adaptive.supported else 0,
        output_tokens=int(info.max_tokens or 0) or _UNKNOWN.output_tokens,
    )
