"""Background tasks of a web process: coroutines on one event loop, beside the requests.

The loop is the web server's own (`adopt`), so that a model's words reach the page without a change
of threads; without a web server it is a loop in a thread.

A task writes the answer of a model, so that the answer goes on when its page is closed. Work that
must survive the process belongs to the worker.
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

# Each thread holds a database connection while it works: the pool has 16.
_DATABASE_THREADS = 4
_SIDE_THREADS = 4
_EXIT_SECONDS = 3.0


class _Loop:
    """An event loop, and the threads for synchronous work of its coroutines."""

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
        """Await a coroutine as a task that `stop` cancels."""
        task = asyncio.create_task(coroutine, name=name)
        self.tasks.add(task)
        if self.stopping:
            # After its first step, so that it can store that it was cut off.
            self.loop.call_soon(task.cancel)
        try:
            return await task
        except Exception:
            logger.exception("The background task %s failed", name)
            raise
        finally:
            self.tasks.discard(task)

    async def cancel_all(self) -> None:
        """Cancel the tasks, and wait for them and for those that start meanwhile."""
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
    """Run the coroutines on a web server's loop, which must call `shutdown` before it ends.

    Does nothing once another loop runs.
    """
    global _running
    with _guard:
        if _running is None:
            _running = _Loop(loop)


def submit(coroutine: Coroutine[Any, Any, T], *, name: str) -> concurrent.futures.Future[T]:
    """Run a coroutine on the background loop and return its future, from any thread.

    A failure is logged with the name, whether or not the future is used.
    """
    background = _get()
    return asyncio.run_coroutine_threadsafe(background.run(coroutine, name), background.loop)


async def run_in_database(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run synchronous code that uses the ORM, from a coroutine on any loop.

    It runs in one of a few threads, outside the caller's transaction, and returns its database
    connection to the pool at the end.
    """
    return await asyncio.wrap_future(_send(_get().database, function, *args, **kwargs))


def run_aside(
    function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> concurrent.futures.Future[T]:
    """Run optional work that may take long, from any thread, as `run_in_database` does.

    It has its own threads, so that work which must be done does not wait for it.
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
    """Cancel the tasks, let them store what they have, and end the thread.

    Called when the web server stops, and at exit, from another thread than the loop's. The next
    use of the module starts a new loop.
    """
    global _running
    background = _running
    if background is None:
        return
    # `_running` stays set meanwhile, because the tasks use it to store what they have.
    background.stop(timeout_seconds)
    with _guard:
        if _running is background:
            _running = None


atexit.register(shutdown)
