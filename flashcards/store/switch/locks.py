"""What a switch holds still: other switches, the source, and at its end whoever writes."""

import contextlib
from collections.abc import Iterator

from django.db import OperationalError, connection, transaction

from flashcards.models import StoreVersions
from flashcards.store.maintenance import checkpoint
from flashcards.store.switch.errors import SwitchError

# Any number will do, as long as nothing else in this database locks it.
_LOCK = 0x4D4C_7377
# How long writers may queue behind the switch that itself waits for a long transaction; then it
# lets them go first, pauses, and asks again.
_QUEUE_SECONDS = 2


class Busy(Exception):
    """Somebody's transaction goes on and on."""


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Let no other switch run. Raises SwitchError if one does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        (got,) = cursor.fetchone()
    if not got:
        raise SwitchError("Another switch is under way: wait for it, or stop it and run this.")
    try:
        yield
    finally:
        if connection.connection is not None and not connection.connection.closed:
            with contextlib.suppress(Exception), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


@contextlib.contextmanager
def still(source: str) -> Iterator[None]:
    """Hold the source still: LanceDB by the checkpoint's lock, PostgreSQL as of one moment."""
    with transaction.atomic():
        if source == StoreVersions.Engine.POSTGRESQL:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        checkpoint.lock(wait=True)
        yield


def hold_writers() -> None:
    """Let nobody write until the transaction ends. Raises Busy if somebody writes for long.

    Whoever writes a card holds a lock on its owner's row. The checkpoint's lock comes second,
    as writers may wait for it.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{_QUEUE_SECONDS}s'")
        try:
            cursor.execute("LOCK TABLE accounts_user IN EXCLUSIVE MODE")
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") in ("55P03", "40P01"):
                raise Busy from error
            raise
        cursor.execute("SET LOCAL lock_timeout = 0")
    checkpoint.lock(wait=True)
