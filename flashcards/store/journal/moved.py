"""Moved entries: what checkpoints took out of the journal, kept for a day.

LanceDB's tables may be put back from a copy that is some hours old. With these they are brought up
to date (`maintenance/recover.py`).
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Min

from flashcards.models import MovedEntry, StoreVersions

KEPT_FOR = timedelta(days=1)
# One statement, so that images are not read and written again.
_MOVE = """
WITH moved AS (
    DELETE FROM flashcards_journalentry WHERE id = ANY(%s)
    RETURNING id, owner_id, kind, card_id, card, log, vector, card_rows, log_rows, created_at
)
INSERT INTO flashcards_movedentry (
    id, owner_id, kind, card_id, card, log, vector, card_rows, log_rows, created_at,
    moved_at, flashcards, review_logs)
SELECT moved.*, %s, %s, %s FROM moved WHERE kind <> 'erase_owner'
ON CONFLICT (id) DO NOTHING
"""


def move(entry_ids: Sequence[int], before: StoreVersions, now: datetime) -> None:
    """Take entries out of the journal and keep them; drop those kept for longer than a day.

    That an account went is not kept: nothing is to be left of it. `before` is what was recorded
    before the checkpoint.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, [list(entry_ids), now, before.flashcards, before.review_logs])
    MovedEntry.objects.filter(moved_at__lt=now - KEPT_FOR).delete()


def erase_owner(owner_id: UUID) -> None:
    """Drop what is kept of an owner whose account goes."""
    MovedEntry.objects.filter(owner_id=owner_id).delete()


def erase_cards(owner_ids: Collection[UUID], card_ids: Collection[UUID]) -> None:
    """Drop what is kept of cards that go for good, but for what came in a batch."""
    MovedEntry.objects.filter(owner_id__in=owner_ids, card_id__in=card_ids).delete()


def oldest_versions() -> tuple[int, int] | None:
    """Return the oldest versions of both tables that can be brought up to date, if any are kept."""
    oldest = MovedEntry.objects.aggregate(Min("flashcards"), Min("review_logs"))
    flashcards, review_logs = oldest["flashcards__min"], oldest["review_logs__min"]
    return None if flashcards is None else (flashcards, review_logs)


def clear() -> None:
    """Drop all that is kept, as once the tables' rows were changed otherwise than by entries."""
    MovedEntry.objects.all().delete()
