"""Overlaps: what of a learner's cards and drafts has something in common with a draft.

The candidates are the nearest few by vector, whichever model made the vectors; the judge compares
questions and answers (judge.py).
"""

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from flashcards import store
from flashcards.cards import embedding
from flashcards.domain.records import Flashcard, Kind
from flashcards.duplicates.card_text import CardText, drafted, text_of
from flashcards.duplicates.cosines import cosines
from flashcards.duplicates.joining import are_swapped
from flashcards.duplicates.judge import ORDER, Judgement, Verdict, judge
from flashcards.duplicates.words import words_of
from flashcards.store import cards
from memoryloop.embeddings import EmbeddingError

logger = logging.getLogger(__name__)

# Candidates for each draft. There is no bound of their distance: a formula and the same in words
# are far apart, and the judge costs little.
CANDIDATES = 6
# Of cards that the worker has not embedded yet, the newest so many are searched by their words.
WAITING_MOST = 60
# The share of a draft's stems that a card without a vector must have to be a candidate.
WORDS_SHARED = 0.3
# Other drafts of a batch that a draft is compared with: those that share the most words.
DRAFTS_MOST = 4
Sides = tuple[str, str]


@dataclass(frozen=True)
class Overlap:
    """A card that asks for what a draft asks for, or for something that is close to it."""

    card: Flashcard
    judgement: Judgement
    # Whether the card's note, asked both ways round, would say what the draft says.
    can_be_joined: bool = False
    # What a model said of the two, and which one.
    reason: str = ""
    judged_by: str = ""

    @property
    def verdict(self) -> Verdict:
        return self.judgement.verdict


def find_overlaps(
    *,
    owner_id: UUID,
    drafts: Sequence[Sides],
    limit: int = 3,
    leave_out: Collection[UUID] = (),
    both_ways: bool = False,
) -> list[list[Overlap]]:
    """Return for each draft (question, answer) the owner's cards that it overlaps, surest first.

    Each note is named once, by its card that has most in common with the draft; cards of the notes
    in `leave_out` are ignored. A draft that is to be asked `both_ways` has what either of its cards
    has. Where the model cannot be run, nothing overlaps. Costs one search for each draft and one
    embedding of all the texts.
    """
    if not drafts:
        return []
    try:
        wanted = [drafted(question, answer) for question, answer in drafts]
        found = _candidates(owner_id, drafts, wanted, leave_out)
        return _judged(wanted, found, limit, both_ways)
    except EmbeddingError:
        logger.warning("Drafts cannot be compared with the cards right now.", exc_info=True)
        return [[] for _ in drafts]


def compare(pairs: Sequence[tuple[CardText, CardText]]) -> list[Judgement]:
    """Return what the cards of each pair are to one another. Raises EmbeddingError."""
    near = cosines(pairs)
    return [judge(a, b, cosine) for (a, b), cosine in zip(pairs, near, strict=True)]


def among(draft: Sides, others: Sequence[Sides]) -> list[Judgement | None]:
    """Return for each of some other drafts what it is to one; None where that is nothing.

    Where the model cannot be run, all are nothing.
    """
    one = drafted(*draft)
    texts = [drafted(*other) for other in others]
    stems = words_of(one.whole).stems
    shared = [len(stems & words_of(text.whole).stems) for text in texts]
    likely = sorted((at for at in range(len(texts)) if shared[at]), key=lambda at: -shared[at])
    chosen = likely[:DRAFTS_MOST]
    found: list[Judgement | None] = [None] * len(texts)
    try:
        judgements = compare([(one, texts[at]) for at in chosen])
    except EmbeddingError:
        logger.warning("Drafts cannot be compared with one another right now.", exc_info=True)
        return found
    for at, judgement in zip(chosen, judgements, strict=True):
        if judgement.verdict not in (Verdict.NEAR, Verdict.UNRELATED):
            found[at] = judgement
    return found


def _candidates(
    owner_id: UUID,
    drafts: Sequence[Sides],
    wanted: Sequence[CardText],
    leave_out: Collection[UUID],
) -> list[list[Flashcard]]:
    """Return for each draft the cards to compare it with."""
    asked = embedding.asked_all([f"{q}\n{a}".strip() or "?" for q, a in drafts])
    waiting = _waiting(owner_id)
    found = []
    for vector, shown in zip(asked, wanted, strict=True):
        near = store.nearest_cards(owner_id, vector, limit=CANDIDATES + len(leave_out))
        nearest = {card.id: card for _, card in near}
        nearest |= {card.id: card for card in _sharing_words(waiting, shown)}
        kept = [card for card in nearest.values() if card.note_id not in leave_out]
        found.append(kept[: CANDIDATES * 2])
    return found


def _waiting(owner_id: UUID) -> list[Flashcard]:
    found = cards.for_owner(owner_id).filter(embedding_model="")
    return list(found.order_by("-created_at")[:WAITING_MOST])


def _sharing_words(cards: Iterable[Flashcard], shown: CardText) -> list[Flashcard]:
    stems = words_of(shown.whole).stems
    return [
        card
        for card in cards
        if len(stems & words_of(text_of(card).whole).stems) >= max(1.0, WORDS_SHARED * len(stems))
    ][:CANDIDATES]


def _judged(
    wanted: Sequence[CardText], found: Sequence[Sequence[Flashcard]], limit: int, both_ways: bool
) -> list[list[Overlap]]:
    pairs = [
        (shown, text_of(card)) for shown, cards in zip(wanted, found, strict=True) for card in cards
    ]
    judgements = iter(compare(pairs))
    judged = []
    for shown, nearest in zip(wanted, found, strict=True):
        of_notes: dict[UUID, Overlap] = {}
        for overlap in (_overlap(shown, card, next(judgements)) for card in nearest):
            known = of_notes.get(overlap.card.note_id)
            if known is None or _order(overlap) < _order(known):
                of_notes[overlap.card.note_id] = overlap
        seen = [_as_both(each) if both_ways else each for each in of_notes.values()]
        kept = [each for each in seen if each.verdict is not Verdict.UNRELATED]
        judged.append(sorted(kept, key=_order)[:limit])
    return judged


def _overlap(shown: CardText, card: Flashcard, judgement: Judgement) -> Overlap:
    can_be_joined = (
        judgement.verdict is Verdict.REVERSED
        and card.kind == Kind.BASIC
        and are_swapped(shown, text_of(card))
    )
    return Overlap(card, judgement, can_be_joined)


def _as_both(overlap: Overlap) -> Overlap:
    """Return what a card is to a note that asks in both directions."""
    if overlap.verdict is Verdict.REVERSED and overlap.card.kind != Kind.CLOZE:
        return Overlap(overlap.card, Judgement(Verdict.SAME, overlap.judgement.chance))
    return overlap


def _order(overlap: Overlap) -> tuple[int, float, str]:
    return ORDER.index(overlap.verdict), -overlap.judgement.chance, str(overlap.card.id)
