"""Freed memory: glibc is told to return it to the system.

glibc keeps an arena for each of up to eight threads a processor, and memory freed in an arena
mostly stays with the process. A web process that has served a learner with 100,000 cards keeps
100 MB less with this module (docs/decisions/0013-freed-memory.md). On other C libraries (macOS,
musl) the functions do nothing.
"""

import ctypes
import functools
import os
import threading
import time
from typing import Any

# From malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
# Blocks of this size and more are mapped, and returned when they are freed. For 100,000 cards
# these are most arrays of a request, which would leave 40 MB on the heap. Mapping costs no time.
_MAPPED_BYTES = 2**17
_TOP_BYTES = 4 * 2**20
PAUSE_SECONDS = 5.0
# The pause after `soon`, in which the request that called it ends.
SOON_SECONDS = 0.3

_wanted = threading.Event()


@functools.cache
def _library() -> Any | None:
    """Return glibc; None where the C library is another."""
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") and hasattr(library, "mallopt") else None


def limit() -> None:
    """Limit the arenas and the unused memory from now on. Call it first: arenas stay."""
    library = _library()
    if library is not None:
        library.mallopt(_M_ARENA_MAX, max(2, os.cpu_count() or 2))
        library.mallopt(_M_MMAP_THRESHOLD, _MAPPED_BYTES)
        library.mallopt(_M_TRIM_THRESHOLD, _TOP_BYTES)


def give_back() -> bool:
    """Return freed memory to the system; tell whether there was any. Takes some milliseconds."""
    library = _library()
    return library is not None and bool(library.malloc_trim(0))


@functools.cache
def begin() -> threading.Thread:
    """Start the thread that gives memory back every few seconds, once in a process."""
    thread = threading.Thread(target=_run, name="allocator", daemon=True)
    thread.start()
    return thread


def soon() -> None:
    """Have the thread give memory back soon, after a request that has read much."""
    _wanted.set()


def _run() -> None:
    while True:
        if _wanted.wait(PAUSE_SECONDS):
            time.sleep(SOON_SECONDS)
            _wanted.clear()
        give_back()
