"""Waiting in tests: for what comes about in a thread, and not for a time."""

import time
from collections.abc import Callable


def wait_until(true: Callable[[], object], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "It did not come about in time."
        time.sleep(0.02)
