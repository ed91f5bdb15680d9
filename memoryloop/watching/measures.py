"""Measures: how long things take and how often they happen, told to whoever listens.

Without a listener, `record` does nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

# Upper bounds of a histogram's buckets, in seconds.
QUICK = (0.001, 0.002, 0.003, 0.005, 0.007, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
USUAL = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
LONG = (0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


@dataclass(frozen=True)
class Measure:
    """A histogram of seconds. The values of its labels are few, and never of a person's."""

    name: str
    about: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = USUAL


REQUEST = Measure(
    "request_duration_seconds",
    "Requests by view, method and status, until the response begins.",
    ("view", "method", "status"),
)
RATING = Measure(
    "rating_duration_seconds",
    "Ratings that were taken, until the page with the next card begins.",
    bounds=QUICK,
)
FIRST_WORD = Measure(
    "first_word_delay_seconds",
    "From asking a provider to the first word of its answer, by kind of provider.",
    ("provider",),
    LONG,
)
JOB = Measure("job_duration_seconds", "Jobs by task and how they end.", ("task", "end"), LONG)
CHECKPOINT = Measure(
    "checkpoint_duration_seconds", "Checkpoints that moved something.", bounds=LONG
)
OF_WEB = (REQUEST, RATING, FIRST_WORD)
ALL = (*OF_WEB, JOB, CHECKPOINT)

# Called with the measure, the seconds and the values of the labels.
Listener = Callable[[Measure, float, tuple[str, ...]], None]

_listeners: list[Listener] = []
# Views whose requests are recorded by themselves as well.
of_view: dict[str, Measure] = {}


def listen(listener: Listener) -> None:
    _listeners.append(listener)


def record(measure: Measure, seconds: float, *labels: str) -> None:
    for listener in _listeners:
        listener(measure, seconds, labels)


def also_by_itself(view: str, measure: Measure) -> None:
    """Record the requests of a view in a measure of their own too, which has no labels."""
    of_view[view] = measure
