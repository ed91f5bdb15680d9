"""Whoever watches an answer being written, and how they learn that there is more of it."""

import asyncio
import contextlib
import threading
import weakref
from collections.abc import Callable


class Waker:
    """Calls the watchers of one event loop from another thread: it is woken once for all of them.

    To wake a loop from another thread is a call of the system, which at hundreds of words a second
    costs more than the words.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = weakref.ref(loop)
        self._lock = threading.Lock()
        self._waiting: list[Callable[[], None]] = []

    def call(self, function: Callable[[], None]) -> None:
        """Call a function in the loop. Called from any thread."""
        with self._lock:
            self._waiting.append(function)
            if len(self._waiting) > 1:
                return
        loop = self._loop()
        if loop is not None:
            # An ended loop raises; its watchers have ended with it.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._call_all)

    def _call_all(self) -> None:
        with self._lock:
            functions, self._waiting = self._waiting, []
        for function in functions:
            function()


_wakers: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Waker]" = weakref.WeakKeyDictionary()


class Watcher:
    """Somebody who wants to know, in their own event loop, when there is more."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._waker = _wakers.setdefault(self._loop, Waker(self._loop))
        self._has_news = False
        self._waiting: asyncio.Future[None] | None = None
        # One clock for all waits, which looks again rather than be set anew for each word.
        self._until = 0.0
        self._clock: asyncio.TimerHandle | None = None

    async def wait(self, timeout_seconds: float) -> bool:
        """Return whether there was news before the time was up."""
        if not self._has_news:
            self._waiting = self._loop.create_future()
            self._until = self._loop.time() + timeout_seconds
            if self._clock is None:
                self._clock = self._loop.call_at(self._until, self._look_at_clock)
            try:
                await self._waiting
            finally:
                self._waiting = None
        came, self._has_news = self._has_news, False
        return came

    def notify(self) -> None:
        """Wake the watcher. Called from the writer's thread, which may be the watcher's own."""
        if self._has_news:
            return
        if threading.get_ident() == self._thread:
            self._hear()
        else:
            self._waker.call(self._hear)

    def close(self) -> None:
        if self._clock is not None:
            self._clock.cancel()

    def _hear(self) -> None:
        self._has_news = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _look_at_clock(self) -> None:
        self._clock = None
        if self._waiting is None or self._waiting.done():
            return
        if self._loop.time() < self._until:
            self._clock = self._loop.call_at(self._until, self._look_at_clock)
        else:
            self._waiting.set_result(None)
