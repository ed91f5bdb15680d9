"""Recalled cards: the cards that the tutor is told of with a question.

Those that the question asks for come first, then of the others that bear on it those that the
learner is about to forget. The answer of a card that was never reviewed is not told: the learner is
to be asked it first.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from flashcards import scheduling, study_settings
from flashcards.domain.card_sides import back, front
from flashcards.domain.records import Flashcard
from flashcards.store import cards
from flashcards.study_settings.settings import EffectiveSettings
from flashcards.tutor.relevance import RelevantCard, relevant_cards
from memoryloop.llm.base import Found

# Of the cards that are found, the relevant ones are sorted by what is fading.
FOUND_FOR_EACH = 2
NEW = "new, never reviewed: its answer is not told"

Address = Callable[[UUID], str]


def find(*, owner_id: UUID, text: str, now: datetime, limit: int, card_url: Address) -> list[Found]:
    """Return the owner's cards that bear on a text, in the order that they are told of.

    Besides the search, one or two SQL queries.
    """
    relevant = relevant_cards(owner_id=owner_id, text=text, limit=limit * FOUND_FOR_EACH)
    if not relevant:
        return []
    settings = study_settings.settings_for(owner_id=owner_id)
    fading = {each.card.id: _fading(each.card, settings, now) for each in relevant}

    def place(each: RelevantCard) -> tuple[bool, float]:
        # The sort is stable: what does not fade stays in the order of relevance.
        return not each.is_asked, 0.0 if each.is_asked else fading[each.card.id]

    ranked = sorted(relevant, key=place)[:limit]
    return [_found(each.card, settings, now, card_url, is_asked=each.is_asked) for each in ranked]


def read(*, owner_id: UUID, ids: Sequence[str], now: datetime, card_url: Address) -> list[Found]:
    """Return cards that were found before, as they are now, without deleted ones."""
    wanted = [UUID(id_) for id_ in ids]
    known = {card.id: card for card in cards.for_owner(owner_id).filter(id__in=wanted)}
    settings = study_settings.settings_for(owner_id=owner_id)
    return [_found(known[id_], settings, now, card_url) for id_ in wanted if id_ in known]


def _fading(card: Flashcard, settings: EffectiveSettings, now: datetime) -> float:
    """Return how far a card has faded, from -1 on; 0 for one that is new or well known."""
    chance = _chance(card, settings, now)
    wanted = study_settings.for_card(settings, card).desired_retention
    return 0.0 if chance is None else min(0.0, chance - wanted)


def _chance(card: Flashcard, settings: EffectiveSettings, now: datetime) -> float | None:
    own = study_settings.for_card(settings, card)
    return scheduling.retrievability(card, now, settings=own.schedule)


def _found(
    card: Flashcard,
    settings: EffectiveSettings,
    now: datetime,
    card_url: Address,
    *,
    is_asked: bool = False,
) -> Found:
    chance = _chance(card, settings, now)
    if chance is None:
        state, text = NEW, ""
    else:
        fades = "fading: " if _fading(card, settings, now) < 0 else ""
        state, text = f"{fades}{chance:.0%} likely to be recalled now", back(card)
    return Found(
        kind="card",
        title=front(card),
        text=text,
        url=card_url(card.id),
        why=f"asked for, {state}" if is_asked else state,
        id=str(card.id),
        is_asked=is_asked,
    )
