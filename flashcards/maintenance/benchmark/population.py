"""Many learners with cards, reviews, decks and conversations, the same for each engine.

A few learners are generated, and the others have copies of their cards under other ids: to fold a
million reviews takes longer than to store them.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from accounts.models import User
from chat.conversations.conversations import append_message, start_conversation
from flashcards import store, study_settings
from flashcards.cards.decks import create_deck
from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.maintenance import bulk_load
from flashcards.maintenance.benchmark.data import NOW, TOPICS, Data
from flashcards.maintenance.benchmark.timing import Report

GENERATED = 10
# Learners whose cards are asked for.
ASKED = 20
DECKS = 5
MESSAGES = 5
CARDS_OF_A_MESSAGE = 4
NO_LIMITS = {"new_per_day": 9_999, "reviews_per_day": 9_999}


@dataclass(frozen=True)
class Learner:
    """One whose cards are asked for."""

    id: uuid.UUID
    cards: list[uuid.UUID]
    decks: list[uuid.UUID]
    conversation: uuid.UUID
    messages: list[uuid.UUID]

    def as_json(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "cards": list(map(str, self.cards)),
            "decks": list(map(str, self.decks)),
            "conversation": str(self.conversation),
            "messages": list(map(str, self.messages)),
        }

    @classmethod
    def from_json(cls, known: dict[str, Any]) -> Self:
        def ids(name: str) -> list[uuid.UUID]:
            return [uuid.UUID(each) for each in known[name]]

        conversation = uuid.UUID(known["conversation"])
        owner = uuid.UUID(known["id"])
        return cls(owner, ids("cards"), ids("decks"), conversation, ids("messages"))


def build(
    folder: Path, *, learners: int, cards: int, reviews: int, seed: int, report: Report
) -> None:
    """Store the learners, and write into the folder which of them are asked."""
    data = Data(seed)
    key = store.read_vector_sets().serving.key
    generated: list[tuple[list[Flashcard], list[ReviewLog]]] = []
    asked = []
    for number in range(learners):
        owner = User.objects.create_user(f"bench{number}@memoryloop.example")
        study_settings.save(owner_id=owner.pk, deck=None, values=NO_LIMITS, now=NOW)
        if number < GENERATED:
            made, logs = data.studied(
                owner.pk, cards=cards // learners, reviews=reviews // learners
            )
            generated.append(([replace(card, embedding_model=key) for card in made], logs))
        learner, made, logs = _settled(data, owner, *generated[number % GENERATED])
        vectors = data.near(data.numbers.integers(TOPICS, size=len(made)))
        bulk_load.load_cards(owner_id=owner.pk, cards=made, logs=logs, vectors=vectors)
        if number < ASKED:
            asked.append(learner)
        if number % 50 == 49:
            report(f"{number + 1} of {learners} learners are stored")
    store.optimize()
    known = {"learners": [learner.as_json() for learner in asked]}
    (folder / "known.json").write_text(json.dumps(known))


def read(folder: Path) -> list[Learner]:
    """Return the learners who are asked."""
    known = json.loads((folder / "known.json").read_text())
    return [Learner.from_json(each) for each in known["learners"]]


def _settled(
    data: Data, owner: Any, cards: Sequence[Flashcard], logs: Sequence[ReviewLog]
) -> tuple[Learner, list[Flashcard], list[ReviewLog]]:
    """Return a learner with a copy of the cards and reviews, in decks and made from messages."""
    decks = [
        create_deck(owner_id=owner.pk, name=f"Deck {number}", now=NOW).pk for number in range(DECKS)
    ]
    first = start_conversation(owner, "What is this about?", now=NOW)
    conversation = first.conversation
    messages = [
        append_message(conversation, data.text(40), role="assistant", now=NOW).pk
        for _ in range(MESSAGES)
    ]
    ids = {card.id: data.id() for card in cards}
    made = [
        replace(
            card,
            id=ids[card.id],
            owner_id=owner.pk,
            note_id=data.id(),
            deck_ids=(decks[number % DECKS],),
            message_id=messages[number // CARDS_OF_A_MESSAGE]
            if number < MESSAGES * CARDS_OF_A_MESSAGE
            else None,
        )
        for number, card in enumerate(cards)
    ]
    copied = [
        replace(log, id=data.id(), owner_id=owner.pk, flashcard_id=ids[log.flashcard_id])
        for log in logs
    ]
    learner = Learner(owner.pk, [card.id for card in made], decks, conversation.pk, messages)
    return learner, made, copied
