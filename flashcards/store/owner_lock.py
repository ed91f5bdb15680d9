"""The lock of an owner: whoever writes cards holds it, whichever engine serves."""

from uuid import UUID

from django.db import connection

from flashcards.store.errors import OwnerGone


def take(owner_id: UUID) -> str:
    """Queue behind other writers of this owner until the transaction ends.

    It is the lock on the user's row, so nothing is written for an account that is being deleted.
    Returns the name of the engine that serves as soon as the lock is had; "" where nothing was
    stored yet. Raises OwnerGone.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT flashcards_lock_owner(%s)", [owner_id])
        (engine,) = cursor.fetchone()
    if engine is None:
        raise OwnerGone("This account does not exist any more.")
    return str(engine)
