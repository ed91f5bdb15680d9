"""Start processes that use the embedded server, find them, and wait for what they do."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg
import pytest

from memoryloop.postgres.server import EmbeddedPostgres
from tests.live import REPOSITORY

IS_ROOT = os.geteuid() == 0
NOBODY = 65534
PATIENCE_SECONDS = 30.0

# As root, what makes a command an ordinary user's. It may read what root may (the interpreter
# can be in root's home) and write nothing but what is that user's.
_DEMOTE = (
    *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
)


def ordinary() -> Sequence[str]:
    """Return what to put before a command so that an ordinary user runs it; skip if none can."""
    if not IS_ROOT:
        return ()
    if shutil.which("setpriv") is None:
        pytest.skip("root can only become an ordinary user with setpriv")
    if subprocess.run([*_DEMOTE, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system does not let root become an ordinary user")
    return _DEMOTE


def holding(folder: Path) -> list[str]:
    """Return the command of a process that uses the server until standard input ends."""
    return [sys.executable, "-m", "tests.memoryloop.server.holder", str(folder)]


class Holder:
    """A process that uses the server of a folder, from `with Holder(folder):` on."""

    def __init__(self, folder: Path, before: Sequence[str] = ()) -> None:
        self.process = subprocess.Popen(
            [*before, *holding(folder)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "Holder":
        assert self.answer() == "up", self.complaint()
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def answer(self) -> str:
        """Return `up` once it uses the server, or nothing if it cannot."""
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def complaint(self) -> str:
        """Wait for it to end and return what it had to say."""
        return self.process.communicate(timeout=PATIENCE_SECONDS)[1].strip()

    def leave(self) -> None:
        """Let it leave in good order, if it still runs."""
        self.process.communicate(timeout=PATIENCE_SECONDS)


def processes_of(folder: Path) -> dict[int, str]:
    """Return the command lines, by process id, that name the folder."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in line and int(entry.name) != os.getpid():
            found[int(entry.name)] = line.replace(b"\0", b" ").decode(errors="replace")
    return found


def runs(pid: int) -> bool:
    """Return whether a process is there and no mere zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def keeper_of(folder: Path) -> int:
    """Return the keeper's process id, or 0."""
    lines = processes_of(folder).items()
    return next((pid for pid, line in lines if "postgres/keeper.py" in line), 0)


def kill_keeper(folder: Path) -> None:
    pid = keeper_of(folder)
    # Signalling 0 would kill this process and its whole group.
    assert pid, "the keeper runs"
    os.kill(pid, signal.SIGKILL)


def server_of(folder: Path) -> int:
    return int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])


def until(condition: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait for a condition, and fail saying what it was."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.02)


def nothing_runs(folder: Path, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until no process names the folder."""
    until(lambda: not processes_of(folder), f"nothing runs on {folder}", seconds)


def ask(folder: Path, query: str) -> object:
    """Return the one value that a query on the folder's server gives."""
    settings = EmbeddedPostgres(folder).django_settings()
    with psycopg.connect(
        host=settings["HOST"], dbname=settings["NAME"], user=settings["USER"], autocommit=True
    ) as connection:
        cursor = connection.execute(query)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def wait_for_no_disk(folder: Path) -> None:
    """Have the folder's server, also when it is started again, not wait until data is on disk."""
    ask(folder, "ALTER SYSTEM SET fsync = off")
    ask(folder, "SELECT pg_reload_conf()")
