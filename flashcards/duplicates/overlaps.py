"""Overlaps: the cards of a learner that ask for the same as a draft, and what to do about them.

The candidates are the nearest few by vector; similarity.py compares questions and answers.
"""

import dataclasses
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from flashcards import store
from flashcards.cards.change import change_card
from flashcards.domain import card_sides
from flashcards.domain.records import ANSWER_MAX_CHARACTERS, Flashcard, Kind
from flashcards.domain.validation import CardError, check_words, clean
from flashcards.duplicates import similarity
from flashcards.duplicates.similarity import CardText
from flashcards.models import NotDuplicates
from flashcards.store import cards
from memoryloop.embeddings import EmbeddingError, get_embedder

logger = logging.getLogger(__name__)

Vector = NDArray[np.float32]

SAME, NEAR = "same", "near"
# Candidates for each draft. With MiniLM the same fact in other words is 0.05 to 0.45 away.
CANDIDATES = 5
MAX_DISTANCE = 0.5
# Of cards that the worker has not embedded yet, the newest so many are searched by their words.
WAITING_MOST = 60
# The share of a question's stems that a card without a vector must have to be a candidate.
WORDS_SHARED = 0.5


class TooLong(CardError):
    """A merged card would exceed the limit of a card."""


@dataclass(frozen=True)
class Overlap:
    """A card that asks for the same fact as a draft ("same") or a similar question ("near")."""

    card: Flashcard
    score: float
    verdict: str


def find_overlaps(
    *,
    owner_id: UUID,
    drafts: Sequence[tuple[str, str]],
    limit: int = 3,
    leave_out: Collection[UUID] = (),
) -> list[list[Overlap]]:
    """Return for each draft (question, answer) the owner's cards that it overlaps, surest first.

    Cards of the notes in `leave_out` are ignored. Where the model cannot be run, nothing overlaps.
    Costs one search for each draft and one embedding of all the texts.
    """
    if not drafts:
        return []
    try:
        wanted = [_draft(question, answer) for question, answer in drafts]
        found = _candidates(owner_id, drafts, wanted, leave_out)
        return _judged(wanted, found, limit)
    except EmbeddingError:
        logger.warning("Drafts cannot be compared with the cards right now.", exc_info=True)
        return [[] for _ in drafts]


def compare(pairs: Sequence[tuple[CardText, CardText, float]]) -> list[tuple[float, float]]:
    """Return for each pair how likely it is the same fact, and the cosine of the questions.

    A pair comes with the cosine of the cards' own vectors. Raises EmbeddingError.
    """
    texts = sorted({text.ask for a, b, _ in pairs for text in (a, b)})
    if not texts:
        return []
    vectors: Mapping[str, Vector] = dict(zip(texts, get_embedder().embed(texts), strict=True))
    asked = [float(vectors[a.ask] @ vectors[b.ask]) for a, b, _ in pairs]
    return [
        (similarity.likeness(a, b, asked=near, whole=whole), near)
        for (a, b, whole), near in zip(pairs, asked, strict=True)
    ]


def replace(
    *, owner_id: UUID, card_id: UUID, question: str, answer: str, kind: str, now: datetime
) -> Flashcard:
    """Give a card a draft's words; its schedule and its history stay. Raises DoesNotExist, BadCard.

    A card of several siblings, or of another kind, keeps its kind: the draft is then merged.
    """

    def change(card: Flashcard) -> Flashcard:
        check_words(question, answer, card.extra, card.kind)
        return dataclasses.replace(card, question=clean(question), answer=clean(answer))

    current = cards.for_owner(owner_id).get(id=card_id)
    siblings = cards.for_owner(owner_id).filter(note_id=current.note_id).count()
    if siblings > 1 or current.kind != kind or kind == Kind.CLOZE:
        return merge(owner_id=owner_id, card_id=card_id, question=question, answer=answer, now=now)
    return _edited(owner_id, card_id, change, now)


def merge(*, owner_id: UUID, card_id: UUID, question: str, answer: str, now: datetime) -> Flashcard:
    """Add a draft to a card's note, unless the card has its words. Raises TooLong, DoesNotExist."""
    shown = _draft(question, answer)

    def change(card: Flashcard) -> Flashcard:
        present = similarity.words_of(f"{card.question} {card.answer} {card.extra}").stems
        if similarity.words_of(shown.whole).stems <= present:
            return card
        addition = f"{shown.ask}\n{shown.answer}".strip()
        extra = clean(f"{card.extra}\n\n{addition}" if card.extra else addition)
        if len(extra) > ANSWER_MAX_CHARACTERS:
            raise TooLong("Together they are too long for one card: keep both, or drop one.")
        return dataclasses.replace(card, extra=extra)

    return _edited(owner_id, card_id, change, now)


def contrast(a: tuple[str, str], b: tuple[str, str]) -> tuple[str, str]:
    """Return the question and answer of a card that asks for the difference of two others."""
    one, other = _draft(*a), _draft(*b)
    first, second = similarity.distinct_words(one, other)
    if not first or not second or max(len(first.split()), len(second.split())) > 4:
        first, second = f"“{one.ask}”", f"“{other.ask}”"
    return (
        f"What is the difference between {first} and {second}?",
        f"- {first}: {one.answer or one.ask}\n- {second}: {other.answer or other.ask}",
    )


def mark_not_duplicates(*, owner_id: UUID, card_ids: Sequence[UUID], now: datetime) -> None:
    """Store that no two of these cards are duplicates; cards of others are ignored."""
    known = cards.for_owner(owner_id).with_deleted().in_bulk(list(card_ids))
    ids = sorted(known, key=str)
    NotDuplicates.objects.bulk_create(
        [
            NotDuplicates(owner_id=owner_id, first_id=first, second_id=second, said_at=now)
            for number, first in enumerate(ids)
            for second in ids[number + 1 :]
        ],
        ignore_conflicts=True,
    )


def marked_pairs(owner_id: UUID) -> set[tuple[UUID, UUID]]:
    """Return the pairs that the owner marked as no duplicates, the lesser id first."""
    pairs = NotDuplicates.objects.filter(owner_id=owner_id)
    return set(pairs.values_list("first_id", "second_id"))


def _draft(question: str, answer: str) -> CardText:
    ordinals = card_sides.cloze_ordinals(question)
    kind = Kind.CLOZE if ordinals else Kind.BASIC
    return similarity.text_of(
        card_sides.Draft(kind, question, answer, ordinals[0] if ordinals else 1)
    )


def _candidates(
    owner_id: UUID,
    drafts: Sequence[tuple[str, str]],
    wanted: Sequence[CardText],
    leave_out: Collection[UUID],
) -> list[list[tuple[Flashcard, float]]]:
    """Return for each draft the cards to compare it with, each with its cosine."""
    vectors = get_embedder().embed([f"{q}\n{a}".strip() or "?" for q, a in drafts])
    waiting = _waiting(owner_id)
    found = []
    for vector, shown in zip(vectors, wanted, strict=True):
        near = store.nearest_cards(
            owner_id, vector, limit=CANDIDATES + len(leave_out), max_distance=MAX_DISTANCE
        )
        cards = {card.id: (card, 1.0 - distance) for distance, card in near}
        new = [card for card in _sharing_words(waiting, shown) if card.id not in cards]
        texts = [card.embedding_text for card in new]
        for card, its in zip(new, get_embedder().embed(texts) if new else (), strict=True):
            cards[card.id] = card, float(vector @ its)
        kept = [pair for pair in cards.values() if pair[0].note_id not in leave_out]
        found.append(kept[: CANDIDATES * 2])
    return found


def _waiting(owner_id: UUID) -> list[Flashcard]:
    found = cards.for_owner(owner_id).filter(embedding_model="")
    return list(found.order_by("-created_at")[:WAITING_MOST])


def _sharing_words(cards: Iterable[Flashcard], shown: CardText) -> list[Flashcard]:
    stems = similarity.words_of(shown.whole).stems
    return [
        card
        for card in cards
        if len(stems & similarity.words_of(similarity.text_of(card).whole).stems)
        >= max(1.0, WORDS_SHARED * len(stems))
    ][:CANDIDATES]


def _judged(
    wanted: Sequence[CardText], found: Sequence[Sequence[tuple[Flashcard, float]]], limit: int
) -> list[list[Overlap]]:
    pairs = [
        (shown, similarity.text_of(card), whole)
        for shown, cards in zip(wanted, found, strict=True)
        for card, whole in cards
    ]
    scores = iter(compare(pairs))
    judged = []
    for nearest in found:
        seen = [_overlap(card, *next(scores)) for card, _ in nearest]
        kept = [overlap for overlap in seen if overlap is not None]
        kept.sort(key=lambda o: (o.verdict == NEAR, -o.score, str(o.card.id)))
        judged.append(kept[:limit])
    return judged


def _overlap(card: Flashcard, score: float, question: float) -> Overlap | None:
    if score >= similarity.SAME:
        return Overlap(card, score, SAME)
    if question >= similarity.NEAR_QUESTION:
        return Overlap(card, score, NEAR)
    return None


def _edited(
    owner_id: UUID, card_id: UUID, change: Callable[[Flashcard], Flashcard], now: datetime
) -> Flashcard:
    def edit(card: Flashcard) -> Flashcard | None:
        after = change(card)
        return dataclasses.replace(after, edited_at=now) if after != card else None

    return change_card(owner_id, card_id, edit, now=now).after
