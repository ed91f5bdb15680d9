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
FOLLOW_MODEL = "flashcards.follow_embedding_model"
PURGE_BIN = "flashcards.purge_bin"
FIND_DUPLICATES = "flashcards.find_duplicates"
BULK = "flashcards.change_cards"
FOLD = "flashcards.fold_cards"
FOLD_ALL = "flashcards.fold_outdated"
IMPORT = "flashcards.import_cards"
EXPORT = "flashcards.export_cards"
FIT_PARAMETERS = "flashcards.fit_parameters"
BACKUP = "flashcards.make_backup"
MAP = "flashcards.make_map"
SIMULATE = "flashcards.simulate_plan"
WEEKLY_REPORT = "flashcards.send_weekly_report"

logger = logging.getLogger(__name__)


def request_checkpoint() -> None:
    """Have what is pending moved to where it stays soon."""
    transaction.on_commit(lambda: _defer(CHECKPOINT, CHECKPOINT, timestamp=0), robust=True)


def request_backup() -> None:
    """Have a backup made soon."""
    transaction.on_commit(lambda: _defer(BACKUP, BACKUP), robust=True)


def request_embedding(owner_id: UUID) -> None:
    """Have an owner's new cards embedded soon."""
    _request_for(owner_id, EMBED_CARDS, owner_id=owner_id)


def request_bulk(owner_id: UUID, change_id: UUID) -> None:
    """Have a change of many cards, or its undo, done or finished soon."""
    _request_for(owner_id, BULK, change_id=change_id)


def request_folding(owner_id: UUID) -> None:
    """Have an owner's cards folded whose memory is of other parameters than govern them."""
    _request_for(owner_id, FOLD, owner_id=owner_id)


def request_folding_of_all(after: UUID) -> None:
    """Have outdated cards looked for among the learners with a greater id than this."""
    transaction.on_commit(
        lambda: _defer(FOLD_ALL, FOLD_ALL, timestamp=0, after=str(after)), robust=True
    )


def request_import(owner_id: UUID, import_id: UUID) -> None:
    """Have a file imported, or that undone, or either finished."""
    _request_for(owner_id, IMPORT, import_id=import_id)


def request_export(owner_id: UUID, export_id: UUID) -> None:
    """Have a file made of cards."""
    _request_for(owner_id, EXPORT, export_id=export_id)


def request_duplicates(owner_id: UUID, search_id: UUID) -> None:
    """Have an owner's whole collection searched for duplicates."""
    _request_for(owner_id, FIND_DUPLICATES, owner_id=owner_id, search_id=search_id)


def request_weekly_report(owner_id: UUID) -> None:
    """Have a learner's weekly report sent, if it is due."""
    _request_for(owner_id, WEEKLY_REPORT, owner_id=owner_id)


def request_fit(owner_id: UUID) -> None:
    """Have an owner's parameters fitted, as they asked."""
    _request_for(owner_id, FIT_PARAMETERS, owner_id=owner_id)


def request_map(owner_id: UUID) -> None:
    """Have a learner's cards laid out by meaning, or new ones placed among them."""
    _request_for(owner_id, MAP, owner_id=owner_id)


def request_simulation(owner_id: UUID) -> None:
    """Have the plans simulated that a learner waits for."""
    _request_for(owner_id, SIMULATE, owner_id=owner_id)


def _request_for(owner_id: UUID, task: str, /, **ids: UUID) -> None:
    """Ask for a job of a learner, who has one of each kind waiting and one running at most.

    One that is asked for while another waits is not queued: the job that waits ends with asking
    for the learner's next.
    """
    arguments = {name: str(value) for name, value in ids.items()}
    lock = f"{task}:{owner_id}"
    transaction.on_commit(lambda: _defer(task, lock, lock=lock, **arguments), robust=True)


def _defer(
    task: str, queueing_lock: str, *, lock: str | None = None, **arguments: str | int
) -> None:
    try:
        app.configure_task(task, queueing_lock=queueing_lock, lock=lock).defer(**arguments)
    except AlreadyEnqueued:
        # The job that waits will see this change too.
        logger.debug("%s is waiting already.", task)
