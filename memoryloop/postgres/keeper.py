"""The keeper: a process that runs the embedded PostgreSQL server as long as a process uses it.

memoryloop.postgres.server starts it. It uses the standard library only, so that it starts in some
20 ms. Every process that uses the server holds a shared lock on the file USERS, which the kernel
releases however the process ends, `kill -9` included. The keeper makes the data folder if there is
none, runs the server, restarts it when it dies, and stops it when nobody holds the lock.
"""

import contextlib
import ctypes
import errno
import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NoReturn

ROLE = DATABASE = "memoryloop"
# In the server's folder: the lock of all users, the keeper's lock, PGDATA, and the server's logs.
USERS, KEEPER, DATA = "users.lock", "keeper.lock", "data"
LOG, LOG_BEFORE = "server.log", "server.log.1"
READY = "ready"
WAY_OUT = "set MEMORYLOOP_DATA to another folder, or DATABASE_URL to a PostgreSQL server"

_POLL_SECONDS = 0.1
_STOP_SECONDS = 60.0
_LONGEST_PAUSE_SECONDS = 5.0
# Twice as much is kept: the log and the one before.
_LOG_BYTES = 1_000_000
# A log that does not begin so was written when it still held what learners typed.
_LOG_HEAD = b"# What befalls PostgreSQL, without statements and values.\n"
_CLONE_NEWUSER = 0x10000000  # linux/sched.h
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_OVERFLOW_UID = 65534  # shown by the kernel for every user that a namespace does not map


class PostgresError(Exception):
    """The embedded server cannot be used. The message is a sentence for the administrator."""


def try_lock(descriptor: int, kind: int) -> bool:
    """Take a flock (LOCK_SH or LOCK_EX) if it is free; tell whether it was taken."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise
    return True


@contextlib.contextmanager
def lock_file(path: Path) -> Iterator[int]:
    """Open a lock file, created if missing. Closing it at the end releases the lock."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def open_log(folder: Path) -> BinaryIO:
    """Open the server's log to append to it.

    Logs of an earlier MemoryLoop are deleted: they quote learners' texts and password hashes.
    """
    path = folder / LOG
    with contextlib.suppress(FileNotFoundError), path.open("rb") as found:
        if found.read(len(_LOG_HEAD)) != _LOG_HEAD:
            path.unlink()
            (folder / LOG_BEFORE).unlink(missing_ok=True)
    log = _open_private(path, os.O_APPEND)
    if not path.stat().st_size:
        log.write(_LOG_HEAD)
        log.flush()
    return log


def _open_private(path: Path, flags: int) -> BinaryIO:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | flags, 0o600)
    os.fchmod(descriptor, 0o600)
    return os.fdopen(descriptor, "wb")


def _account() -> pwd.struct_passwd:
    """Return the account that the server runs as, from its own point of view.

    PostgreSQL refuses to run as root and needs a user with a name. Root therefore runs it in a
    user namespace that maps root's id to another account's. Never to `nobody`: a namespace shows
    every unknown user as that, so peer authentication would accept them all.
    """
    if os.geteuid() != 0:
        try:
            return pwd.getpwuid(os.geteuid())
        except KeyError:
            pass
    for account in pwd.getpwall():
        if account.pw_uid not in (0, _OVERFLOW_UID):
            return account
    raise PostgresError(
        "PostgreSQL needs an account other than root and nobody in /etc/passwd: "
        "add one, or set DATABASE_URL to a PostgreSQL server."
    )


def _preparation(account: pwd.struct_passwd) -> Callable[[], None]:
    """Return the function that a child calls between fork and exec.

    It enters a user namespace if the account is not our own, and has the kernel stop the child
    when the keeper is killed.
    """
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    uid, gid = os.geteuid(), os.getegid()
    if account.pw_uid != uid and libc is None:
        raise PostgresError(
            "PostgreSQL refuses to run as root: start MemoryLoop as an ordinary user, "
            "or set DATABASE_URL to a PostgreSQL server."
        )

    def prepare() -> None:
        if libc is None:
            return
        if account.pw_uid != uid:
            if libc.unshare(_CLONE_NEWUSER):
                raise OSError(ctypes.get_errno(), "unshare")
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{account.pw_uid} {uid} 1")
            Path("/proc/self/gid_map").write_text(f"{account.pw_gid} {gid} 1")
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)

    return prepare


class Keeper:
    def __init__(self, folder: Path, socket: Path, binaries: Path) -> None:
        self.folder = folder
        self.socket = socket
        self.binaries = binaries
        self.data = folder / DATA
        self.account = _account()
        self.prepare = _preparation(self.account)
        self.server: subprocess.Popen[bytes] | None = None
        self.leaving = False

    def start(self) -> None:
        """Start the server. Raises PostgresError."""
        self._rotate_log()
        if not (self.data / "PG_VERSION").exists():
            self._create()
        self._check_version()
        self._end_an_orphan()
        self._launch()
        while not self._ready():
            if self._code() is not None:
                raise PostgresError(
                    f"PostgreSQL did not start ({self._last_words()}): "
                    f"see {self.folder / LOG}, or {WAY_OUT}."
                )
            time.sleep(0.01)

    def keep(self, users: int) -> None:
        """Run the server until nobody holds the lock, and restart it whenever it dies."""
        pause = _POLL_SECONDS
        while not self.leaving and not try_lock(users, fcntl.LOCK_EX):
            time.sleep(_POLL_SECONDS)
            self._rotate_log()
            if self._code() is None:
                pause = _POLL_SECONDS if self._ready() else pause
                continue
            if not self.data.exists():
                return
            # The dead server's children may need a moment to exit.
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            self._launch()

    def stop(self) -> None:
        """Stop the server cleanly, or by force if that takes too long."""
        if self.server is None:
            return
        for sign, seconds in (
            (signal.SIGINT, _STOP_SECONDS),
            (signal.SIGQUIT, _STOP_SECONDS),
            (signal.SIGKILL, None),
        ):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.server.send_signal(sign)
                self.server.wait(seconds)
                return

    def leave(self, *_: object) -> None:
        self.leaving = True

    def _run(self, program: str, *arguments: str, text: str = "") -> str:
        """Run one of PostgreSQL's programs to its end and return its output."""
        try:
            done = subprocess.run(  # noqa: S603 - our own binaries, no shell
                [self.binaries / program, *arguments],
                input=text,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                env={"LC_ALL": "C", "PATH": os.defpath},
                preexec_fn=self.prepare,
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise self._refused(program, error) from error
        if done.returncode:
            words = (done.stderr.strip() or done.stdout.strip()).splitlines() or ["no reason given"]
            raise PostgresError(f"{program} failed ({words[0]}): {WAY_OUT}.")
        return done.stdout

    def _refused(self, program: str, error: Exception) -> PostgresError:
        # The namespace is what can fail between fork and exec.
        if isinstance(error, subprocess.SubprocessError):
            return PostgresError(
                "PostgreSQL refuses to run as root, and this system grants no user namespace to "
                "run it in: start MemoryLoop as an ordinary user, or set DATABASE_URL to a "
                "PostgreSQL server."
            )
        return PostgresError(f"{self.binaries / program} cannot be run ({error}): {WAY_OUT}.")

    def _create(self) -> None:
        """Create the data folder with the database in it, or nothing."""
        new = self.folder / f"{DATA}.new"
        shutil.rmtree(new, ignore_errors=True)
        self._run(
            "initdb",
            *("--pgdata", str(new), "--username", ROLE, "--encoding", "UTF8"),
            *("--auth-local", "peer", "--auth-host", "reject", "--locale", "C"),
            *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--no-instructions"),
        )
        self._run(
            *("postgres", "--single", "-D", str(new), "postgres"),
            text=f"CREATE DATABASE {DATABASE};\n",
        )
        new.rename(self.data)

    def _check_version(self) -> None:
        # "postgres (PostgreSQL) 18.6"
        ours = self._run("postgres", "--version").split()[2].split(".")[0]
        theirs = (self.data / "PG_VERSION").read_text().strip()
        if ours != theirs:
            raise PostgresError(
                f"{self.data} was written by PostgreSQL {theirs} and this MemoryLoop brings "
                f"PostgreSQL {ours}: move the data over with pg_dump and pg_restore, "
                f"or set DATABASE_URL to a PostgreSQL {theirs} server."
            )

    def _end_an_orphan(self) -> None:
        """Stop a server whose keeper was killed, and remove the stale files of a dead one.

        PostgreSQL takes any process with the recorded id for a server; after a restart of the
        machine or of a container it often is another program.
        """
        note = self.data / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError, ValueError):
            pid = int(note.read_text().split("\n", 1)[0])
            deadline = time.monotonic() + _STOP_SECONDS
            while self._is_our_server(pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGINT if time.monotonic() < deadline else signal.SIGQUIT)
                time.sleep(_POLL_SECONDS)
        note.unlink(missing_ok=True)
        (self.socket / ".s.PGSQL.5432.lock").unlink(missing_ok=True)

    def _is_our_server(self, pid: int) -> bool:
        if Path("/proc/self/cmdline").exists():
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                return os.fsencode(self.data) in words
            return False
        shown = subprocess.run(  # noqa: S603 - a number we read ourselves, no shell
            ["/bin/ps", "-o", "command=", "-p", str(pid)],
            capture_output=True,
            check=False,
        )
        return os.fsencode(self.data) in shown.stdout

    def _launch(self) -> None:
        # Only the account of this process may connect, and only with this role.
        (self.data / "pg_hba.conf").write_text(f"local all {ROLE} peer map=owner\n")
        name = self.account.pw_name.replace('"', '""')
        (self.data / "pg_ident.conf").write_text(f'owner "{name}" {ROLE}\n')
        options = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{self.socket}"',
            "unix_socket_permissions": "0700",
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            # No statements, parameters, details or contexts: learners' words are in all of them.
            # EmbeddedPostgres keeps sessions' errors out, whose message alone can quote a value.
            "log_error_verbosity": "terse",
            "log_min_error_statement": "panic",
            "log_parameter_max_length": "0",
            "log_parameter_max_length_on_error": "0",
            "logging_collector": "off",
        }
        command: list[str | Path] = [self.binaries / "postgres", "-D", self.data]
        for key, value in options.items():
            command += ["-c", f"{key}={value}"]
        with open_log(self.folder) as log:
            try:
                self.server = subprocess.Popen(  # noqa: S603 - our own binaries, no shell
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env={"LC_ALL": "C", "PATH": os.defpath},
                    preexec_fn=self.prepare,
                )
            except (OSError, subprocess.SubprocessError) as error:
                raise self._refused("postgres", error) from error

    def _code(self) -> int | None:
        return self.server.poll() if self.server else None

    def _ready(self) -> bool:
        # The eighth line is the server's state (miscadmin.h, LOCK_FILE_LINE_PM_STATUS).
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == READY

    def _rotate_log(self) -> None:
        """Move a log that has grown large aside. The server goes on writing into the same file."""
        log = self.folder / LOG
        # The folder may be gone, and the disk may be full: then what was logged is dropped.
        with contextlib.suppress(OSError):
            if log.stat().st_size <= _LOG_BYTES:
                return
            try:
                with _open_private(self.folder / LOG_BEFORE, os.O_TRUNC) as before:
                    before.write(log.read_bytes()[-_LOG_BYTES:])
            finally:
                os.truncate(log, len(_LOG_HEAD))

    def _last_words(self) -> str:
        lines = (self.folder / LOG).read_text(errors="replace").splitlines()
        grave = [line for line in lines if "FATAL:" in line or "PANIC:" in line] or lines[-1:]
        return grave[-1].split(":  ", 1)[-1] if grave else "it said nothing"


def main(folder: Path, socket: Path, binaries: Path) -> int:
    """Run the keeper of this folder. Prints `ready`, or one sentence that says why not."""
    with lock_file(folder / KEEPER) as keeping, lock_file(folder / USERS) as users:
        if not try_lock(keeping, fcntl.LOCK_EX):
            return 0
        try:
            keeper = Keeper(folder, socket, binaries)
        except PostgresError as error:
            _say(str(error))
            return 1
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, keeper.leave)
        try:
            keeper.start()
            _say(READY)
            keeper.keep(users)
        except PostgresError as error:
            _say(str(error))
            return 1
        except OSError as error:
            _say(f"{error.filename or folder} cannot be used ({error.strerror}): {WAY_OUT}.")
            return 1
        finally:
            keeper.stop()
            if socket.parent != folder:
                with contextlib.suppress(OSError):
                    socket.rmdir()
            # Released before the users' lock: the next user must find no keeper.
            fcntl.flock(keeping, fcntl.LOCK_UN)
    return 0


def _say(line: str) -> None:
    """Print a line for the process that started this one, if it still runs."""
    with contextlib.suppress(OSError):
        os.write(sys.stdout.fileno(), f"{line}\n".encode())
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _exit() -> NoReturn:
    sys.exit(main(*(Path(argument) for argument in sys.argv[1:4])))


if __name__ == "__main__":
    _exit()
