"""Run coroutines beside the requests: on one event loop in each web process.

It is the web server's own loop where there is one (`adopt`), so that a word of an answer passes
from the model to the page without changing threads; else a loop in a thread of its own.

An answer that streams from a model is written down by a coroutine here, so that it goes on when
the page that asked for it is closed. Work that must outlive the process belongs to the worker.
"""

import asyncio
import atexit
import concurrent.futures
import logging
import threading
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from django.db import connections

logger = logging.getLogger(__name__)

T = TypeVar("T")
P = ParamSpec("P")

# Each holds a database connection while it works: far fewer than the pool has.
_DATABASE_THREADS = 4
_SIDE_THREADS = 4
_EXIT_SECONDS = 3.0


class _Loop:
    """An event loop, and the threads its coroutines send work to."""

    def __init__(self, adopted: asyncio.AbstractEventLoop | None = None) -> None:
        self.loop = adopted or asyncio.new_event_loop()
        self.tasks: set[asyncio.Task[Any]] = set()
        self.stopping = False
        self.database = concurrent.futures.ThreadPoolExecutor(
            _DATABASE_THREADS, thread_name_prefix="background-database"
        )
        self.side = concurrent.futures.ThreadPoolExecutor(
            _SIDE_THREADS, thread_name_prefix="background-side"
        )
        self.thread: threading.Thread | None = None
        if adopted is None:
            self.thread = threading.Thread(target=self._run, name="background", daemon=True)
            self.thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.close()

    async def run(self, coroutine: Coroutine[Any, Any, T], name: str) -> T:
        """Await a coroutine as a task of its own that `stop` knows of."""
        task = asyncio.create_task(coroutine, name=name)
        self.tasks.add(task)
        if self.stopping:
            # After its first step, so that it can write down that it was cut off.
            self.loop.call_soon(task.cancel)
        try:
            return await task
        except Exception:
            logger.exception("The background task %s failed", name)
            raise
        finally:
            self.tasks.discard(task)

    async def cancel_all(self) -> None:
        """Cancel what runs, and wait for it and for what is begun meanwhile."""
        self.stopping = True
        for task in self.tasks:
            task.cancel()
        while self.tasks:
            await asyncio.gather(*self.tasks, return_exceptions=True)

    def stop(self, timeout_seconds: float) -> None:
        if not self.loop.is_closed():
            self._stop(timeout_seconds)
        for threads in (self.database, self.side):
            threads.shutdown(wait=False, cancel_futures=True)

    def _stop(self, timeout_seconds: float) -> None:
        try:
            asyncio.run_coroutine_threadsafe(self.cancel_all(), self.loop).result(timeout_seconds)
        except TimeoutError:
            names = ", ".join(sorted(task.get_name() for task in self.tasks))
            logger.warning("Background tasks did not end within %s s: %s", timeout_seconds, names)
        if self.thread is not None:
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join(timeout_seconds)


_guard = threading.Lock()
_running: _Loop | None = None


def _get() -> _Loop:
    global _running
    with _guard:
        if _running is None:
            _running = _Loop()
        return _running


def adopt(loop: asyncio.AbstractEventLoop) -> None:
    """Have the coroutines run on a web server's loop, which calls `shutdown` before it ends.

    Too late where they run already.
    """
    global _running
    with _guard:
        if _running is None:
            _running = _Loop(loop)


def submit(coroutine: Coroutine[Any, Any, T], *, name: str) -> concurrent.futures.Future[T]:
    """Run a coroutine on the background loop and return its future, from any thread.

    A failure is logged under the name, whether or not anybody asks the future.
    """
    background = _get()
    return asyncio.run_coroutine_threadsafe(background.run(coroutine, name), background.loop)


async def run_in_database(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run synchronous code that uses the ORM, from a coroutine on any loop.

    It runs in one of a few threads, outside the caller's transaction, and gives its database
    connection back to the pool at the end.
    """
    return await asyncio.wrap_future(_send(_get().database, function, *args, **kwargs))


def run_aside(
    function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> concurrent.futures.Future[T]:
    """Run what may take long and can be done without, from any thread; as `run_in_database` does.

    In threads of its own: however slow it is, what has to be written down does not wait for it.
    """
    return _send(_get().side, function, *args, **kwargs)


def _send(
    threads: concurrent.futures.ThreadPoolExecutor,
    function: Callable[P, T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> concurrent.futures.Future[T]:
    def call() -> T:
        try:
            return function(*args, **kwargs)
        finally:
            connections.close_all()

    return threads.submit(call)


def shutdown(timeout_seconds: float = _EXIT_SECONDS) -> None:
    """Cancel what runs, let it write down what it has, and end the thread.

    Called when the web server stops, and at exit, from another thread than the loop's. Using the
    module again begins anew.
    """
    global _running
    background = _running
    if background is None:
        return
    # What is being ended is still the one that runs: it has things to write down.
    background.stop(timeout_seconds)
    with _guard:
        if _running is background:
            _running = None


atexit.register(shutdown)
