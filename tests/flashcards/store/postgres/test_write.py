"""What PostgreSQL's rows are after writes that do not go as most do."""

import dataclasses
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from unittest import mock
from uuid import UUID

import numpy as np
from django.db import transaction
from django.test import TransactionTestCase

from accounts.models import User
from flashcards import scheduling, store
from flashcards.domain.records import Flashcard, Rating
from flashcards.maintenance import check
from flashcards.models import (
    CardRow,
    CardVector,
    ReviewRow,
    ReviewTotals,
    StoredOwner,
    StoreVersions,
)
from flashcards.review.learner import Learner
from flashcards.review.ratings import review_card
from flashcards.store import Change, EngineChanged, StoreError, owner_lock
from flashcards.store.postgres import write as postgres_write
from memoryloop.embeddings.builtin import BuiltIn
from tests.base import TestCase
from tests.engines import InPostgreSQL
from tests.factories import NOW, flashcard, review_log, stored_card

VECTOR = np.eye(1, BuiltIn.dimensions, dtype="f4")[0]
ROWS: tuple[Any, ...] = (CardRow, ReviewRow, CardVector, ReviewTotals, StoredOwner)


def write(owner_id: UUID, listed: Sequence[Change]) -> None:
    with transaction.atomic():
        store.lock_owner(owner_id)
        store.write(listed)


def everything() -> list[list[dict[str, Any]]]:
    """Return all rows of the engine's tables."""
    return [sorted(model.objects.values(), key=str) for model in ROWS]


class OthersCardTests(InPostgreSQL, TestCase):
    def test_a_card_with_the_id_of_somebody_elses_changes_nothing(self) -> None:
        theirs = stored_card(self.bob, question="Bob's own")
        mine = stored_card(self.alice)
        before = everything()
        taken = flashcard(self.alice, id=theirs.id, question="Alice's", embedding_model="")
        rated = Change(dataclasses.replace(mine, sequence=1), review_log(mine))
        for listed in ([Change(taken)], [rated, Change(taken, review_log(taken))]):
            with self.subTest(changes=len(listed)), self.assertRaises(StoreError):
                write(self.alice.pk, listed)
            self.assertEqual(everything(), before)
        view = store.view(self.alice.pk)
        written = view.write_if_unchanged(
            Change(taken, review_log(taken)), str(self.alice.time_zone)
        )
        self.assertIsNone(written)
        self.assertEqual(everything(), before)
        self.assertEqual(store.view(self.bob.pk).card(theirs.id), theirs)


class FirstCardTests(InPostgreSQL, TestCase):
    def test_it_is_not_written_where_another_learners_went_elsewhere_meanwhile(self) -> None:
        StoreVersions.objects.create(id=1, engine=StoreVersions.Engine.LANCEDB)
        with (
            # What was read under this learner's lock, before the other's transaction was committed.
            mock.patch.object(owner_lock, "take", autospec=True, return_value=""),
            transaction.atomic(),
            self.assertRaises(EngineChanged),
        ):
            postgres_write.lock_owner(self.alice.pk)


class LostWordsTests(InPostgreSQL, TestCase):
    def test_a_card_that_lost_its_words_loses_its_vector_and_no_other_does(self) -> None:
        cards = [flashcard(self.alice, embedding_model=BuiltIn.name) for _ in range(2)]
        write(self.alice.pk, [Change(card, vector=VECTOR) for card in cards])
        reworded = dataclasses.replace(cards[0], question="Other words", embedding_model="")
        write(self.alice.pk, [Change(reworded), Change(dataclasses.replace(cards[1], flag=2))])
        self.assertEqual([each.card_id for each in CardVector.objects.all()], [cards[1].id])
        ids, _ = store.vectors(self.alice.pk)
        self.assertEqual(ids, [cards[1].id])


class ErasedOwnerTests(InPostgreSQL, TransactionTestCase):
    def test_what_is_in_memory_of_an_erased_owner_counts_no_more(self) -> None:
        alice, bob = _people()
        card, kept = stored_card(alice), stored_card(bob)
        review = review_log(card)
        write(alice.pk, [Change(dataclasses.replace(card, sequence=1), review)])
        self.assertEqual(store.columns(alice.pk).total, 1)
        self.assertEqual(len(store.answers(alice.pk)), 1)
        self.assertEqual(store.view(alice.pk).recent_reviews(NOW), [review])
        self.assertIsNotNone(store.remembered_view(alice.pk))
        with transaction.atomic():
            store.erase_owner(alice.pk)
        self.assertEqual(store.columns(alice.pk).total, 0)
        self.assertEqual(len(store.answers(alice.pk)), 0)
        view = store.view(alice.pk)
        self.assertEqual((view.recent_reviews(NOW), view.history(card.id)), ([], []))
        with self.assertRaises(Flashcard.DoesNotExist):
            view.card(card.id)
        self.assertEqual(store.view(bob.pk).card(kept.id), kept)


class ReviewIdTests(InPostgreSQL, TransactionTestCase):
    """A client that uses one id for two reviews loses neither."""

    def setUp(self) -> None:
        self.owner, _ = _people()
        self.cards = [stored_card(self.owner) for _ in range(2)]
        self.review_id = uuid.uuid4()

    def rated(self, card: Flashcard, now: datetime = NOW) -> Change:
        settings = Learner.read(self.owner.pk).schedule_of(card)
        after, row = scheduling.review(
            card, Rating.GOOD, now, review_id=self.review_id, settings=settings
        )
        return Change(after, row)

    def both_are_there(self) -> None:
        logs = list(store.review_logs.for_owner(self.owner))
        self.assertEqual(len({log.id for log in logs}), 2)
        self.assertIn(self.review_id, {log.id for log in logs})
        self.assertEqual(len(store.answers(self.owner.pk)), 2)
        totals = store.answer_totals(self.owner.pk)
        assert totals is not None
        self.assertEqual(sum(totals.counts), 2)
        # That each card's state is the fold of its log is among what is checked.
        self.assertEqual(check.check().findings, [])

    def test_in_one_write(self) -> None:
        write(self.owner.pk, [self.rated(card) for card in self.cards])
        self.both_are_there()

    def test_in_two_writes(self) -> None:
        for card in self.cards:
            write(self.owner.pk, [self.rated(card)])
        self.both_are_there()

    def test_of_the_same_card(self) -> None:
        first = self.rated(self.cards[0])
        second = self.rated(first.card, NOW + timedelta(days=2))
        write(self.owner.pk, [first, second])
        self.both_are_there()

    def test_written_again_nothing_is_there_twice(self) -> None:
        listed = [self.rated(card) for card in self.cards]
        for _ in range(2):
            write(self.owner.pk, listed)
        self.both_are_there()

    def test_where_the_view_would_have_written_it_by_itself(self) -> None:
        view = store.view(self.owner.pk)
        stamp = Learner.read(self.owner.pk).settings.stamp
        after = view.write_if_unchanged(self.rated(self.cards[0]), stamp)
        assert after is not None
        second = self.rated(self.cards[1])
        self.assertIsNone(after.write_if_unchanged(second, stamp))
        self.assertEqual(store.review_logs.for_owner(self.owner).count(), 1)
        write(self.owner.pk, [second])
        self.both_are_there()

    def test_as_a_learner_rates_days_apart(self) -> None:
        for day, card in enumerate(self.cards):
            # A process that has the first review in memory yet refuses the second.
            store.clear_cache()
            review_card(
                owner_id=self.owner.pk,
                card_id=card.id,
                review_id=self.review_id,
                sequence=0,
                rating=Rating.GOOD,
                now=NOW + timedelta(days=3 * day),
            )
        self.both_are_there()


def _people() -> list[User]:
    return [User.objects.create_user(f"{name}@example.org") for name in ("alice", "bob")]
