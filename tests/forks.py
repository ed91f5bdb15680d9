"""Python processes that begin as copies of one that has imported what they need.

    process = forks.start(["manage.py", "backup", folder], environment)
    output, errors = process.communicate(timeout=60)

MemoryLoop's processes import for two seconds and then do what takes a few hundredths of one. What
`start` begins is a process like any other: its memory, environment, files and end are its own, and
it can be killed at any moment. Only its imports are copied from a process that does nothing else.
What is tested about a start itself is started by its own command.
"""

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

REPOSITORY = Path(__file__).resolve().parent.parent

# What MemoryLoop imports of others, and what that imports. None of it reads an environment in which
# MemoryLoop's processes differ. Without `lancedb` itself, which begins a thread.
_LIBRARIES = (
    *("django.contrib.admin", "django.core.management", "django.db.backends.postgresql.base"),
    *("django.forms", "django.template.defaulttags", "django.template.loader_tags", "django.test"),
    *("django.views.generic", "django.contrib.auth.hashers", "django.contrib.sessions.middleware"),
    *("cryptography.fernet", "dateutil.parser", "django_htmx.middleware", "fsrs", "httptools"),
    *("lance_namespace", "markdown_it", "nh3", "numpy", "orjson", "pgvector", "PIL.Image"),
    *("procrastinate", "psycopg_pool", "pyarrow.compute", "pyarrow.dataset", "pydantic"),
    *("pygments.lexers", "pygments.formatters", "uvicorn", "uvloop"),
    *("whitenoise.middleware", "zstandard"),
)
# What changes from one process to the next where all have MemoryLoop's settings in common.
_OWN = frozenset({"LANCEDB_URI", "MEMORYLOOP_FAILPOINT"})


class Fork:
    """A process that `start` began, used as a subprocess.Popen of text is.

    Shows .pid, .stdin, .stdout and, once it has ended, .returncode.
    """

    def __init__(self, stdin: IO[str], stdout: IO[str], errors: IO[str], status: IO[str]) -> None:
        self.stdin = stdin
        self.stdout = stdout
        self._errors = errors
        self._status = status
        self.pid = int(status.readline())
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return its exit status, the negative number of a signal."""
        if self.returncode is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
            self.returncode = int(self._status.readline())
            self._status.close()
        return self.returncode

    def poll(self) -> int | None:
        """Return its exit status, or None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def send_signal(self, sign: signal.Signals) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, sign)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Close its input, wait for its end, and return what it printed and complained of."""
        with contextlib.ExitStack() as stack:
            self.stdin.close()
            stack.enter_context(self.stdout)
            stack.enter_context(self._errors)
            if timeout is not None:
                timer = threading.Timer(timeout, self.kill)
                timer.start()
                stack.callback(timer.cancel)
            printed = self.stdout.read()
            self.wait()
            self._errors.seek(0)
            return printed, self._errors.read()


def start(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    prepared: Mapping[str, str] | None = None,
) -> Fork:
    """Begin a process as `python ARGUMENTS` would in the repository's folder.

    With `prepared`, an environment, MemoryLoop itself is imported as well, with the settings of
    that: the process's may have another store (LANCEDB_URI) and failpoint, and is the same
    otherwise.
    """
    if prepared is None:
        return _source("libraries", "").start(arguments, environment)
    given = {name: value for name, value in prepared.items() if name not in _OWN}
    differing = {
        name
        for name in {*given, *environment} - _OWN - {"PYTEST_CURRENT_TEST"}
        if given.get(name) != environment.get(name)
    }
    assert not differing, differing
    given.pop("PYTEST_CURRENT_TEST", None)
    return _source("memoryloop", json.dumps(given, sort_keys=True)).start(arguments, environment)


class _Source:
    """The process whose copies begin. It ends when its channel is closed, or this process ends."""

    def __init__(self, kind: str, environment: Mapping[str, str]) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.forks", kind, str(theirs.fileno())],
                env=environment,
                cwd=REPOSITORY,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        atexit.register(self.close)

    def close(self) -> None:
        self._channel.close()
        self._process.wait()

    def start(self, arguments: Sequence[str], environment: Mapping[str, str]) -> Fork:
        request = json.dumps([list(map(str, arguments)), dict(environment)]).encode()
        errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - the process closes it
        their_stdin, stdin_writing = os.pipe()
        stdout, their_stdout = os.pipe()
        status, their_status = os.pipe()
        theirs = (their_stdin, their_stdout, their_status)
        socket.send_fds(
            self._channel, [request], [their_stdin, their_stdout, errors.fileno(), their_status]
        )
        for descriptor in theirs:
            os.close(descriptor)
        return Fork(os.fdopen(stdin_writing, "w"), os.fdopen(stdout), errors, os.fdopen(status))


@functools.cache
def _source(kind: str, environment: str) -> _Source:
    return _Source(kind, json.loads(environment) if environment else os.environ)


def _import(kind: str) -> None:
    for name in _LIBRARIES:
        importlib.import_module(name)
    if kind == "memoryloop":
        import django

        django.setup()
        from django.urls import get_resolver

        # Imports every view, and what views import.
        _ = get_resolver().url_patterns
    # A fork has only the thread that forks: others could hold locks that nobody would let go.
    assert threading.active_count() == 1, threading.enumerate()


def _serve(kind: str, channel: socket.socket) -> list[str] | None:
    """Begin copies until nobody wants any more. Return in each copy, with its arguments."""
    # Ctrl-C is for the tests, and this process ends with them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        request, files, *_ = socket.recv_fds(channel, 1024**2, 4)
        # Of those that waited for copies which have ended.
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not request:
            return None
        if os.fork() == 0:
            channel.close()
            return _copy(kind, request, files)
        for file in files:
            os.close(file)


def _copy(kind: str, request: bytes, files: list[int]) -> list[str]:
    """Return in a copy, with its arguments; say in this process when it began and how it ended."""
    *streams, status = files
    if pid := os.fork():
        for stream in (*streams, 0):
            os.close(stream)
        os.write(status, f"{pid}\n".encode())
        _, ended = os.waitpid(pid, 0)
        os.write(status, f"{os.waitstatus_to_exitcode(ended)}\n".encode())
        os._exit(0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.close(status)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    arguments, environment = json.loads(request)
    os.environ.clear()
    os.environ.update(environment)
    if kind == "memoryloop":
        from django.conf import settings

        from flashcards.store import failpoints

        settings.LANCEDB_URI = os.environ["LANCEDB_URI"]
        importlib.reload(failpoints)
    return arguments  # type: ignore[no-any-return]


def _run(arguments: list[str]) -> None:
    """Run what `python ARGUMENTS` runs, in this process."""
    first, *others = arguments
    if first == "-m":
        sys.argv = others
        runpy.run_module(others[0], run_name="__main__", alter_sys=True)
    elif first == "-c":
        sys.argv = ["-c", *others[1:]]
        exec(others[0], {"__name__": "__main__"})
    else:
        sys.argv = arguments
        runpy.run_path(first, run_name="__main__")


def main(kind: str, channel: str) -> None:
    gc.disable()
    _import(kind)
    gc.freeze()
    arguments = _serve(kind, socket.socket(fileno=int(channel)))
    gc.enable()
    if arguments is not None:
        _run(arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
