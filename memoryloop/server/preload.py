"""Preloading: slow imports and files are loaded when the web server starts, not in a request.

Apps register their loaders from their AppConfig; this module imports no app.
"""

import gc
import logging
import threading
import time
from collections.abc import Callable

from django.db import connections

from memoryloop import embeddings
from memoryloop.server import free_memory

logger = logging.getLogger(__name__)

_loaders: list[Callable[[], object]] = []


def register(loader: Callable[[], object]) -> None:
    """Add a loader that runs after each start of a web server. It must not use the network."""
    if loader not in _loaders:
        _loaders.append(loader)


def begin() -> threading.Thread:
    """Start the thread that runs all loaders, and return it."""
    thread = threading.Thread(target=run, name="warming", daemon=True)
    thread.start()
    return thread


def run() -> None:
    """Run all loaders. A failure is logged, and raised again where the thing is used."""
    for loader in (_load_embedder, *_loaders):
        began = time.monotonic()
        try:
            loader()
        except Exception:
            logger.exception("%s could not be loaded ahead of time.", loader.__qualname__)
        logger.info("%s: %.1f s", loader.__qualname__, time.monotonic() - began)
    # The connections of this thread, which ends.
    connections.close_all()
    # It all stays, so the garbage collector, which stops all threads, need not search it.
    gc.freeze()
    # Loading leaves tens of megabytes of freed memory.
    free_memory.give_back()


def _load_embedder() -> None:
    embeddings.get_embedder().embed(["Anything."])
