"""Have the C library give back memory that was freed.

glibc keeps an arena for each of up to eight threads a processor, and what is freed in them mostly
stays with the process: after a learner with 100,000 cards has sorted and searched them, a quarter
of it. Elsewhere (macOS, musl) these are no-ops.
"""

import ctypes
import functools
import os
import threading
import time
from typing import Any

# From malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
# Larger blocks are mapped and returned as they are freed. For 100,000 cards these are most arrays
# of a request: on the heap they leave 40 MB behind, and take as long.
_MAPPED_BYTES = 2**17
_TOP_BYTES = 4 * 2**20
PAUSE_SECONDS = 5.0
# From when much was freed, so that what is still being done with it comes to its end.
SOON_SECONDS = 0.3

_wanted = threading.Event()


@functools.cache
def _library() -> Any | None:
    """Return glibc; None where the C library is another."""
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") and hasattr(library, "mallopt") else None


def bound() -> None:
    """Keep few arenas and little that is unused, from now on. Call early: arenas stay."""
    library = _library()
    if library is not None:
        library.mallopt(_M_ARENA_MAX, max(2, os.cpu_count() or 2))
        library.mallopt(_M_MMAP_THRESHOLD, _MAPPED_BYTES)
        library.mallopt(_M_TRIM_THRESHOLD, _TOP_BYTES)


def give_back() -> bool:
    """Return what was freed to the system; tell whether there was any. Takes some milliseconds."""
    library = _library()
    return library is not None and bool(library.malloc_trim(0))


@functools.cache
def begin() -> threading.Thread:
    """Give back every now and then, in a thread that ends with the process."""
    thread = threading.Thread(target=_run, name="allocator", daemon=True)
    thread.start()
    return thread


def soon() -> None:
    """Have the thread give back in a moment: a request has read much that it does not keep."""
    _wanted.set()


def _run() -> None:
    while True:
        if _wanted.wait(PAUSE_SECONDS):
            time.sleep(SOON_SECONDS)
            _wanted.clear()
        give_back()
