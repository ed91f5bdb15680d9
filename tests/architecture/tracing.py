"""The tracer: which of the program's files a request runs through, and who calls whom.

`with trace() as journey: ...` records each function of the program's own packages that runs in the
block, in this thread and in those that start meanwhile. What runs when a module is imported is left
out. `Journey` answers with files, rooms and calls; its `listing()` goes into a test's message.
"""

import inspect
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

from tests.architecture.imports import PACKAGES, ROOT, floor_of, floors

_FLOORS = floors()


@dataclass(frozen=True, order=True)
class Call:
    """One function of the program that calls another, as "flashcards/web/views/cards.py:shown"."""

    caller: str
    callee: str

    def __str__(self) -> str:
        return f"{self.caller} -> {self.callee}"


@dataclass
class Journey:
    """What ran: files with the number of functions that were entered, and calls between files."""

    files: dict[str, set[str]] = field(default_factory=dict)
    calls: set[Call] = field(default_factory=set)

    @property
    def rooms(self) -> set[str]:
        return {room_of(path) for path in self.files}

    def outside(self, *allowed: str) -> list[str]:
        """Return the files in other rooms than these; a package's name allows all its rooms."""
        return sorted(
            path
            for path in self.files
            if room_of(path) not in allowed and path.split("/")[0] not in allowed
        )

    def upward_calls(self) -> list[Call]:
        """Return the calls from a room to one on a floor above.

        Only what one function calls directly by name: not what Django or a callback leads to.
        """
        return sorted(call for call in self.calls if _floor(call.callee) < _floor(call.caller))

    def listing(self) -> str:
        """Return the files that were entered, room by room from the roof, each with its functions.

        For the message of an assertion.
        """
        lines = [f"{len(self.files)} files:"]
        for path in sorted(self.files, key=lambda path: (_floor(path), path)):
            lines.append(f"  {path}: {', '.join(sorted(self.files[path]))}")
        return "\n".join(lines)


@contextmanager
def trace() -> Iterator[Journey]:
    """Record what runs in the block, in this thread and in threads that it starts."""
    journey = Journey()
    prefix, lock = f"{ROOT}/", threading.Lock()

    def profile(frame: FrameType, event: str, _argument: Any) -> None:
        if event != "call" or (path := _own_path(frame, prefix)) is None:
            return
        code, back = frame.f_code, frame.f_back
        caller = _own_path(back, prefix) if back is not None else None
        with lock:
            journey.files.setdefault(path, set()).add(code.co_qualname)
            if back is not None and caller not in (None, path) and not _is_handed_over(code):
                called_by = f"{caller}:{back.f_code.co_qualname}"
                journey.calls.add(Call(called_by, f"{path}:{code.co_qualname}"))

    before = sys.getprofile()
    if sys.version_info >= (3, 12):
        threading.setprofile_all_threads(profile)
    else:
        threading.setprofile(profile)
    sys.setprofile(profile)
    try:
        yield journey
    finally:
        sys.setprofile(before)
        if sys.version_info >= (3, 12):
            threading.setprofile_all_threads(None)
        else:
            threading.setprofile(None)


def room_of(path: str) -> str:
    """Return the room of a file: "flashcards/store"; for a module beside the rooms its package."""
    package, *inside = path.split(":")[0].split("/")
    return f"{package}/{inside[0]}" if len(inside) > 1 else package


def _floor(path: str) -> int:
    """Return the number of a file's floor, the roof's being 0; a package itself is on the roof."""
    module = path.split(":")[0].removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return floor_of(module, _FLOORS) or 0


def _is_handed_over(code: CodeType) -> bool:
    """Return whether a caller may run this code without knowing whose it is.

    So it is with a generator, and with a function made inside another to be passed as an argument.
    """
    return bool(code.co_flags & inspect.CO_GENERATOR) or "<locals>" in code.co_qualname


def _own_path(frame: FrameType, prefix: str) -> str | None:
    """Return the path inside the repository of the program's own code; None for any other."""
    code = frame.f_code
    if code.co_name == "<module>" or not code.co_filename.startswith(prefix):
        return None
    path = code.co_filename[len(prefix) :]
    return path if path.startswith(PACKAGES) else None
