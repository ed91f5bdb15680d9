"""What an insert and an update of a row take by themselves, for the benchmark."""

import time
import uuid
from uuid import UUID

from django.db import connection

from flashcards.models import CardRow

_INSERT = """
INSERT INTO flashcards_flashcard
SELECT (jsonb_populate_record(card, jsonb_build_object('id', %s))).*
FROM flashcards_flashcard card WHERE owner_id = %s LIMIT 1
"""
_UPDATE = "UPDATE flashcards_flashcard SET due = due + interval '1 day' WHERE id = %s"


def measure(
    owner_id: UUID, *, rows: int
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Return what one insert and one update of a card take, each with its commit.

    The seconds that went by, and those of the processor, `rows` times each. The rows are removed.
    """
    inserts, updates, made = [], [], []
    with connection.cursor() as cursor:
        for _ in range(rows):
            card_id = uuid.uuid4()
            made.append(card_id)
            started = time.perf_counter(), time.process_time()
            cursor.execute(_INSERT, [card_id, owner_id])
            inserts.append(_since(started))
            started = time.perf_counter(), time.process_time()
            cursor.execute(_UPDATE, [card_id])
            updates.append(_since(started))
    CardRow.objects.filter(id__in=made).delete()
    return inserts, updates


def _since(started: tuple[float, float]) -> tuple[float, float]:
    return time.perf_counter() - started[0], time.process_time() - started[1]
