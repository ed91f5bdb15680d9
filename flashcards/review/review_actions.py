"""Undo in review: the last action is taken back, be it a rating or a change of a card.

Ratings are in the log. Every other action has a row (ReviewAction) with what it changed. One whose
change is not there any more, because it was taken back elsewhere, is passed over.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from flashcards import store
from flashcards.cards.change import change_cards
from flashcards.domain.records import Flashcard, Kind, Rating, ReviewLog
from flashcards.models import ReviewAction
from flashcards.review import practice, ratings, resetting
from flashcards.review.ratings import UNDO_WITHIN
from flashcards.review.resetting import NothingToTakeBack
from flashcards.review.session import StudySession
from flashcards.store import OwnerView, cards

Action = ReviewAction.Kind


@dataclass(frozen=True)
class Undone:
    """What was taken back: the card as it is now, and the action in words."""

    card: Flashcard
    name: str
    is_rating: bool = False


def record(
    kind: Action,
    *,
    owner_id: UUID,
    card_id: UUID,
    before: Iterable[Flashcard],
    after: Iterable[Flashcard],
    now: datetime,
    session: StudySession | None = None,
    resets: Sequence[ReviewLog] = (),
) -> None:
    """Record a action, in the transaction of the caller; nothing if it changed nothing.

    `before` and `after` are the cards that it may have changed, matched by id; one that is only in
    `after` is new.
    """
    was = {card.id: _fields(card) for card in before}
    there: dict[str, dict[str, Any]] = {}
    became: dict[str, dict[str, Any]] = {}
    for card in after:
        new = _fields(card)
        old = was.get(card.id, {**new, "deleted": True})
        if differing := [name for name in new if new[name] != old[name]]:
            there[str(card.id)] = {name: old[name] for name in differing}
            became[str(card.id)] = {name: new[name] for name in differing}
    ReviewAction.objects.filter(owner_id=owner_id, done_at__lt=now - UNDO_WITHIN).delete()
    if became or resets:
        ReviewAction.objects.create(
            owner_id=owner_id,
            kind=kind,
            card_id=card_id,
            session=session.row if session is not None and session.has_card_list else None,
            before=there,
            after=became,
            resets=[[str(row.flashcard_id), str(row.id)] for row in resets],
            done_at=now,
        )


def images_of_note(*, owner_id: UUID, note_id: UUID) -> list[Flashcard]:
    """Return the cards of a note, those in the trash too, for `record`."""
    return list(cards.for_owner(owner_id).with_deleted().filter(note_id=note_id))


def take_back(session: StudySession, owner_id: UUID, *, undo_id: UUID, now: datetime) -> Undone:
    """Take back the last action; in a session with a card list of its own, the last rating there.

    Again and again it goes back through the last day. The same `undo_id` changes nothing the second
    time. Raises NothingToUndo.
    """
    with transaction.atomic():
        store.lock_owner(owner_id)
        view = store.view(owner_id)
        known = view.recent_log(undo_id, now)
        last = _undone_by(view, known) if known else _last_rating(session, view, now)
        action = None if known else _take_back_deed(owner_id, view, last, undo_id, now)
    if action is not None:
        return action
    if session.row is not None and session.has_card_list:
        card = practice.take_back(session.row, undo_id=undo_id, now=now)
    else:
        card = ratings.undo_review(owner_id=owner_id, undo_id=undo_id, now=now)
    rating = last.rating if last is not None else None
    name = f"the rating {Rating(rating).name.capitalize()}" if rating else "the rating"
    return Undone(card, name, is_rating=True)


def _undone_by(view: OwnerView, undo: ReviewLog) -> ReviewLog | None:
    return view.log(undo.undoes) if undo.undoes is not None else None


def _last_rating(session: StudySession, view: OwnerView, now: datetime) -> ReviewLog | None:
    if session.row is not None and session.has_card_list:
        return practice.last_answer(session.row, view)
    reviews = view.recent_reviews(now - UNDO_WITHIN)
    return reviews[-1] if reviews else None


def _take_back_deed(
    owner_id: UUID, view: OwnerView, rating: ReviewLog | None, undo_id: UUID, now: datetime
) -> Undone | None:
    """Take back the last action after a rating that can be; None if there is none."""
    actions = ReviewAction.objects.filter(owner_id=owner_id)
    repeated = actions.filter(undo_id=undo_id).first()
    if repeated is not None:
        return Undone(view.card(repeated.card_id), repeated.get_kind_display())
    since = rating.reviewed_at if rating is not None else now - UNDO_WITHIN
    for action in actions.filter(undo_id=None, done_at__gte=since):
        if not _give_back(action, view, now):
            action.delete()
            continue
        action.undo_id = undo_id
        action.save(update_fields=["undo_id"])
        if action.session is not None:
            practice.put_back(action.session, action.card_id, now)
        return Undone(store.view(owner_id).card(action.card_id), action.get_kind_display())
    return None


def _give_back(action: ReviewAction, view: OwnerView, now: datetime) -> bool:
    """Give the cards what they had before a action; return whether its change was still there."""
    ids = [UUID(text) for text in action.after] or [action.card_id]
    found = view.cards([*ids, action.card_id], with_deleted=True)
    if action.card_id not in found or not all(
        card_id in found and _has(found[card_id], action.after.get(str(card_id), {}))
        for card_id in ids
    ):
        return False
    for card_id, log_id in action.resets:
        try:
            resetting.take_back(
                owner_id=action.owner_id, card_id=UUID(card_id), log_id=UUID(log_id), now=now
            )
        except NothingToTakeBack:
            # The schedule was changed again since, and stays as it is.
            continue
    change_cards(
        action.owner_id,
        ids,
        lambda card: _with(card, action.before.get(str(card.id), {}), now),
        include_deleted=True,
        now=now,
    )
    return action.card_id in store.view(action.owner_id).cards([action.card_id])


def _fields(card: Flashcard) -> dict[str, Any]:
    """Return what actions change of a card, as JSON."""
    return {
        "kind": card.kind,
        "question": card.question,
        "answer": card.answer,
        "extra": card.extra,
        "tags": list(card.tags),
        "decks": [str(deck_id) for deck_id in card.deck_ids],
        "suspended": card.suspended,
        "buried": card.buried_until.isoformat() if card.buried_until else None,
        "deleted": card.deleted_at is not None,
    }


def _has(card: Flashcard, fields: Mapping[str, Any]) -> bool:
    present = _fields(card)
    return all(present[name] == value for name, value in fields.items())


def _with(card: Flashcard, fields: Mapping[str, Any], now: datetime) -> Flashcard:
    new = {**_fields(card), **fields}
    buried, deleted = new["buried"], new["deleted"]
    has_words = any(name in fields for name in ("kind", "question", "answer", "extra", "tags"))
    return dataclasses.replace(
        card,
        kind=Kind(new["kind"]),
        question=new["question"],
        answer=new["answer"],
        extra=new["extra"],
        tags=tuple(new["tags"]),
        deck_ids=tuple(map(UUID, new["decks"])),
        suspended=new["suspended"],
        buried_until=datetime.fromisoformat(buried) if buried else None,
        deleted_at=(card.deleted_at or now) if deleted else None,
        edited_at=now if has_words else card.edited_at,
    )
