"""Watchers: how a page's coroutine waits for new text of an answer that another thread writes."""

import asyncio
import contextlib
import threading
import weakref
from collections.abc import Callable


class Waker:
    """Calls functions in an event loop from another thread, waking the loop once for all of them.

    Waking a loop from another thread is a system call. At hundreds of words a second it would cost
    more than the words.
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
            # A closed loop raises; its watchers ended with it.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._call_all)

    def _call_all(self) -> None:
        with self._lock:
            functions, self._waiting = self._waiting, []
        for function in functions:
            function()


_wakers: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Waker]" = weakref.WeakKeyDictionary()


class Watcher:
    """A flag that any thread can set and that a coroutine of one event loop waits for."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._waker = _wakers.setdefault(self._loop, Waker(self._loop))
        self._is_set = False
        self._waiting: asyncio.Future[None] | None = None
        # One timer for all waits: it is set again when it runs out, not for each wait.
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def wait(self, timeout_seconds: float) -> bool:
        """Return whether the watcher was notified before the time was up."""
        if not self._is_set:
            self._waiting = self._loop.create_future()
            self._deadline = self._loop.time() + timeout_seconds
            if self._timer is None:
                self._timer = self._loop.call_at(self._deadline, self._check_timer)
            try:
                await self._waiting
            finally:
                self._waiting = None
        was_set, self._is_set = self._is_set, False
        return was_set

    def notify(self) -> None:
        """Wake the watcher. Called from any thread, also from the watcher's own."""
        if self._is_set:
            return
        if threading.get_ident() == self._thread:
            self._set()
        else:
            self._waker.call(self._set)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _set(self) -> None:
        self._is_set = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _check_timer(self) -> None:
        self._timer = None
        if self._waiting is None or self._waiting.done():
            return
        if self._loop.time() < self._deadline:
            self._timer = self._loop.call_at(self._deadline, self._check_timer)
        else:
            self._waiting.set_result(None)
