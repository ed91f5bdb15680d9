"""Jobs: ask the background worker for work once the current transaction has committed.

Tasks are named, not imported: `flashcards/tasks.py` imports the services that ask for them.
"""

import logging
from uuid import UUID

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

CHECKPOINT = "flashcards.checkpoint"
EMBED_CARDS = "flashcards.embed_cards"
PURGE_BIN = "flashcards.purge_bin"
FIND_DUPLICATES = "flashcards.find_duplicates"
BULK = "flashcards.change_cards"
IMPORT = "flashcards.import_cards"
EXPORT = "flashcards.export_cards"

logger = logging.getLogger(__name__)


def request_checkpoint() -> None:
    """Have the journal moved into LanceDB soon."""
    transaction.on_commit(lambda: _defer(CHECKPOINT, CHECKPOINT, timestamp=0), robust=True)


def request_embedding(owner_id: UUID) -> None:
    """Have an owner's new cards embedded soon."""
    lock = f"{EMBED_CARDS}:{owner_id}"
    transaction.on_commit(lambda: _defer(EMBED_CARDS, lock, owner_id=str(owner_id)), robust=True)


def request_bulk(change_id: UUID) -> None:
    """Have a change of many cards, or its undo, done or finished soon."""
    lock = f"{BULK}:{change_id}"
    transaction.on_commit(lambda: _defer(BULK, lock, change_id=str(change_id)), robust=True)


def request_import(import_id: UUID) -> None:
    """Have a file imported, or that undone, or either finished."""
    lock = f"{IMPORT}:{import_id}"
    transaction.on_commit(lambda: _defer(IMPORT, lock, import_id=str(import_id)), robust=True)


def request_export(export_id: UUID) -> None:
    """Have a file made of cards."""
    lock = f"{EXPORT}:{export_id}"
    transaction.on_commit(lambda: _defer(EXPORT, lock, export_id=str(export_id)), robust=True)


def request_duplicates(owner_id: UUID, search_id: UUID) -> None:
    """Have an owner's whole collection searched for duplicates."""
    transaction.on_commit(
        lambda: _defer(
            FIND_DUPLICATES,
            f"{FIND_DUPLICATES}:{search_id}",
            owner_id=str(owner_id),
            search_id=str(search_id),
        )
    )


def _defer(task: str, queueing_lock: str, **arguments: str | int) -> None:
    try:
        app.configure_task(task, queueing_lock=queueing_lock).defer(**arguments)
    except AlreadyEnqueued:
        # The job that waits will see this change too.
        logger.debug("%s is waiting already.", task)
