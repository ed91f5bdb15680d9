"""Spans: what a request, a job or a call to a provider consists of, where traces are wanted.

Without a tracer `span` gives one that keeps nothing.
"""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

Value = str | int | float | bool

# All that a span may say. None of it is what somebody wrote, who it was, a key or a parameter.
ATTRIBUTES = frozenset(
    {
        *("http.request.method", "http.route", "http.response.status_code", "error.type"),
        *("memoryloop.view", "memoryloop.sql.count", "memoryloop.sql.seconds"),
        *("memoryloop.provider", "memoryloop.first_word.seconds"),
        *("memoryloop.job.task", "memoryloop.job.queue", "memoryloop.job.attempt"),
        *("memoryloop.checkpoint.entries", "memoryloop.checkpoint.cards"),
        "memoryloop.checkpoint.reviews",
    }
)


class Span(Protocol):
    def say(self, **attributes: Value) -> None:
        """Add attributes; `__` in a name stands for a dot. Raises ValueError for unknown ones."""
        ...

    def fail(self, error_type: str) -> None:
        """Mark it as failed, with the name of the error's class and never its message."""
        ...


class _NoSpan:
    def say(self, **attributes: Value) -> None:
        pass

    def fail(self, error_type: str) -> None:
        pass


# Makes a span that ends with the `with` block. An error in the block marks it as failed.
Tracer = Callable[[str], AbstractContextManager[Span]]

_NO_SPAN = _NoSpan()
_tracer: Tracer | None = None


def trace_with(tracer: Tracer | None) -> None:
    global _tracer
    _tracer = tracer


def are_wanted() -> bool:
    return _tracer is not None


@contextlib.contextmanager
def span(name: str, **attributes: Value) -> Iterator[Span]:
    """Give a span around a block. Its name holds nothing of a person's either."""
    if _tracer is None:
        yield _NO_SPAN
        return
    with _tracer(name) as made:
        made.say(**attributes)
        yield made


def dotted(attributes: dict[str, Value]) -> dict[str, Value]:
    """Return the attributes by their names. Raises ValueError for one not in ATTRIBUTES."""
    named = {name.replace("__", "."): value for name, value in attributes.items()}
    if unknown := named.keys() - ATTRIBUTES:
        raise ValueError(f"A span does not say {', '.join(sorted(unknown))}.")
    return named
