"""Notes: words that are written once and give one card or several, which are siblings.

A basic note gives one card, a reversed one two, a cloze one for each number in its text. A note has
no row of its own: siblings share its id and its words, and are changed together.
"""

import dataclasses
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from flashcards import scheduling
from flashcards.cards.cards import create_cards
from flashcards.cards.change import read_locked, without_stale_vector, write_changed
from flashcards.domain.card_sides import card_ordinals
from flashcards.domain.records import Flashcard, Kind, NewCard
from flashcards.domain.validation import BadCard, check_words, clean
from flashcards.store import Query, cards

NewNote = NewCard
# Kinds that a note may be changed to and from; a cloze stays a cloze.
CHANGEABLE = (Kind.BASIC, Kind.REVERSED)


@dataclass(frozen=True)
class Edited:
    """A note after an edit: its cards, and which of them were added or put into the trash."""

    cards: list[Flashcard]
    added: list[Flashcard]
    removed: list[Flashcard]


def create_note(*, owner_id: UUID, note: NewNote, now: datetime) -> list[Flashcard]:
    """Create the cards of a note, in the order of their ordinals. Raises BadCard."""
    return create_cards(owner_id=owner_id, cards=[note], now=now)


def siblings(*, owner_id: UUID, note_id: UUID) -> list[Flashcard]:
    """Return the cards of a note that are not in the trash, by ordinal."""
    return sorted(
        cards.for_owner(owner_id).filter(note_id=note_id),
        key=lambda card: (card.ordinal, card.created_at),
    )


def edit_note(
    *,
    owner_id: UUID,
    note_id: UUID,
    question: str,
    answer: str,
    extra: str,
    now: datetime,
    kind: Kind | None = None,
    tags: Iterable[str] | None = None,
    deck_ids: Iterable[UUID] | None = None,
) -> Edited:
    """Change the words of all cards of a note in one transaction; their schedules stay.

    The card of a number that is no longer in the text goes into the trash; a new number adds a
    card, or restores it. With None the kind, the tags or the decks stay. Raises BadCard or
    DoesNotExist.
    """
    with transaction.atomic():
        whole = read_locked(owner_id, _whole_note(owner_id, note_id))
        alive = [card for card in whole if card.deleted_at is None]
        if not alive:
            raise Flashcard.DoesNotExist("There is no such note.")
        first = min(alive, key=lambda card: card.ordinal)
        new_kind = _allowed_kind(first.kind, kind)
        check_words(question, answer, extra, new_kind)
        ordinals = card_ordinals(new_kind, question)
        if not ordinals:
            raise BadCard("There is no gap in the text: put {{c1:: and }} around some words.")
        words = {"question": clean(question), "answer": clean(answer), "extra": clean(extra)}
        shared: dict[str, object] = {**words, "kind": new_kind}
        if tags is not None:
            shared["tags"] = tuple(dict.fromkeys(tag for tag in map(clean, tags) if tag))
        if deck_ids is not None:
            shared["deck_ids"] = tuple(dict.fromkeys(deck_ids))
        before = set(card_ordinals(first.kind, first.question))
        edited = _edited(whole, shared, before, ordinals, now)
        changed = [*edited.cards, *edited.removed]
        write_changed(owner_id, whole, changed, now=now)
    return edited


def delete_note(*, owner_id: UUID, note_id: UUID, now: datetime) -> list[Flashcard]:
    """Put every card of a note into the trash. Raises DoesNotExist if it has none."""
    return _change_note(
        owner_id,
        note_id,
        lambda card: dataclasses.replace(card, deleted_at=now) if not card.deleted_at else None,
    )


def restore_note(*, owner_id: UUID, note_id: UUID) -> list[Flashcard]:
    """Restore the cards of a note whose numbers its text still has. Raises DoesNotExist."""

    def restored(card: Flashcard) -> Flashcard | None:
        is_in_text = card.ordinal in card_ordinals(card.kind, card.question)
        is_back = card.deleted_at is not None and is_in_text
        return dataclasses.replace(card, deleted_at=None) if is_back else None

    return _change_note(owner_id, note_id, restored)


def _allowed_kind(present: Kind, wanted: Kind | None) -> Kind:
    if wanted is None or wanted == present:
        return present
    if present in CHANGEABLE and wanted in CHANGEABLE:
        return wanted
    raise BadCard("A cloze cannot become a question, nor a question a cloze: write a new note.")


def _edited(
    whole: Sequence[Flashcard],
    shared: dict[str, object],
    before: set[int],
    ordinals: Sequence[int],
    now: datetime,
) -> Edited:
    """Return the note's cards with their new words. `before` are the ordinals its text had.

    A sibling that the learner deleted stays in the trash while its number stays in the text.
    """
    alive = {card.ordinal: card for card in whole if card.deleted_at is None}
    deleted = {card.ordinal: card for card in whole if card.deleted_at is not None}
    wanted = [o for o in ordinals if o in alive or o not in before]
    if not wanted:
        # All numbers of the text have their cards in the trash.
        wanted = [ordinals[0]]
    added, kept = [], []
    for position, ordinal in enumerate(wanted):
        if ordinal in alive:
            kept.append(_with(alive[ordinal], shared, now))
        elif ordinal in deleted:
            added.append(_with(dataclasses.replace(deleted[ordinal], deleted_at=None), shared, now))
        else:
            pattern = min(alive.values(), key=lambda card: card.ordinal)
            added.append(_sibling(_with(pattern, shared, now), ordinal, position, now))
    removed = [
        dataclasses.replace(card, deleted_at=now)
        for ordinal, card in alive.items()
        if ordinal not in wanted
    ]
    cards = sorted([*kept, *added], key=lambda card: card.ordinal)
    return Edited(cards, added, removed)


def _with(card: Flashcard, shared: dict[str, object], now: datetime) -> Flashcard:
    after = dataclasses.replace(card, edited_at=now, **shared)  # type: ignore[arg-type] # by name
    return without_stale_vector(card, after)


def _sibling(card: Flashcard, ordinal: int, position: int, now: datetime) -> Flashcard:
    """Return a new card of the same note, with its tags, decks and source but no reviews."""
    # After its siblings, in the order of the text.
    made_at = now + timedelta(microseconds=position)
    return dataclasses.replace(
        scheduling.as_new(card),
        id=uuid.uuid4(),
        ordinal=ordinal,
        due=made_at,
        created_at=made_at,
        buried_until=None,
        suspended=False,
        flag=0,
        deleted_at=None,
        embedding_model="",
    )


def _change_note(
    owner_id: UUID, note_id: UUID, edit: Callable[[Flashcard], Flashcard | None]
) -> list[Flashcard]:
    with transaction.atomic():
        found = read_locked(owner_id, _whole_note(owner_id, note_id))
        if not found:
            raise Flashcard.DoesNotExist("There is no such note.")
        after = [new for card in found if (new := edit(card)) is not None]
        return [each.after for each in write_changed(owner_id, found, after)]


def _whole_note(owner_id: UUID, note_id: UUID) -> Query[Flashcard]:
    """Return the cards of a note, those in the trash included."""
    return cards.for_owner(owner_id).with_deleted().filter(note_id=note_id)
