"""Load what is slow to load, once a web server is up, so that the first learner does not wait.

The parts above register what they want loaded from their AppConfig; this module imports no app.
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
    """Have something loaded after each start of a web server. It touches no network."""
    if loader not in _loaders:
        _loaders.append(loader)


def begin() -> threading.Thread:
    """Load everything in a thread of its own, one after the other, and return the thread."""
    thread = threading.Thread(target=run, name="warming", daemon=True)
    thread.start()
    return thread


def run() -> None:
    """Load everything. What fails is told in the log, and again when it is wanted."""
    for loader in (_load_embedder, *_loaders):
        began = time.monotonic()
        try:
            loader()
        except Exception:
            logger.exception("%s could not be loaded ahead of time.", loader.__qualname__)
        logger.info("%s: %.1f s", loader.__qualname__, time.monotonic() - began)
    # Those of this thread, which ends.
    connections.close_all()
    # All of it stays: no collection, which holds every thread up, looks through it any more.
    gc.freeze()
    # Loading the embedder alone leaves 60 MB of it.
    free_memory.give_back()


def _load_embedder() -> None:
    embeddings.get_embedder().embed(["Anything."])
