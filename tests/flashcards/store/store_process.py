"""What the crash and concurrency tests run in processes of their own.

    python -m tests.flashcards.store.store_process ACTION OWNER SEED COUNT [PAUSE_SECONDS]

Prints a line of JSON for each thing that was acknowledged, when it was. MEMORYLOOP_FAILPOINT may
have it die on the way.
"""

import atexit
import gc
import json
import os
import random
import re
import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

# Short lives: what they leave goes with them.
gc.disable()
atexit.register(gc.freeze)

import django  # noqa: E402

# What first writes a change, in either engine.
_WRITE = re.compile(
    r"flashcards_append|flashcards_record|"
    r'INSERT INTO "?flashcards_journalentry|INSERT INTO flashcards_flashcard'
)


def acknowledge(**what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main(action: str, owner: str, seed: str, count: str, pause_seconds: str = "0") -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memoryloop.settings")
    django.setup()
    from django.db import connection

    from flashcards import store
    from flashcards.cards.cards import create_cards, delete_card, get_card
    from flashcards.domain.records import Flashcard, NewCard, Rating
    from flashcards.review.ratings import AlreadyAnswered, NothingToUndo, review_card, undo_review
    from flashcards.store import EngineChanged, cards, forget_engine, review_logs

    owner_id = uuid.UUID(owner)
    draw = random.Random(int(seed))
    now = datetime(2026, 5, 1, tzinfo=UTC) + timedelta(days=draw.random())

    def rate(*, client_id: bool = False) -> None:
        ids = [card.id for card in cards.for_owner(owner_id)]
        if not ids:
            create()
            return
        card_id = draw.choice(ids)
        try:
            card = get_card(owner_id=owner_id, card_id=card_id)
        except Flashcard.DoesNotExist:
            acknowledge(gone=str(card_id))
            return
        # As two tabs might that were opened from one: an id that follows from what they show.
        review_id = uuid.uuid5(card.id, str(card.sequence)) if client_id else uuid.uuid4()
        try:
            done = review_card(
                owner_id=owner_id,
                card_id=card.id,
                review_id=review_id,
                sequence=card.sequence,
                rating=Rating(draw.randint(1, 4)),
                now=now,
            )
        except Flashcard.DoesNotExist:
            acknowledge(gone=str(card.id))
        except AlreadyAnswered:
            acknowledge(refused=str(card.id))
        else:
            acknowledge(review=str(done.log.id), card=str(card.id), sequence=done.log.sequence)

    def rate_alike() -> None:
        rate(client_id=True)

    def create() -> None:
        found = create_cards(
            owner_id=owner_id,
            cards=[NewCard(question=f"Q{draw.random()}", answer="A") for _ in range(3)],
            now=now,
        )
        acknowledge(created=[str(card.id) for card in found])

    def delete() -> None:
        found = list(cards.for_owner(owner_id))
        # Begin with another one than a process with another seed.
        first = int(seed) % max(len(found), 1)
        for card in (*found[first:], *found[:first]):
            try:
                delete_card(owner_id=owner_id, card_id=card.id, now=now)
            except Flashcard.DoesNotExist:
                # Another process was quicker.
                acknowledge(gone=str(card.id))
            else:
                acknowledge(deleted=str(card.id))
                return

    def undo() -> None:
        undo_id = uuid.uuid4()
        try:
            undo_review(owner_id=owner_id, undo_id=undo_id, now=now)
        except NothingToUndo:
            return
        acknowledge(undone=str(undo_id))

    def move() -> None:
        """Do what the worker does each minute."""
        if entries := store.checkpoint(wait=True).entries:
            acknowledge(checkpoint=entries)
        store.optimize_if_due()

    def upgrade() -> None:
        acknowledge(upgraded=[done.number for done in store.upgrade()])

    actions = {"rate": rate, "create": create, "delete": delete, "undo": undo, "checkpoint": move}

    def reviews() -> None:
        for log in review_logs.for_owner(owner_id):
            acknowledge(review=str(log.id))

    more = {"rate_alike": rate_alike, "upgrade": upgrade, "reviews": reviews}
    with connection.execute_wrapper(die_at_a_write):
        for _ in range(int(count)):
            name = draw.choice(list(actions)) if action == "mix" else action
            try:
                (actions | more)[name]()
            except EngineChanged:
                # As the middleware does with a request, and the worker with a job.
                forget_engine()
                (actions | more)[name]()
            now += timedelta(minutes=1)
            time.sleep(float(pause_seconds))


def die_at_a_write(
    execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any
) -> Any:
    """Run a statement; one that writes a change may have this process die around it."""
    from django.db import transaction

    from flashcards.store import failpoints

    if not _WRITE.search(sql):
        return execute(sql, parameters, many, context)
    failpoints.reach("journal-before")
    result = execute(sql, parameters, many, context)
    failpoints.reach("journal-written")
    transaction.on_commit(lambda: failpoints.reach("journal-committed"))
    return result


if __name__ == "__main__":
    main(*sys.argv[1:])
