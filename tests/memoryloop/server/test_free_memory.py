"""Freed memory is returned to the system, where the C library can do that."""

import subprocess
import sys

import pytest

from memoryloop.server import free_memory

# Blocks between others that stay: freed, they are holes that glibc keeps by itself.
_PROGRAM = """
import resource
from pathlib import Path
from memoryloop.server import free_memory

def megabytes():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 2**20

free_memory.limit()
blocks = [b"x" * 50_000 for _ in range(4_000)]
kept = blocks[::50]
del blocks
before = megabytes()
assert free_memory.give_back()
print(before - megabytes())
"""


@pytest.mark.skipif(free_memory._library() is None, reason="the C library is not glibc")
def test_memory_between_blocks_that_stay_is_given_back() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True, timeout=120
    )
    assert int(done.stdout) > 100


def test_one_thread_gives_back_however_often_a_server_starts() -> None:
    assert free_memory.begin() is free_memory.begin()
    assert free_memory.begin().daemon
