"""Gauges: what is so at this moment, read when somebody asks.

Those of a process cost nothing to read. Those of the whole installation are read from PostgreSQL,
so that they are the same in every process: with a few queries, in a thread, at most once in some
seconds however many ask.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass

from django.db import connections

logger = logging.getLogger(__name__)

KEPT_SECONDS = 5.0
# Prometheus waits ten seconds for a whole page.
TIME_LIMIT_SECONDS = 3.0


@dataclass(frozen=True)
class Gauge:
    name: str
    about: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """What a gauge shows. The values of the labels are few, and never of a person's."""

    gauge: Gauge
    value: float
    labels: tuple[str, ...] = ()


Read = Callable[[], Iterable[Reading]]

POSTGRESQL_ANSWERS = Gauge(
    "postgresql_answers",
    "1 if PostgreSQL said within 3 s what follows of the whole installation, else 0.",
)
_of_process: dict[tuple[Gauge, ...], Read] = {}
_of_installation: dict[tuple[Gauge, ...], Read] = {}


def register_of_process(read: Read, *gauges: Gauge) -> None:
    """Add gauges of this process, which are read from memory. Registered again, they change."""
    _of_process[gauges] = read


def register_of_installation(read: Read, *gauges: Gauge) -> None:
    """Add gauges of the whole installation, read from PostgreSQL with a query or two."""
    _of_installation[gauges] = read


def all_of_process() -> list[Gauge]:
    return [gauge for gauges in _of_process for gauge in gauges]


def all_of_installation() -> list[Gauge]:
    return [POSTGRESQL_ANSWERS, *(gauge for gauges in _of_installation for gauge in gauges)]


def of_process() -> list[Reading]:
    return [reading for read in list(_of_process.values()) for reading in read()]


class _Kept:
    """The last readings of the installation, and the thread that reads new ones."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reading: Future[list[Reading]] | None = None
        self._until = 0.0

    def read(self) -> list[Reading]:
        with self._lock:
            fresh = time.monotonic() < self._until
            if self._reading is None or (self._reading.done() and not fresh):
                self._until = time.monotonic() + KEPT_SECONDS
                self._reading = _begin()
            reading = self._reading
        try:
            return [Reading(POSTGRESQL_ANSWERS, 1), *reading.result(TIME_LIMIT_SECONDS)]
        except Exception as error:
            logger.warning("What PostgreSQL knows could not be read (%s).", type(error).__name__)
            return [Reading(POSTGRESQL_ANSWERS, 0)]


_kept = _Kept()


def of_installation() -> list[Reading]:
    """Return what was read in the last 5 s, or read it now; 3 s at most. Never raises."""
    return _kept.read()


def forget() -> None:
    """Read anew the next time."""
    global _kept
    _kept = _Kept()


def _begin() -> Future[list[Reading]]:
    future: Future[list[Reading]] = Future()

    def run() -> None:
        try:
            future.set_result(
                [reading for read in list(_of_installation.values()) for reading in read()]
            )
        except Exception as error:
            future.set_exception(error)
        finally:
            connections.close_all()

    threading.Thread(target=run, name="gauges", daemon=True).start()
    return future
