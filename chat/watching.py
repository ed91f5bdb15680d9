"""Whoever watches an answer being written, and how they learn that there is more of it."""

import asyncio
import contextlib
import threading
import weakref


class Waker:
    """Wakes the watchers of one event loop: however many have news, it is woken once for all.

    To wake a loop from another thread is a call of the system, which at hundreds of words a second
    costs more than the words.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = weakref.ref(loop)
        self._lock = threading.Lock()
        self._waiting: list[asyncio.Event] = []

    def wake(self, event: asyncio.Event) -> None:
        """Set an event of the loop. Called from any thread."""
        with self._lock:
            self._waiting.append(event)
            if len(self._waiting) > 1:
                return
        loop = self._loop()
        if loop is not None:
            # An ended loop raises; its watchers have ended with it.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._set_all)

    def _set_all(self) -> None:
        with self._lock:
            events, self._waiting = self._waiting, []
        for event in events:
            event.set()


_wakers: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Waker]" = weakref.WeakKeyDictionary()


class Watcher:
    """Somebody who wants to know, in their own event loop, when there is more."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._waker = _wakers.setdefault(loop, Waker(loop))
        self._event = asyncio.Event()

    async def wait(self, timeout_seconds: float) -> bool:
        """Return whether there was news before the time was up."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True

    def notify(self) -> None:
        """Wake the watcher. Called from the writer's thread."""
        if not self._event.is_set():
            self._waker.wake(self._event)
