"""What a text repeats, reverses or resembles: a card that is being written, or a draft."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from accounts.models import User
from flashcards.cards.cards import get_card
from flashcards.domain import card_sides
from flashcards.domain.records import Flashcard, Kind
from flashcards.duplicates import overlaps, second_opinion
from flashcards.duplicates.card_text import drafted
from flashcards.duplicates.joining import are_swapped
from flashcards.duplicates.judge import Verdict
from flashcards.models import Draft

# A shorter question says too little to be compared.
QUESTION_MIN_CHARACTERS = 2


@dataclass(frozen=True)
class Beside:
    """Another draft of the same text that has something in common with a draft."""

    draft: Draft
    verdict: Verdict
    # Whether one of the two, asked both ways round, would say what both say.
    can_be_joined: bool


def of_written(
    user: User, *, question: str, answer: str, edited_card: str, kind: str = Kind.BASIC
) -> list[overlaps.Overlap]:
    """Return the cards that a text repeats or may be confused with, and the first that is near.

    `edited_card` is the id of the card that is being edited, if there is one: its note is left out.
    """
    if len(question) < QUESTION_MIN_CHARACTERS or not (answer or "{{c" in question):
        return []
    (found,) = overlaps.find_overlaps(
        owner_id=user.id,
        drafts=[(question, answer)],
        leave_out=note_of(user, edited_card),
        both_ways=kind == Kind.REVERSED,
    )
    near = [one for one in found if one.verdict is Verdict.NEAR][:1]
    return _what_matters([one for one in found if one.verdict is not Verdict.NEAR]) or near


def of_draft(user: User, draft: Draft, kept: Collection[str]) -> list[overlaps.Overlap]:
    """Return the cards that a draft repeats, reverses, may be confused with, or is near.

    `kept` has "draft-id card-id" of those that the learner has decided on.
    """
    if draft.decision == Draft.Decision.DROP:
        return []
    # A card that is being split says what its parts say.
    split = draft.batch.card_id
    (found,) = overlaps.find_overlaps(
        owner_id=user.id,
        drafts=[(draft.question, draft.answer)],
        leave_out=note_of(user, str(split)) if split else [],
        both_ways=draft.kind == Kind.REVERSED,
    )
    found = second_opinion.applied(draft.batch, draft, found)
    if draft.grounds:
        # A card that tells two others apart resembles both of them.
        found = [
            one
            for one in found
            if one.verdict is Verdict.SAME and card_sides.front(one.card) not in draft.grounds
        ]
    return _what_matters([one for one in found if f"{draft.id} {one.card.id}" not in kept])


def beside_draft(draft: Draft, kept: Collection[str]) -> list[Beside]:
    """Return the earlier drafts of its text that a draft repeats, reverses or resembles."""
    if draft.decision == Draft.Decision.DROP or draft.grounds:
        return []
    others = [
        other
        for other in draft.batch.drafts.filter(
            position__lt=draft.position, decision=Draft.Decision.KEEP, grounds=""
        )
        if f"{draft.id} {other.id}" not in kept
    ]
    sides = [(other.question, other.answer) for other in others]
    judgements = overlaps.among((draft.question, draft.answer), sides)
    own = drafted(draft.question, draft.answer)
    return [
        Beside(
            other,
            judgement.verdict,
            judgement.verdict is Verdict.REVERSED
            and other.kind == draft.kind == Kind.BASIC
            and are_swapped(own, drafted(other.question, other.answer)),
        )
        for other, judgement in zip(others, judgements, strict=True)
        if judgement is not None
    ]


def _what_matters(found: list[overlaps.Overlap]) -> list[overlaps.Overlap]:
    """Return only what says the same, if anything does: the learner decides on that first."""
    return [one for one in found if one.verdict is Verdict.SAME] or found


def note_of(user: User, card_id: str) -> list[uuid.UUID]:
    """Return the note of a card, if it is one of the learner's."""
    try:
        return [get_card(owner_id=user.id, card_id=uuid.UUID(card_id)).note_id]
    except (ValueError, Flashcard.DoesNotExist):
        return []
