"""A whole MemoryLoop of its own, as a person runs it: `manage.py serve` in a process.

    with LiveMemoryLoop({"OPENAI_BASE_URL": provider.url}, like=prepared_data) as live:
        page.goto(live.url)

Its data folder is its own and goes with it. It uses the embedded PostgreSQL, whatever DATABASE_URL
says, for it changes what is in the database.
"""

import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.commands import CommandProcess

REPOSITORY = Path(__file__).resolve().parent.parent

# What a person's shell may have set, and what would lead a test to a provider or a store.
_NOT_INHERITED = frozenset(
    {
        *("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "DATABASE_URL", "HOST", "LANCEDB_URI"),
        *("OLLAMA_CONTEXT_LENGTH", "OLLAMA_MODEL", "OPENAI_CONTEXT_LENGTH"),
        *("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL", "PORT"),
    }
)
# Kept from one run of the tests to the next.
EMBEDDING_FILES = Path(tempfile.gettempdir()) / f"memoryloop-tests-embedding-{os.getuid()}"
# On two cores with a dozen other programs it has taken a minute.
_START_SECONDS = 240.0
_STOP_SECONDS = 30.0


def free_port() -> int:
    """Return a port of loopback that nobody listens on just now.

    None of those that systems give to outgoing connections (from 32,768 on): in the seconds until
    somebody listens there, one of a thousand connections could get it.
    """
    while True:
        port = random.randint(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def environment(data: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return a process's environment in which MemoryLoop finds nothing but what is given."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _NOT_INHERITED and not name.startswith(("MEMORYLOOP_", "OTEL_"))
    }
    return {
        **kept,
        "MEMORYLOOP_DATA": str(data),
        # 80 MB that are the same everywhere.
        "MEMORYLOOP_EMBEDDING_FILES": str(EMBEDDING_FILES),
        # Port 9 is "discard": nothing listens, so no provider of this machine is found.
        "OLLAMA_URL": "http://127.0.0.1:9",
        "MEMORYLOOP_BACKUPS": "off",
        "MEMORYLOOP_BACKUP_BEFORE_UPGRADE": "false",
        **(extra or {}),
    }


class LiveMemoryLoop:
    """`manage.py serve` on a free port; `env` is added to its environment, `before` to its command.

    Its data folder is `data`, or one of its own that begins as a copy of `like` (the fixture
    `prepared_data`: without, a first start makes a database). Shows .url (no slash at the end),
    .data, .log (what it has printed), .process, .started_in_seconds; .manage(*args) runs another
    command on the same data, .call(*args) does so in a process that is kept. Raises RuntimeError
    with its log if it does not start.
    """

    def __init__(
        self,
        env: Mapping[str, str] | None = None,
        data: Path | None = None,
        before: Sequence[str] = (),
        *,
        like: Path | None = None,
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = (
            tempfile.TemporaryDirectory(prefix="memoryloop-live-") if data is None else None
        )
        self.data = Path(self._folder.name) if self._folder else data or Path()
        if like is not None:
            shutil.copytree(like, self.data, dirs_exist_ok=True)
        self.environment = environment(self.data, {"PORT": str(self.port), **(env or {})})
        self._command = [*before, sys.executable, str(REPOSITORY / "manage.py"), "serve"]
        self._log_file = self.data / "serve.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.started_in_seconds = 0.0
        self._commands = CommandProcess(self.environment)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.stop()
        finally:
            if self._folder is not None:
                self._folder.cleanup()

    @property
    def log(self) -> str:
        return self._log_file.read_text(errors="replace") if self._log_file.exists() else ""

    def start(self) -> None:
        """Begin the process and wait until it is healthy, its worker included."""
        self.data.mkdir(parents=True, exist_ok=True)
        with self._log_file.open("ab") as log:
            self.process = subprocess.Popen(
                self._command,
                env=self.environment,
                cwd=REPOSITORY,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        began = time.monotonic()
        deadline = began + _START_SECONDS
        while self.health()[0] != 200:
            if self.process.poll() is not None or time.monotonic() > deadline:
                status, findings = self.health()
                self.stop()
                raise RuntimeError(f"MemoryLoop did not start ({status} {findings}):\n{self.log}")
            time.sleep(0.05)
        self.started_in_seconds = time.monotonic() - began

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> int | None:
        """Ask it to stop, wait, and return its exit status (None if it was not running)."""
        # It may use the database, which ends with the last who does.
        self._commands.close()
        if self.process is None:
            return None
        process, self.process = self.process, None
        if process.poll() is None:
            process.send_signal(sign)
        try:
            return process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def health(self) -> tuple[int, dict[str, Any]]:
        """Return the status and body of GET /healthz; 0 if nothing answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            return 0, {}
        finally:
            connection.close()

    def manage(self, *args: str, input: str | None = None) -> str:  # noqa: A002 - as subprocess's
        """Run `manage.py` on the same data and return what it printed. Raises if it fails."""
        done = subprocess.run(
            [sys.executable, REPOSITORY / "manage.py", *args],
            env=self.environment,
            cwd=REPOSITORY,
            input=input,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if done.returncode:
            raise RuntimeError(f"manage.py {' '.join(args)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def call(self, *args: str) -> str:
        """Run a command as manage() does, in one process for all that are run so."""
        status, printed, complained = self._commands.run(*args)
        if status:
            raise RuntimeError(f"manage.py {' '.join(args)} failed:\n{printed}{complained}")
        return printed
