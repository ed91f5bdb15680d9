"""What any engine of the card store must do, said through the names that the house uses.

An engine's own tests inherit the contracts and say how it settles. Each promise is tried while
changes are pending, and again once they have settled.
"""

import dataclasses
import random
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Avg, Count, Max, Min
from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.models import User
from flashcards.cards.cards import delete_for_owner
from flashcards.domain.records import Flashcard, Rating, State
from flashcards.maintenance import bulk_load
from flashcards.review.due import due_queue
from flashcards.review.ratings import review_card
from flashcards.store import (
    Change,
    lock_owner,
    review_logs,
    search_meaning,
    search_words,
    write,
)
from flashcards.store import cards as stored
from flashcards.store import columns as store_columns
from memoryloop.embeddings.builtin import BuiltIn
from memoryloop.search_words import terms
from tests.factories import NOW, flashcard, review_log, store, stored_card
from tests.flashcards.store.contract import Contract

WORDS = ("cell", "Paris", "it's", 'a "quote"', "100 %", "naïve", "x_y", "back\\slash", "日本")
Card = Flashcard
# A condition as the repository takes it, and the same of one card in Python.
CONDITIONS: tuple[tuple[dict[str, Any], Callable[[Card], bool]], ...] = (
    ({"state": State.REVIEW}, lambda c: c.state is State.REVIEW),
    ({"state__in": [State.NEW, State.LEARNING]}, lambda c: c.state in {0, 1}),
    ({"lapses__gte": 3}, lambda c: c.lapses >= 3),
    ({"stability__lt": 10.0}, lambda c: c.stability is not None and c.stability < 10.0),
    ({"stability__isnull": True}, lambda c: c.stability is None),
    ({"stability": None}, lambda c: c.stability is None),
    ({"due__lte": NOW + timedelta(days=5)}, lambda c: c.due <= NOW + timedelta(days=5)),
    ({"due__gt": NOW + timedelta(days=5)}, lambda c: c.due > NOW + timedelta(days=5)),
    ({"tags__contains": "it's"}, lambda c: "it's" in c.tags),
    ({"suspended": False}, lambda c: not c.suspended),
    ({"buried_until__isnull": False}, lambda c: c.buried_until is not None),
    ({"question__contains": "x_y"}, lambda c: "x_y" in c.question),
    ({"question__icontains": "PARIS"}, lambda c: "paris" in c.question.lower()),
    ({"question__in": []}, lambda _: False),
    ({"flag__lte": 2, "lapses__lt": 2}, lambda c: c.flag <= 2 and c.lapses < 2),
)
ORDERS = ("due", "-due", "lapses", "-lapses", "question", "-stability", "created_at", "flag")


class StoreContract(Contract):
    """Promises of rows, queries and search."""

    def test_every_question_has_the_answer_that_a_list_gives(self) -> None:
        draw = random.Random(7)
        cards = [self._any_card(draw, self.alice) for _ in range(80)]
        store(*cards[:60], *(self._any_card(draw, self.bob) for _ in range(20)))
        self.settle()
        # A third of what has settled is changed again, and there are new ones.
        cards[:20] = [dataclasses.replace(c, lapses=c.lapses + 1, flag=5) for c in cards[:20]]
        store(*cards[:20], *cards[60:])
        for _ in self.both_ways():
            for number in range(40):
                self._ask(random.Random(number), cards)

    def _ask(self, draw: random.Random, cards: list[Card]) -> None:
        query, left = stored.for_owner(self.alice), list(cards)
        for conditions, holds in draw.sample(CONDITIONS, draw.randrange(3)):
            if draw.random() < 0.3:
                query = query.exclude(**conditions)
                left = [card for card in left if not holds(card)]
            else:
                query = query.filter(**conditions)
                left = [card for card in left if holds(card)]
        order = draw.sample(ORDERS, draw.randrange(3)) or ["created_at"]
        for name in reversed([*order, "id"]):
            field = name.lstrip("-")
            left.sort(key=lambda card: _key(card, field), reverse=name.startswith("-"))
        query = query.order_by(*order)
        self.assertEqual(query.count(), len(left))
        self.assertEqual(query.exists(), bool(left))
        self.assertEqual(query.first(), left[0] if left else None)
        start, length = draw.randrange(10), draw.randrange(1, 30)
        self.assertEqual(list(query[start : start + length]), left[start : start + length])
        self.assertEqual([c.id for c in query], [c.id for c in left])
        self.assertEqual(query.values("lapses"), [{"lapses": c.lapses} for c in left])
        self.assertEqual(list(Paginator(query, 7).page(1)), left[:7])
        counted = query.aggregate(n=Count("id"), most=Max("lapses"), least=Min("flag"))
        lapses, flags = [c.lapses for c in left], [c.flag for c in left]
        self.assertEqual(counted["n"], len(left))
        self.assertEqual(counted["most"], max(lapses, default=None))
        self.assertEqual(counted["least"], min(flags, default=None))

    def test_a_change_is_seen_at_once_and_the_newest_wins(self) -> None:
        card = stored_card(self.alice)
        for _ in self.both_ways():
            for flag in (3, 4):
                card = dataclasses.replace(card, flag=flag)
                store(card)
                self.assertEqual(stored.for_owner(self.alice).get(id=card.id), card)
                self.assertEqual(stored.for_owner(self.alice).filter(flag=flag).count(), 1)

    def test_what_is_in_the_bin_shows_only_when_asked_for(self) -> None:
        card = stored_card(self.alice, deleted_at=NOW)
        for _ in self.both_ways():
            mine = stored.for_owner(self.alice)
            self.assertEqual((mine.count(), mine.with_deleted().count()), (0, 1))
            with self.assertRaises(Card.DoesNotExist):
                mine.get(id=card.id)
            self.assertEqual(mine.with_deleted().get(id=card.id), card)

    def test_no_read_names_another_owners_row(self) -> None:
        card = stored_card(self.alice, question="Secret?", answer="Yes", tags=("secret",))
        log = review_log(card)
        store(dataclasses.replace(card, sequence=1), logs=(log,))
        for _ in self.both_ways():
            for records, row in ((stored, card), (review_logs, log)):
                theirs = records.for_owner(self.bob)
                self.assertEqual(list(theirs.filter(id=row.id)), [])
                self.assertEqual(list(theirs.filter(id__in=[row.id])), [])
                self.assertEqual(
                    (theirs.count(), theirs.exists(), theirs.first()), (0, False, None)
                )
                self.assertEqual((theirs.in_bulk([row.id]), theirs.values("id")), ({}, []))
                self.assertEqual(len(theirs.columns("id")["id"]), 0)
                self.assertEqual(theirs.aggregate(n=Count("id")), {"n": 0})
                with self.assertRaises(type(row).DoesNotExist):
                    theirs.get(id=row.id)
            theirs = stored.for_owner(self.bob)
            self.assertEqual(list(theirs.filter(note_id=card.note_id)), [])
            self.assertEqual(list(theirs.with_deleted().containing(["secret"])), [])
            self.assertEqual(search_words(self.bob.pk, terms("secret"), limit=5).result().cards, [])
            with self.assertRaises(Http404):
                # The stubs know Django's own managers only.
                get_object_or_404(theirs, id=card.id)  # type: ignore[arg-type]
            due = due_queue(owner_id=self.bob.pk, now=NOW + timedelta(days=1))
            self.assertEqual(due.cards, [])

    def test_reviews_of_a_card_come_in_their_order_and_once(self) -> None:
        card = stored_card(self.alice)
        ids = [uuid.uuid4() for _ in range(3)]
        for _ in range(2):
            for sequence, review_id in enumerate(ids):
                review_card(
                    owner_id=self.alice.pk,
                    card_id=card.id,
                    review_id=review_id,
                    sequence=sequence,
                    rating=Rating.GOOD,
                    now=NOW + timedelta(days=sequence),
                )
            for _ in self.both_ways():
                logs = review_logs.for_owner(self.alice).filter(flashcard_id=card.id)
                self.assertEqual([log.id for log in logs], ids)
                self.assertEqual(stored.for_owner(self.alice).get().sequence, 3)

    def test_cards_are_found_by_words_and_by_meaning_among_the_owners_alone(self) -> None:
        vectors = np.eye(4, 896, dtype="f4")
        cards = [
            flashcard(self.alice, question=w, embedding_model=BuiltIn.name) for w in ("one", "two")
        ]
        theirs = [
            flashcard(self.bob, question=w, embedding_model=BuiltIn.name) for w in ("one", "two")
        ]
        with transaction.atomic():
            for owner in (self.alice, self.bob):
                lock_owner(owner.pk)
            for card, vector in zip([*cards, *theirs], [*vectors[:2], *vectors[:2]], strict=True):
                write([Change(card, vector=vector)])
        for _ in self.both_ways():
            owner_id = self.alice.pk
            found = search_words(owner_id, terms("two"), limit=9).result()
            self.assertEqual((found.cards, found.counts), ([cards[1]], {"two": 1}))
            self.assertEqual(search_meaning(owner_id, vectors[0], limit=1), [cards[0]])

    def test_many_cards_at_once_are_as_cards_one_by_one(self) -> None:
        draw = random.Random(3)
        cards = [self._any_card(draw, self.alice) for _ in range(50)]
        bulk_load.load_cards(owner_id=self.alice.pk, cards=cards, logs=[review_log(cards[0])])
        found = stored.for_owner(self.alice)
        self.assertEqual(sorted(found, key=lambda c: c.id), sorted(cards, key=lambda c: c.id))
        self.assertEqual(review_logs.for_owner(self.alice).count(), 1)
        mean = sum(card.lapses for card in cards) / len(cards)
        self.assertEqual(found.aggregate(mean=Avg("lapses")), {"mean": mean})

    def test_the_columns_have_what_each_memory_model_keeps(self) -> None:
        two = stored_card(self.alice, stability=1.0, memory=(0.5, 2.25), memory_model="two-1")
        one = stored_card(self.alice, stability=2.0, memory=(7.0,), memory_model="one-1")
        none = stored_card(self.alice, stability=3.0)
        stored_card(self.bob, stability=4.0, memory=(9.0, 9.0), memory_model="two-1")
        for _ in self.both_ways():
            columns = store_columns(self.alice.pk)
            for model, expected in (
                ("two-1", {two.id: [0.5, 2.25]}),
                ("one-1", {one.id: [7.0]}),
            ):
                numbers = columns.memory(model)
                assert numbers is not None
                filled = np.flatnonzero(~np.isnan(numbers[:, 0]) & columns.alive)
                found = dict(zip(columns.ids(filled), numbers[filled].tolist(), strict=True))
                self.assertEqual(found, expected)
            self.assertIsNone(columns.memory(none.memory_model))
            self.assertEqual(stored.for_owner(self.alice).get(id=two.id), two)

    def test_of_an_erased_owner_nothing_is_left(self) -> None:
        card = stored_card(self.alice)
        kept = stored_card(self.bob)
        store(card, logs=(review_log(card),))
        self.settle()
        stored_card(self.alice)
        delete_for_owner(owner_id=self.alice.pk)
        for _ in self.both_ways():
            everybody = stored.all_owners().with_deleted()
            self.assertEqual([each.id for each in everybody], [kept.id])
            self.assertEqual(review_logs.all_owners().count(), 0)

    def _any_card(self, draw: random.Random, owner: User) -> Card:
        studied = draw.random() < 0.6
        return flashcard(
            owner,
            question=f"{draw.choice(WORDS)} {draw.choice(WORDS)} {draw.randrange(1000)}",
            tags=tuple(draw.sample(WORDS, draw.randrange(3))),
            state=draw.choice(list(State)),
            stability=draw.uniform(0.1, 40.0) if studied else None,
            lapses=draw.randrange(6),
            flag=draw.randrange(5),
            suspended=draw.random() < 0.2,
            buried_until=NOW if draw.random() < 0.2 else None,
            due=NOW + timedelta(seconds=draw.randrange(10 * 86_400)),
        )


def _key(card: Card, field: str) -> tuple[bool, Any]:
    """Return what a card is sorted by: a missing value is the smallest, an id its text."""
    value = getattr(card, field)
    if value is None:
        return False, 0
    return True, str(value) if isinstance(value, uuid.UUID) else value
