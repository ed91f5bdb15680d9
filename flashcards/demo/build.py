"""The demo learner: conversations, decks, cards and ninety days of reviews, in one transaction."""

import itertools
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from chat.models import Conversation, Message
from chat.recall import answer_context, prompts
from flashcards.cards import decks
from flashcards.cards.change import add_cards
from flashcards.demo import content
from flashcards.demo.content import DemoCard, DemoConversation
from flashcards.demo.simulation import Learner
from flashcards.domain import card_sides
from flashcards.domain.records import Flashcard, text_hash
from flashcards.domain.study_day import day_start, zone_of
from flashcards.models import Deck
from flashcards.store import Change
from memoryloop.llm.base import Found

EMAIL = "demo@memoryloop.example"
NAME = "Demo Learner"
DAYS = 90
# By the tag whose cards are in them.
DECKS = {
    "arts": "Arts",
    "biology": "Science::Biology",
    "chemistry": "Science::Chemistry",
    "physics": "Science::Physics",
    "geography": "World capitals",
    "german": "Languages::German",
    "spanish": "Languages::Spanish",
    "history": "History",
    "programming": "Programming",
    "psychology": "Psychology",
}
SMART_DECK = "Forgotten often", "prop:lapses>=4"
NOTE_CHARACTERS = 400
# The lists of cards are added one after another, over so many days.
LISTS_OVER_DAYS = 88


@dataclass(frozen=True)
class Built:
    """What was made."""

    user: User
    conversations: int
    cards: int
    reviews: int


@dataclass(frozen=True)
class Links:
    """Where a card and a message are, by their ids."""

    card: Callable[[uuid.UUID], str]
    message: Callable[[uuid.UUID], str]


def build(
    *, password: str, seed: int, now: datetime, report: Callable[[str], object], links: Links
) -> Built:
    """Create the demo learner with all their data, in one transaction."""
    rng = random.Random(seed)  # noqa: S311 - a simulation that has to repeat itself
    with transaction.atomic():
        user = User.objects.create_user(EMAIL, password, name=NAME)
        zone = zone_of(user)
        today = day_start(now, zone)
        talks = content.conversations()
        shelves = _decks(user, now)
        cards = [card for talk in talks for card in _converse(user, talk, today, rng)]
        cards += _cards_of_lists(user, today, rng)
        cards = [_shelved(card, shelves) for card in cards]
        _tell_what_was_sent(user, cards, links)
        report(f"{len(talks)} conversations, {len(cards)} cards and {len(shelves)} decks")
        learner = Learner(rng, hardest=_hardest(cards))
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


def _decks(user: User, now: datetime) -> dict[str, Deck]:
    """Return the decks of the demo by the tag whose cards are in them, and make a smart one."""
    decks.create_deck(owner_id=user.id, name=SMART_DECK[0], search=SMART_DECK[1], now=now)
    return {
        tag: decks.create_deck(owner_id=user.id, name=name, now=now) for tag, name in DECKS.items()
    }


def _shelved(card: Flashcard, shelves: dict[str, Deck]) -> Flashcard:
    """Return the card in the deck of its first tag that has one."""
    deck = next((shelves[tag] for tag in card.tags if tag in shelves), None)
    return replace(card, deck_ids=(deck.id,)) if deck else card


def _hardest(cards: list[Flashcard]) -> uuid.UUID:
    """Return the id of the card that the learner forgets again and again: one of the oldest."""
    return min(cards, key=lambda card: (card.created_at, str(card.id))).id


def _tell_what_was_sent(user: User, cards: list[Flashcard], links: Links) -> None:
    """Store with each answer the prompt that would have been sent for it."""
    answers = Message.objects.filter(conversation__owner=user, role=Message.Role.ASSISTANT)
    earlier: Message | None = None
    for answer in answers.select_related("conversation").order_by("created_at"):
        said = list(
            Message.objects.filter(
                conversation=answer.conversation_id, position__lt=answer.position
            ).order_by("position")
        )
        found = [_found_card(card, links) for card in _near(answer, cards)]
        if earlier is not None and earlier.conversation_id != answer.conversation_id:
            found.append(_found_note(earlier, links))
        prompt = prompts.Prompt(
            quoted=prompts.quoted(found),
            messages=prompts.turns(said),
            found=tuple(found),
            window=tuple(message.id for message in said),
        )
        answer_context.record(answer, prompt)
        earlier = answer


def _near(answer: Message, cards: list[Flashcard]) -> list[Flashcard]:
    """Return two cards that were there before an answer, on what its conversation is about."""
    of_it = [card for card in cards if card.message_id and card.created_at < answer.created_at]
    tags = {tag for card in cards if card.message_id == answer.id for tag in card.tags}
    return (
        sorted((card for card in of_it if tags & set(card.tags)), key=lambda card: card.created_at)[
            -2:
        ]
        or of_it[-2:]
    )


def _found_card(card: Flashcard, links: Links) -> Found:
    why = "a new card, not reviewed yet"
    return Found("card", card_sides.front(card), card_sides.back(card), links.card(card.id), why)


def _found_note(message: Message, links: Links) -> Found:
    text = " ".join(message.content.split())[:NOTE_CHARACTERS]
    why = f"close in meaning, {message.created_at:%-d %B %Y}"
    return Found("message", message.conversation.title, text, links.message(message.id), why)


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
