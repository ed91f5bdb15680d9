"""The parts of `manage.py serve`: address, migrations, static files, web server, worker."""

import contextlib
import hashlib
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from asgiref.typing import ASGIApplication
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import CommandError

from memoryloop import installation

logger = logging.getLogger(__name__)

_LONGEST_PAUSE_SECONDS = 30.0
# After a worker has run this long, the pause before its next restart is short again.
_GOOD_START_SECONDS = 60.0
_WORKER_STOP_SECONDS = 10.0
# Answers that are still streaming get this long. Then they are cut off and kept as they are.
_STREAMS_STOP_SECONDS = 2
# Longer than a learner looks at a card, so that a rating finds its connection open; and longer
# than nginx keeps an idle connection (60 s), because nginx must be the one to close it.
_KEEP_ALIVE_SECONDS = 75
# After this long the process exits, whatever hangs.
_STOP_SECONDS = 20.0


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on the address. Raises CommandError."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise CommandError(f"HOST is {host!r}, which is no address of this machine.") from error
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise CommandError(
            f"Port {port} of {host} cannot be used ({error.strerror}): stop what runs there, "
            f"or choose another with PORT, as in `PORT={port + 1} {installation.serve_command()}`."
        ) from error
    return listener


def collect_static_files() -> None:
    """Collect, compress and name the static files by content, if any has changed."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            file = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{file.st_size}\0{file.st_mtime_ns}\0".encode())
    root = Path(settings.STATIC_ROOT)
    collected = root / ".collected"
    if collected.exists() and collected.read_text() == digest.hexdigest():
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    collected.write_text(digest.hexdigest())


class WebServer(uvicorn.Server):
    """Uvicorn, which sets `ready` when it serves, and whose process exits in bounded time.

    `ends_process=False` is for a process that continues afterwards.
    """

    def __init__(
        self,
        application: str | ASGIApplication,
        ready: threading.Event,
        *,
        ends_process: bool = True,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                lifespan="on",
                access_log=False,
                # Django's LOGGING configures it.
                log_config=None,
                server_header=False,
                # ProxyMiddleware knows the proxies to believe.
                proxy_headers=False,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=_STREAMS_STOP_SECONDS,
            )
        )
        self.ready = ready
        self.ends_process = ends_process

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.ends_process:
            last_resort = threading.Timer(_STOP_SECONDS, os._exit, (1,))
            last_resort.daemon = True
            last_resort.start()
        await super().shutdown(sockets)


class Worker:
    """The background worker's process: restarted when it dies, and ended with this process."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.process: subprocess.Popen[bytes] | None = None
        self.thread = threading.Thread(target=self._supervise, name="worker", daemon=True)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        self.thread.start()
        try:
            yield
        finally:
            self.stopping.set()
            self._end()
            self.thread.join(_WORKER_STOP_SECONDS)

    def _supervise(self) -> None:
        pause = 1.0
        while not self.stopping.is_set():
            began = time.monotonic()
            code = self._run()
            if self.stopping.is_set():
                return
            pause = 1.0 if time.monotonic() - began > _GOOD_START_SECONDS else pause
            logger.error("The background worker ended (%s): again in %.0f s", code, pause)
            self.stopping.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def _run(self) -> int:
        with subprocess.Popen(  # noqa: S603 - our own program, no shell
            [sys.executable, *installation.PROGRAM, "worker", "--until-stdin-closes"],
            # The kernel closes our end however this process dies, and the worker notices.
            stdin=subprocess.PIPE,
            # Ctrl-C goes to this process only, which tells the worker.
            start_new_session=True,
        ) as self.process:
            # `stopping` may have been set while the process started.
            if self.stopping.is_set():
                self.process.terminate()
            return self.process.wait()

    def _end(self) -> None:
        process = self.process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_WORKER_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
