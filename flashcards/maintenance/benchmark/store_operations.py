"""The operations by an engine of the card store, and those of the program on top of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max, OuterRef, Subquery

from accounts.models import User
from chat.conversations.conversations import mark_cards_made
from chat.models import Message
from flashcards import store, study_settings
from flashcards.cards.cards import edit_card
from flashcards.domain.records import Rating
from flashcards.duplicates.overlaps import find_overlaps
from flashcards.maintenance import bulk_load
from flashcards.maintenance.benchmark.operations import (
    MADE_AT_ONCE,
    NEAREST,
    UPKEEP_WRITES,
    Operations,
    Run,
    messages_of,
    newest_by_card,
)
from flashcards.maintenance.benchmark.population import NO_LIMITS
from flashcards.models import CardRow, ReviewRow
from flashcards.review.due import due_queue
from flashcards.review.learner import Learner
from flashcards.review.ratings import Answer, rate, undo_review
from flashcards.review.statistics import statistics
from flashcards.search.find_cards import find_cards
from flashcards.store import Change, cards, review_logs
from memoryloop.search_words import terms

YEAR = timedelta(days=365)
FOUND = 50


class StoreOperations(Operations):
    """Whichever engine serves here."""

    # Those that are done without a journal as well.

    def insert(self) -> Run:
        card = self.new_card(self.next_learner().id)
        return lambda: _write([Change(card)])

    def update(self) -> Run:
        learner = self.next_learner()
        card = cards.for_owner(learner.id).get(id=self.data.draw.choice(learner.cards))
        new = replace(card, question=self.data.text(9))
        return lambda: _write([Change(new)])

    def review(self) -> Run:
        learner = self.next_learner()
        card = cards.for_owner(learner.id).get(id=self.data.draw.choice(learner.cards))
        change = Change(*self.reviewed(card))
        return lambda: _write([change])

    def nearest(self) -> Run:
        owner_id, vector = self.next_learner().id, self.new_vector()
        return lambda: store.search_meaning(owner_id, vector, limit=NEAREST)

    def deck_with_reviews(self) -> Run:
        learner = self.next_learner()
        deck = self.data.draw.choice(learner.decks)

        def run() -> None:
            found = list(cards.for_owner(learner.id).filter(deck_ids__contains=deck))
            ids = [card.id for card in found]
            newest_by_card(list(review_logs.for_owner(learner.id).filter(flashcard_id__in=ids)))

        return run

    def cards_of_conversation(self) -> Run:
        learner = self.next_learner()
        mine = cards.for_owner(learner.id)
        return lambda: list(mine.filter(message_id__in=messages_of(learner)))

    def cards_and_message(self) -> Run:
        learner = self.next_learner()
        message = Message.objects.get(pk=learner.messages[0])
        made = [self.new_card(learner.id) for _ in range(MADE_AT_ONCE)]

        def run() -> None:
            with transaction.atomic():
                _write([Change(card) for card in made])
                mark_cards_made(message, self.now)

        return run

    def upkeep(self) -> Run:
        learner = self.next_learner()
        store.checkpoint_all()
        _write([Change(self.new_card(learner.id)) for _ in range(UPKEEP_WRITES)])

        def run() -> None:
            store.checkpoint_all()
            store.optimize()

        return run

    def import_cards(self) -> Run:
        owner = User.objects.create_user(f"{self.data.id()}@memoryloop.example")
        study_settings.save(owner_id=owner.pk, deck=None, values=NO_LIMITS, now=self.now)
        made = [self.new_card(owner.pk) for _ in range(self.imported)]
        return lambda: bulk_load.load_cards(owner_id=owner.pk, cards=made, logs=[])

    # Of the program

    def rate(self) -> Run:
        owner_id = self.next_learner().id
        self.now += timedelta(seconds=1)
        (card, *_) = due_queue(owner_id=owner_id, now=self.now, limit=1).cards
        answer = Answer(card.id, self.data.id(), card.sequence, Rating.GOOD, 4_000)
        return lambda: rate(owner_id, answer, self.now)

    def next_card(self) -> Run:
        owner_id = self.next_learner().id
        Learner.read(owner_id).due_queue(self.now, limit=1)
        return lambda: due_queue(owner_id=owner_id, now=self.now, limit=1)

    def next_card_cold(self) -> Run:
        owner_id = self.next_learner().id
        store.clear_cache()
        return lambda: due_queue(owner_id=owner_id, now=self.now, limit=1)

    def due_counts(self) -> Run:
        owner_id = self.next_learner().id
        due_queue(owner_id=owner_id, now=self.now)
        return lambda: due_queue(owner_id=owner_id, now=self.now)

    def get_by_id(self) -> Run:
        learner = self.next_learner()
        card_id = self.data.draw.choice(learner.cards)
        return lambda: cards.for_owner(learner.id).get(id=card_id)

    def edit(self) -> Run:
        learner = self.next_learner()
        card_id, question = self.data.draw.choice(learner.cards), self.data.text(9)
        return lambda: edit_card(
            owner_id=learner.id, card_id=card_id, question=question, answer="a", now=self.now
        )

    def undo(self) -> Run:
        self.rate()()
        owner_id, undo_id = self.learners[self._turn % len(self.learners)].id, self.data.id()
        return lambda: undo_review(owner_id=owner_id, undo_id=undo_id, now=self.now)

    def search_words(self) -> Run:
        owner_id, typed = self.next_learner().id, terms(self.data.text(3))
        return lambda: store.search_words(owner_id, typed, limit=FOUND).result()

    def find_cards(self) -> Run:
        owner_id, text = self.next_learner().id, self.data.text(3)
        return lambda: find_cards(owner_id=owner_id, text=text, limit=FOUND)

    def statistics(self) -> Run:
        owner_id, zone = self.next_learner().id, ZoneInfo("UTC")
        since = self.now - YEAR
        return lambda: statistics(owner_id=owner_id, since=since, until=self.now, zone=zone)

    def columns(self) -> Run:
        owner_id = self.next_learner().id
        store.columns(owner_id)
        return lambda: store.columns(owner_id)

    def columns_cold(self) -> Run:
        owner_id = self.next_learner().id
        store.clear_cache()
        return lambda: store.columns(owner_id)

    def answers(self) -> Run:
        owner_id = self.next_learner().id
        store.answers(owner_id)
        return lambda: store.answers(owner_id)

    def answers_cold(self) -> Run:
        owner_id = self.next_learner().id
        store.clear_cache()
        return lambda: store.answers(owner_id)

    def duplicates(self) -> Run:
        owner_id, draft = self.next_learner().id, (self.data.text(9), self.data.text(12))
        return lambda: find_overlaps(owner_id=owner_id, drafts=[draft])


class PostgresOperations(StoreOperations):
    """What only rows of PostgreSQL allow: SQL that joins them with what else is there."""

    def deck_with_reviews_in_sql(self) -> Run:
        learner = self.next_learner()
        deck = self.data.draw.choice(learner.decks)
        return lambda: self.with_last_reviews(learner.id, deck)

    @staticmethod
    def with_last_reviews(owner_id: UUID, deck: UUID) -> list[tuple[Any, ...]]:
        """Return id, question and due of a deck's cards, and when each was reviewed last."""
        reviews = ReviewRow.objects.filter(flashcard=OuterRef("pk")).order_by()
        last = reviews.values("flashcard").annotate(last=Max("reviewed_at")).values("last")
        mine = CardRow.objects.filter(owner=owner_id, deck_ids__contains=[deck], deleted_at=None)
        joined = mine.annotate(last=Subquery(last))
        return list(joined.values_list("id", "question", "due", "last"))


def _write(changes: list[Change]) -> None:
    with transaction.atomic():
        store.lock_owner(changes[0].card.owner_id)
        store.write(changes)
