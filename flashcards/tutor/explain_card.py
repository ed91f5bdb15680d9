"""Explaining a card: a conversation whose prompt has the card, its source and its history."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, tzinfo

from accounts.models import User
from chat.answers import open_about
from chat.answers.open_about import Link
from chat.models import Conversation
from flashcards.cards.sources import source_of
from flashcards.domain import card_sides, durations
from flashcards.domain.records import Flashcard, Kind
from flashcards.review.card_memory import history_of, logs_of, memory_of

# The most reviews of a card in the prompt, newest first.
REVIEWS_TOLD = 8
SIDE_CHARACTERS = 2_000


def explain(
    user: User,
    card: Flashcard,
    *,
    now: datetime,
    zone: tzinfo,
    links: Callable[[Conversation], Sequence[Link]],
) -> Conversation:
    """Open a conversation in which the tutor explains a card; `links` are shown beside it."""
    title = card_sides.summary(card)
    return open_about.open_conversation(
        user,
        f"Explain this card to me: {title}",
        title=title,
        text=describe_card(user, card, now=now, zone=zone),
        links=links,
    )


def discuss(
    user: User,
    cards: Sequence[Flashcard],
    *,
    now: datetime,
    zone: tzinfo,
    links: Callable[[Conversation], Sequence[Link]],
) -> Conversation:
    """Open a conversation about several cards that were hard, today say."""
    titles = "\n".join(f"- {card_sides.summary(card)}" for card in cards)
    return open_about.open_conversation(
        user,
        f"These cards were hard for me today:\n{titles}\n"
        "What do they have in common, and how could I keep them?",
        title="What was hard today",
        text="\n\n".join(describe_card(user, card, now=now, zone=zone) for card in cards),
        links=links,
    )


def describe_card(user: User, card: Flashcard, *, now: datetime, zone: tzinfo) -> str:
    """Return the card, its source and its history as plain lines for a prompt."""
    return "\n".join([*_sides(card), *_source(user, card), *_history(card, now, zone)])


def _sides(card: Flashcard) -> Iterator[str]:
    kind = {Kind.CLOZE: "a text with a gap", Kind.REVERSED: "a card asked both ways"}
    yield f"The card ({kind.get(card.kind, 'a question and its answer')}):"
    yield f"Question: {card_sides.front(card)[:SIDE_CHARACTERS]}"
    yield f"Answer: {card_sides.back(card)[:SIDE_CHARACTERS]}"
    if card.extra.strip():
        yield f"Extra: {card.extra[:SIDE_CHARACTERS]}"
    if card.tags:
        yield f"Tags: {', '.join(card.tags)}"


def _source(user: User, card: Flashcard) -> Iterator[str]:
    source = source_of(user, card)
    if source is not None:
        text = f"{source.before}{source.words}{source.after}"
        yield f"Where it comes from ({source.title}): {text}"


def _history(card: Flashcard, now: datetime, zone: tzinfo) -> Iterator[str]:
    history = history_of(logs_of(owner_id=card.owner_id, card_id=card.id))
    if not history:
        yield "Its history: not reviewed yet."
        return
    yield (
        f"Its history: reviewed {durations.count(card.reps, 'time')}, "
        f"forgotten {durations.count(card.lapses, 'time')}{_memory(card, now)}."
    )
    ratings = [
        f"{durations.ago(past.log.reviewed_at, now=now, zone=zone)}: {past.log.rating.name.title()}"
        for past in history
        if past.log.rating and not past.is_undone
    ]
    if ratings:
        yield f"The last reviews, newest first: {'; '.join(ratings[:REVIEWS_TOLD])}."


def _memory(card: Flashcard, now: datetime) -> str:
    memory = memory_of(card, now)
    if memory is None:
        return ""
    stability = durations.interval(timedelta(days=memory.stability))
    return (
        f"; recall now {memory.retrievability:.0%} likely, stability about {stability}, "
        f"difficulty {memory.difficulty:.1f} of 10"
    )
