"""MemoryLoop as it runs in production, and learners who use it over HTTP, for benchmarks.

The web process and the worker are `manage.py serve` and its child on a data folder; this process
uses the same PostgreSQL. Importing `filled` before this has prepared the process.
"""

import asyncio
import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.live import LiveMemoryLoop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TOKEN = "t" * 32


@contextlib.contextmanager
def installation(folder: Path | None = None) -> Iterator[Path]:
    """Set Django up on a data folder, this process's own if none is named, its database running."""
    if folder is not None:
        os.environ["MEMORYLOOP_DATA"] = str(folder)
    import django
    from django.conf import settings

    django.setup()
    if settings.EMBEDDED_POSTGRES is None:
        raise SystemExit("Unset DATABASE_URL: this changes what is in the database.")
    with settings.EMBEDDED_POSTGRES.running():
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        yield Path(settings.DATA_DIR)


def serving(data: Path) -> LiveMemoryLoop:
    """Return `manage.py serve` on that data; its PostgreSQL is the one that runs there."""
    return LiveMemoryLoop(data=data)


def session_of(user: Any) -> str:
    """Return the session id of a user who is logged in."""
    from django.test import Client

    client = Client()
    client.force_login(user)
    session: str = client.cookies["sessionid"].value
    return session


@dataclass
class Browser:
    """One learner's connection, kept alive. Raises OSError for what is no answer with 200."""

    port: int
    session: str
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = field(default=None)

    async def get(self, path: str) -> str:
        return await self._ask("GET", path, b"")

    async def post(self, path: str, **fields: Any) -> str:
        return await self._ask("POST", path, urlencode(fields).encode())

    async def _ask(self, method: str, path: str, body: bytes) -> str:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._streams
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
            f"Cookie: sessionid={self.session}; csrftoken={_TOKEN}\r\nX-CSRFToken: {_TOKEN}\r\n"
            f"HX-Request: true\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        try:
            answer = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            raise ConnectionError(f"{method} {path}: the connection ended") from error
        length = _LENGTH.search(answer)
        if length is None or not answer.startswith(b"HTTP/1.1 200 "):
            raise OSError(f"{method} {path}: {answer[:200].decode()}")
        return (await reader.readexactly(int(length[1]))).decode()

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()


# A card that is shown: what its rating form says.
_FORM = re.compile(
    r'action="/review/([0-9a-f-]{36})/rate/".*?name="done" value="(\d+)"'
    r'.*?name="at" value="([^"]*)".*?name="pace" value="([^"]*)"'
    r'.*?name="review_id" value="([^"]+)"'
    r'.*?name="sequence" value="(\d+)"',
    re.DOTALL,
)


@dataclass
class Reviewer:
    """A learner who reviews card after card."""

    browser: Browser
    _form: tuple[str, ...] | None = None

    @property
    def review_id(self) -> str:
        """Return the id of the review that the next rating makes."""
        return self._form[4] if self._form else ""

    async def begin(self) -> None:
        self._take(await self.browser.get("/review/"))

    async def rate(self, rating: int) -> None:
        """Rate the card that is shown; the answer shows the next. Raises OSError without one."""
        if self._form is None:
            raise OSError("There is no card to rate.")
        card_id, done, at, pace, review_id, sequence = self._form
        self._take(
            await self.browser.post(
                f"/review/{card_id}/rate/",
                review_id=review_id,
                sequence=sequence,
                rating=rating,
                duration_ms=4_000,
                done=done,
                at=at,
                pace=pace,
            )
        )

    def _take(self, page: str) -> None:
        found = _FORM.search(page)
        self._form = found.groups() if found else None


@dataclass(frozen=True)
class Usage:
    """What a process and its children have taken so far."""

    seconds: float
    # Resident, and the share that is the process's own when pages are shared.
    rss_mb: float
    pss_mb: float


def usage(pid: int) -> Usage:
    """Return what one process has taken, without its children (Linux)."""
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    memory = dict(
        line.split(":", 1)
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    )
    return Usage(
        seconds=(int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK"),
        rss_mb=int(memory["Rss"].split()[0]) / 1024,
        pss_mb=int(memory["Pss"].split()[0]) / 1024,
    )


def children(pid: int) -> list[int]:
    """Return the processes that a process has begun itself (Linux)."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for listed in tasks for child in listed.read_text().split()]


def worker_of(pid: int) -> int:
    """Return the worker that `manage.py serve` has begun."""
    for child in children(pid):
        if b"worker" in Path(f"/proc/{child}/cmdline").read_bytes():
            return child
    raise OSError("There is no worker.")
