"""Ask the background worker for something, once the present transaction has committed.

By name, so that services need not import the tasks that call them.
"""

import logging
from uuid import UUID

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

CHECKPOINT = "flashcards.checkpoint"
EMBED_CARDS = "flashcards.embed_cards"

logger = logging.getLogger(__name__)


def request_checkpoint() -> None:
    """Have the journal moved into LanceDB soon."""
    transaction.on_commit(lambda: _defer(CHECKPOINT, CHECKPOINT, timestamp=0), robust=True)


def request_embedding(owner_id: UUID) -> None:
    """Have an owner's new cards embedded soon."""
    lock = f"{EMBED_CARDS}:{owner_id}"
    transaction.on_commit(lambda: _defer(EMBED_CARDS, lock, owner_id=str(owner_id)), robust=True)


def _defer(task: str, queueing_lock: str, **arguments: str | int) -> None:
    try:
        app.configure_task(task, queueing_lock=queueing_lock).defer(**arguments)
    except AlreadyEnqueued:
        # One that has not begun yet will see this change too.
        logger.debug("%s is waiting already.", task)
