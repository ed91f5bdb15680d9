"""An unreachable database: how it is told from other errors, and a sentence with the reason."""

from typing import Any

import psycopg
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from psycopg_pool import PoolClosed, PoolTimeout

from memoryloop import disk_space
from memoryloop.errors import chain, is_disk_full
from memoryloop.postgres.server import PostgresError

# As long as the pool waits for a connection.
_CONNECT_SECONDS = 10
# SQLSTATE classes of errors while connecting: connection, authorization, no such database, too many
# connections, starting up.
_CLASSES = ("08", "28", "3D", "53300", "57P03")
# And of a connection that is cut off: the server stops, has crashed, or ends it.
_CUT_OFF = ("57P01", "57P02", "57P05")


def sentence(error: OperationalError) -> str:
    """Return the sentence for an error; empty if the database was reached."""
    cause = error.__cause__
    if isinstance(cause, PoolTimeout):
        return check() or _sentence("no connection became free")
    if isinstance(cause, psycopg.OperationalError) and _is_about_connecting(cause):
        return _sentence(_first_line(cause))
    return ""


def is_away(error: BaseException) -> bool:
    """Tell whether an error, of Django, psycopg or its pool, says that there is no connection."""
    if isinstance(error, psycopg.OperationalError):
        return _is_about_connecting(error) or (error.sqlstate or "").startswith(_CUT_OFF)
    return isinstance(
        error, PoolTimeout | PoolClosed | PostgresError | InterfaceError | psycopg.InterfaceError
    )


def is_out_of_space() -> bool:
    """Tell whether the embedded server has no room to work in, so that it may have stopped."""
    if settings.EMBEDDED_POSTGRES is None:
        return False
    try:
        return disk_space.free_at(settings.EMBEDDED_POSTGRES.folder) < disk_space.FULL_BYTES
    except OSError:
        return False


def is_for_want_of_room(error: BaseException) -> bool:
    """Tell whether an error comes from a full disk, also if PostgreSQL is away because of it."""
    return is_disk_full(error) or (any(map(is_away, chain(error))) and is_out_of_space())


def check() -> str:
    """Return why DATABASE_URL's server cannot be connected to; empty if it can.

    Uses one connection outside of the pool, which would retry and log a warning each time.
    """
    parameters: dict[str, Any] = dict(connection.get_connection_params())
    for name in ("pool", "context", "prepare_threshold", "cursor_factory"):
        parameters.pop(name, None)
    parameters.setdefault("connect_timeout", _CONNECT_SECONDS)
    try:
        psycopg.connect(**parameters).close()
    except psycopg.OperationalError as error:
        return _sentence(_first_line(error))
    return ""


def _is_about_connecting(error: psycopg.OperationalError) -> bool:
    return error.sqlstate is None or error.sqlstate.startswith(_CLASSES)


def _sentence(why: str) -> str:
    database = settings.DATABASES["default"]
    place = f"{database['HOST'] or 'the local socket'}:{database['PORT'] or 5432}"
    return (
        f"PostgreSQL at {place} (database {database['NAME'] or 'of the user'}) cannot be used: "
        f"{why}. Start it, or mend DATABASE_URL."
    )


def _first_line(error: Exception) -> str:
    """Return the reason in an error of libpq, without the addresses that it tried."""
    lines = str(error).strip().splitlines() or ["it does not answer"]
    return lines[0].rpartition("failed: ")[2].removeprefix("FATAL:").strip().rstrip(".")
