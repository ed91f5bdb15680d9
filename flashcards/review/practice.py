"""Practice: sessions with a list of cards to do, kept in their row, so that any device goes on.

A cram asks each card until it is known and touches no schedule. On the way to an exam each card
is truly reviewed, before its time.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from flashcards import scheduling, store
from flashcards.domain.records import Flashcard, Rating, ReviewLog
from flashcards.models import ReviewSession
from flashcards.review import ratings
from flashcards.review.ratings import Answer, NothingToUndo, Reviewed
from flashcards.store import Change, OwnerView

Mode = ReviewSession.Mode
# A card that was not known comes back after so many others.
AGAIN_AFTER = 4
UNDO_STEPS = 30


def next_card(row: ReviewSession, cards: OwnerView) -> Flashcard | None:
    """Return the first card still to do that can be asked. A read for each that cannot."""
    for card_id in row.todo:
        try:
            card = cards.card(card_id)
        except Flashcard.DoesNotExist:
            continue
        answered = card.last_review is not None and card.last_review >= row.started_at
        if not card.suspended and not (row.mode == Mode.AHEAD and answered):
            return card
    return None


def answer(row: ReviewSession, given: Answer, now: datetime) -> Reviewed:
    """Take an answer. The same `review_id` again changes nothing.

    Raises AlreadyAnswered, or DoesNotExist for a stranger's card.
    """
    with transaction.atomic():
        store.lock_owner(row.owner_id)
        row.refresh_from_db()
        if row.mode == Mode.CRAM:
            reviewed = _practise(row.owner_id, given, now)
        else:
            reviewed, _ = ratings.rate(row.owner_id, given, now)
        if not reviewed.repeated:
            todo = [each for each in row.todo if each != given.card_id]
            # On the way to an exam the learning steps bring the card back by themselves.
            if given.rating is Rating.AGAIN and row.mode == Mode.CRAM:
                todo.insert(AGAIN_AFTER, given.card_id)
            row.answers = [*row.answers, given.review_id][-UNDO_STEPS:]
            row.answered += 1
            row.forgotten += given.rating is Rating.AGAIN
            _go_on(row, todo, now)
    return reviewed


def take_back(row: ReviewSession, *, undo_id: UUID, now: datetime) -> Flashcard:
    """Take back the last answer, and ask its card next. Raises NothingToUndo."""
    with transaction.atomic():
        store.lock_owner(row.owner_id)
        row.refresh_from_db()
        cards = store.view(row.owner_id)
        known = cards.recent_log(undo_id, now)
        if known is not None:
            return cards.card(known.flashcard_id)
        while row.answers:
            *row.answers, last_id = row.answers
            row.answered -= 1
            last = cards.log(last_id)
            row.forgotten -= last is not None and last.rating is Rating.AGAIN
            try:
                card = ratings.undo_review(
                    owner_id=row.owner_id, undo_id=undo_id, now=now, undoes=last_id
                )
            except NothingToUndo:
                # Taken back elsewhere, as a review can be, or erased with its card.
                continue
            _go_on(row, [card.id, *(each for each in row.todo if each != card.id)], now)
            return card
        raise NothingToUndo("There is no answer in this session to take back.")


def leave_out(row: ReviewSession, card_id: UUID, now: datetime) -> None:
    """Go on without a card that was put off or suspended."""
    with transaction.atomic():
        store.lock_owner(row.owner_id)
        row.refresh_from_db()
        _go_on(row, [each for each in row.todo if each != card_id], now)


def put_back(row: ReviewSession, card_id: UUID, now: datetime) -> None:
    """Ask a card next that was put off or suspended."""
    with transaction.atomic():
        store.lock_owner(row.owner_id)
        row.refresh_from_db()
        _go_on(row, [card_id, *(each for each in row.todo if each != card_id)], now)


def last_answer(row: ReviewSession, cards: OwnerView) -> ReviewLog | None:
    """Return the last answer in a session that is still there."""
    row.refresh_from_db(fields=["answers"])
    found = (cards.log(log_id) for log_id in reversed(row.answers))
    return next((log for log in found if log is not None), None)


def end(row: ReviewSession, now: datetime) -> None:
    """End a session before its cards are done."""
    ReviewSession.objects.filter(id=row.id, ended_at=None).update(ended_at=now)


def finish(row: ReviewSession, now: datetime) -> None:
    """End a session that has no card left to ask."""
    row.todo = []
    row.ended_at = row.ended_at or now
    row.save(update_fields=["todo", "ended_at"])


def _practise(owner_id: UUID, given: Answer, now: datetime) -> Reviewed:
    card, known = ratings.position(store.view(owner_id), given, now)
    if known is not None:
        return Reviewed(card, known, repeated=True)
    card, log = scheduling.cram(
        card, given.rating, now, review_id=given.review_id, duration_ms=given.duration_ms
    )
    store.write([Change(card, log)])
    return Reviewed(card, log)


def _go_on(row: ReviewSession, todo: list[UUID], now: datetime) -> None:
    row.todo = todo
    row.ended_at = None if todo else now
    row.save(update_fields=["todo", "answers", "answered", "forgotten", "ended_at"])
