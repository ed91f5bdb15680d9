"""The demo learner: conversations, cards and ninety days of reviews, made in one transaction."""

import itertools
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from chat.models import Conversation, Message
from flashcards.cards.change import add_cards
from flashcards.demo import content
from flashcards.demo.content import DemoCard, DemoConversation
from flashcards.demo.simulation import Learner
from flashcards.domain.records import Flashcard, text_hash
from flashcards.domain.study_day import day_start, zone_of
from flashcards.store import Change

EMAIL = "demo@memoryloop.example"
NAME = "Demo Learner"
DAYS = 90
# The lists of cards are added one after another, over so many days.
LISTS_OVER_DAYS = 88


@dataclass(frozen=True)
class Built:
    """What was made."""

    user: User
    conversations: int
    cards: int
    reviews: int


def build(*, password: str, seed: int, now: datetime, report: Callable[[str], object]) -> Built:
    """Create the demo learner with all their data, in one transaction."""
    rng = random.Random(seed)  # noqa: S311 - a simulation that has to repeat itself
    with transaction.atomic():
        user = User.objects.create_user(EMAIL, password, name=NAME)
        zone = zone_of(user)
        today = day_start(now, zone)
        talks = content.conversations()
        cards = [card for talk in talks for card in _converse(user, talk, today, rng)]
        cards += _cards_of_lists(user, today, rng)
        report(f"{len(talks)} conversations and {len(cards)} cards")
        learner = Learner(rng)
        arrivals = sorted(cards, key=lambda card: card.created_at)
        for day in range(-DAYS, 0):
            begins = day_start(now, zone, days=day)
            ends = day_start(now, zone, days=day + 1)
            while arrivals and arrivals[0].created_at < ends:
                learner.add(arrivals.pop(0))
            learner.live_through(begins)
        report(f"{len(learner.steps):,} reviews in {DAYS} days")
        reviews = (Change(card, log) for card, log in learner.steps)
        add_cards(user.id, itertools.chain(map(Change, cards), reviews))
    return Built(user, len(talks), len(cards), len(learner.steps))


def _converse(
    user: User, talk: DemoConversation, today: datetime, rng: random.Random
) -> list[Flashcard]:
    """Store a conversation and return the cards made from it."""
    written_at = today + timedelta(days=-talk.days_ago, hours=rng.uniform(4, 15))
    conversation = Conversation.objects.create(
        id=_id(rng), owner=user, title=talk.title, created_at=written_at, updated_at=written_at
    )
    cards: list[Flashcard] = []
    message: Message | None = None
    for position, written in enumerate(talk.messages):
        written_at += timedelta(seconds=rng.uniform(20, 120))
        message = Message.objects.create(
            id=_id(rng),
            conversation=conversation,
            parent=message,
            position=position,
            role=Message.Role.ASSISTANT if written.provider else Message.Role.USER,
            content=written.content,
            provider=written.provider,
            model=written.model,
            created_at=written_at,
            updated_at=written_at,
            cards_made_at=written_at + timedelta(minutes=2) if written.cards else None,
        )
        for number, card in enumerate(written.cards):
            made_at = written_at + timedelta(minutes=2, microseconds=number)
            cards.append(_sourced(_flashcard(user, card, made_at, rng), card, message))
    Conversation.objects.filter(id=conversation.id).update(updated_at=written_at, leaf=message)
    return cards


def _sourced(card: Flashcard, demo: DemoCard, message: Message) -> Flashcard:
    """Return the card with its source in a message. Raises ValueError if that lacks the words."""
    start = message.content.index(demo.source)
    return replace(
        card,
        message_id=message.id,
        source_start=start,
        source_end=start + len(demo.source),
        source_hash=text_hash(demo.source),
    )


def _cards_of_lists(user: User, today: datetime, rng: random.Random) -> list[Flashcard]:
    """Return the cards of the lists; each list is added on another day."""
    lists = content.lists()
    rng.shuffle(lists)
    cards: list[Flashcard] = []
    for place, subject in enumerate(lists):
        days_ago = DAYS - 1 - place * LISTS_OVER_DAYS // max(1, len(lists) - 1)
        added_at = today + timedelta(days=-days_ago, hours=rng.uniform(3, 14))
        cards += [
            _flashcard(user, card, added_at + timedelta(microseconds=number), rng)
            for number, card in enumerate(subject)
        ]
    return cards


def _flashcard(user: User, card: DemoCard, made_at: datetime, rng: random.Random) -> Flashcard:
    return Flashcard(
        id=_id(rng),
        owner_id=user.id,
        note_id=_id(rng),
        kind=card.kind,
        question=card.question,
        answer=card.answer,
        tags=card.tags,
        due=made_at,
        created_at=made_at,
        edited_at=made_at,
    )


def _id(rng: random.Random) -> uuid.UUID:
    return uuid.UUID(int=rng.getrandbits(128), version=4)
