"""Dumps: the whole database is dumped and restored with PostgreSQL's own programs."""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psycopg
from django.db import connection
from psycopg import pq, sql
from psycopg.conninfo import make_conninfo

from memoryloop.postgres import extensions
from memoryloop.postgres.server import PostgresError, binaries

_CHUNK_BYTES = 1 << 20
_LEAVING_SECONDS = 2.0
_POLL_SECONDS = 0.5
# Where the rows of a table begin in the text of a dump; its name without the schema.
_COPY = re.compile(rb"COPY (?:\w+\.)?(\w+) .*FROM stdin;$")

# In pg_restore's list of a dump: "4; 3079 18225 EXTENSION - pg_trgm ".
_EXTENSION = re.compile(r" EXTENSION - (\S+)")


class DumpError(Exception):
    """The database could not be dumped or restored. The message is for the administrator."""


@dataclass(frozen=True)
class Snapshot:
    """One state of the database, shared by a connection and pg_dump."""

    name: str
    connection: "psycopg.Connection[Any]"

    def count_rows(self, table: str) -> int:
        """Return how many rows a table has in this state."""
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        row = self.connection.execute(query).fetchone()
        return int(row[0]) if row else 0


@contextlib.contextmanager
def snapshot() -> Iterator[Snapshot]:
    """Keep the current state readable within the block, while others write."""
    with psycopg.connect(_conninfo(), autocommit=False) as held:
        held.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        held.read_only = True
        row = held.execute("SELECT pg_export_snapshot()").fetchone()
        yield Snapshot(str(row[0] if row else ""), held)


@contextlib.contextmanager
def dumping(
    file: Path, moment: Snapshot, *, meanwhile: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Dump a snapshot into a file while the block runs, and wait for it. Raises DumpError.

    While it waits it calls `meanwhile`; if that raises, the dump ends there.
    """
    command = [
        *(_program("pg_dump", server_version() // 10_000), "--format=custom", "--no-password"),
        *(f"--snapshot={moment.name}", f"--file={file}", f"--dbname={_conninfo(password=False)}"),
    ]
    with subprocess.Popen(command, env=_environment(), stderr=subprocess.PIPE) as process:  # noqa: S603 - PostgreSQL's own program, no shell
        try:
            yield
            while True:
                meanwhile()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    _, said = process.communicate(timeout=_POLL_SECONDS)
                    break
        except BaseException:
            process.kill()
            raise
    _succeed("pg_dump", process.returncode, said)


def count_rows(file: Path) -> dict[str, int]:
    """Read a dump to its end and return how many rows it has of each table.

    Raises DumpError if it is cut off or damaged.
    """
    command = [_program("pg_restore", dump_version(file)), "--data-only", "--file=-", str(file)]
    counts: Counter[str] = Counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # noqa: S603 - as above
        assert process.stdout is not None  # noqa: S101 - it was asked for
        table = ""
        for line in process.stdout:
            if table:
                if line == b"\\.\n":
                    table = ""
                else:
                    counts[table] += 1
            elif found := _COPY.match(line):
                table = found[1].decode()
                counts[table] = 0
    if process.returncode or table:
        raise DumpError(f"{file} cannot be read by pg_restore: is it damaged?")
    return counts


def restore(file: Path, *, first: str, then: str) -> None:
    """Replace the database by a dump, in one transaction with the SQL `first` and `then`.

    Extensions that the role may not drop stay as they are. Needs a PostgreSQL that is not older
    than the dumped one. Raises DumpError.
    """
    left_out = {"pg_trgm", *extensions.of_others()}
    with tempfile.NamedTemporaryFile("w", prefix="memoryloop-restore-") as listed:
        # What pg_restore lists of a dump, it takes back as a list of what to restore.
        for line in _contents(file):
            extension = _EXTENSION.search(line)
            if extension is None or extension[1] not in left_out:
                listed.write(f"{line}\n")
        listed.flush()
        _restore(file, listed.name, first=f"{first}{extensions.MAKE_TRIGRAMS}", then=then)


def _restore(file: Path, contents: str, *, first: str, then: str) -> None:
    version = server_version()
    reading = [
        *(_program("pg_restore", dump_version(file)), "--clean", "--if-exists", "--no-owner"),
        *("--no-privileges", "--no-comments", f"--use-list={contents}", "--file=-", str(file)),
    ]
    writing = [
        *(_program("psql", 1), "--no-psqlrc", "--quiet", "--no-password", "--single-transaction"),
        *("--set=ON_ERROR_STOP=1", "--output=/dev/null", "--file=-"),
        f"--dbname={_conninfo(password=False)}",
    ]
    pipe = subprocess.PIPE
    with (
        subprocess.Popen(reading, stdout=pipe, stderr=subprocess.DEVNULL) as source,  # noqa: S603 - as above
        subprocess.Popen(writing, env=_environment(), stdin=pipe, stderr=pipe) as target,  # noqa: S603 - as above
    ):
        assert source.stdout is not None  # noqa: S101 - it was asked for
        assert target.stdin is not None  # noqa: S101 - as above
        try:
            # psql closes its input after an error; its output is read below.
            with contextlib.suppress(BrokenPipeError):
                target.stdin.write(first.encode())
                _copy(source.stdout, target.stdin, version)
                if source.wait() == 0:
                    target.stdin.write(then.encode())
                else:
                    # An incomplete dump must not be committed.
                    target.kill()
        finally:
            source.kill()
            source.wait()
        with contextlib.suppress(BrokenPipeError):
            target.stdin.close()
        target.stdin = None
        _, said = target.communicate()
    if target.returncode < 0:
        raise DumpError(f"{file} cannot be read by pg_restore: is it damaged?")
    _succeed("psql", target.returncode, said)


def server_version() -> int:
    """Return the server's version as a number, 180006 for 18.6."""
    return int(connection.pg_version)  # type: ignore[attr-defined]


def dump_version(file: Path) -> int:
    """Return the major version of the pg_dump that wrote a file. Raises DumpError."""
    found = re.search(r"Dumped by pg_dump version: (\d+)", "\n".join(_contents(file)))
    if found is None:
        raise DumpError(f"{file} does not say which pg_dump wrote it.")
    return int(found[1])


def _contents(file: Path) -> list[str]:
    """Return the lines of pg_restore's list of what a dump has. Raises DumpError."""
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program, no shell
        [_program("pg_restore", 1), "--list", file], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DumpError(f"{file} cannot be read by pg_restore: {done.stderr.strip()}")
    return done.stdout.splitlines()


def count_others() -> int:
    """Return the number of other connections of this role, after closing our own."""
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    # The server takes a moment to end closed connections.
    deadline = time.monotonic() + _LEAVING_SECONDS
    with psycopg.connect(_conninfo(), autocommit=True) as ours:
        while (others := _others(ours)) and time.monotonic() < deadline:
            time.sleep(0.05)
    return others


def _others(ours: "psycopg.Connection[Any]") -> int:
    row = ours.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND usename = current_user AND pid <> pg_backend_pid()"
    ).fetchone()
    return int(row[0]) if row else 0


def _copy(source: IO[bytes], target: IO[bytes], version: int) -> None:
    head = True
    while chunk := source.read(_CHUNK_BYTES):
        if head and version < 170_000:
            # pg_restore 17 and later sends this to every server; older servers reject it.
            chunk = chunk.replace(b"\nSET transaction_timeout = 0;\n", b"\n", 1)
        head = False
        target.write(chunk)


def _program(name: str, at_least: int) -> str:
    """Return the path of a PostgreSQL program of this version or later. Raises DumpError."""
    candidates = []
    with contextlib.suppress(PostgresError):
        candidates.append(str(binaries() / name))
    if on_path := shutil.which(name):
        candidates.append(on_path)
    for program in candidates:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - as above
        version = re.search(r" (\d+)", said.stdout)
        if version and int(version[1]) >= at_least:
            return program
    raise DumpError(
        f"{name} of PostgreSQL {at_least} or later is needed: install PostgreSQL's client programs "
        "of the server's version, so that they are on the PATH."
    )


def _conninfo(*, password: bool = True) -> str:
    """Return the connection string of the database for libpq."""
    known = {item.keyword.decode() for item in pq.Conninfo.get_defaults()}
    given = {k: v for k, v in connection.get_connection_params().items() if k in known and v}
    if not password:
        given.pop("password", None)
    return make_conninfo(**given)


def _environment() -> dict[str, str]:
    # The password is no argument, because every user of the machine can read arguments.
    password = connection.get_connection_params().get("password")
    return {**os.environ, **({"PGPASSWORD": password} if password else {})}


def _succeed(program: str, code: int, said: bytes) -> None:
    if code:
        words = said.decode(errors="replace").strip().splitlines()
        last = next(
            (line for line in reversed(words) if "rror" in line), words[-1] if words else ""
        )
        raise DumpError(f"{program} failed ({code}): {last}")
