"""Sums brought forward review by review are those that the whole log gives."""

import dataclasses
import random
import uuid
from datetime import timedelta
from unittest import mock

import numpy as np
from django.test import SimpleTestCase, TransactionTestCase

from accounts.models import User
from flashcards import study_settings
from flashcards.domain.records import Flashcard, LogKind, Rating, ReviewLog, State
from flashcards.review.due import due_queue
from flashcards.review.ratings import review_card, undo_review
from flashcards.store import QueueSettings, checkpoint_all, view
from flashcards.store.due import recent_reviews
from flashcards.store.due.recent_reviews import Details, RecentTotals
from flashcards.store.lance import tables
from flashcards.store.owner_view import StoreView
from flashcards.store.pending import Entry
from tests.factories import NOW, flashcard, review_log, stored_card

PLAN = QueueSettings.plain(NOW)
BEGINS = NOW - timedelta(days=1)
OWNER = User(email="alice@example.org")


class LedgerTests(SimpleTestCase):
    def setUp(self) -> None:
        self.draw = random.Random(5)
        notes = [uuid.uuid4() for _ in range(5)]
        self.cards = [flashcard(OWNER, note_id=self.draw.choice(notes)) for _ in range(12)]
        vectors = np.random.default_rng(5).standard_normal((12, 8)).astype("f4")
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        # The last two have no embedding.
        self.vectors = dict(zip([c.id for c in self.cards[:10]], vectors, strict=False))

    def log(self, number: int, known: list[ReviewLog]) -> ReviewLog:
        card = self.draw.choice(self.cards)
        at = NOW + timedelta(minutes=number - 30)
        if known and self.draw.random() < 0.2:
            undone = self.draw.choice(known)
            return review_log(
                card, kind=LogKind.UNDO, rating=None, undoes=undone.id, reviewed_at=at
            )
        return review_log(
            card,
            reviewed_at=at,
            scheduled_days=self.draw.uniform(0, 20),
            state_before=self.draw.choice(list(State)),
            state_after=self.draw.choice([State.REVIEW, State.LEARNING]),
        )

    def assert_same(self, totals: RecentTotals, other: RecentTotals) -> None:
        self.assertEqual(totals.reviews(), other.reviews())
        done, others = (vars(each.done(PLAN)) for each in (totals, other))
        # What was touched tells of all that happened, and not what came of it.
        for name in done.keys() - {"touched"}:
            self.assertEqual(done[name], others[name], name)
        moved, moved_too = totals.moved(BEGINS, NOW), other.moved(BEGINS, NOW)
        self.assertEqual(+moved, +moved_too)
        for card_id, vector in self.vectors.items():
            near = [
                each.near_dues(card_id, vector, 0.3, self.vectors.get) for each in (totals, other)
            ]
            self.assertEqual(sorted(near[0]), sorted(near[1]))

    def totals(self, *logs: ReviewLog) -> RecentTotals:
        """Return totals made anew from these rows."""
        cards = {card.id: card for card in self.cards}
        totals = RecentTotals(NOW - timedelta(days=2))
        for log in logs:
            totals.add(log, Details.of(cards[log.flashcard_id]))
        return totals

    def test_it_is_the_same_brought_forward_as_made_anew(self) -> None:
        cards = {card.id: card for card in self.cards}
        logs: list[ReviewLog] = []
        for number in range(10):
            logs.append(self.log(number, logs))
        totals = self.totals(*logs)
        for number in range(10, 90):
            log = self.log(number, logs)
            logs.append(log)
            totals.apply(Entry(number, cards[log.flashcard_id], log))
            if number % 3 == 0:
                self.assert_same(totals, self.totals(*logs))

    def test_a_card_that_changes_decks_counts_for_its_new_one(self) -> None:
        deck_id = uuid.uuid4()
        plan = dataclasses.replace(PLAN, governed_by={deck_id: deck_id})
        card = self.cards[0]
        totals = self.totals(review_log(card, reviewed_at=NOW, state_before=State.NEW))
        self.assertEqual(totals.done(plan).new, {None: 1})
        totals.apply(Entry(1, dataclasses.replace(card, deck_ids=(deck_id,))))
        self.assertEqual(totals.done(plan).new, {deck_id: 1})

    def test_of_very_many_reviews_the_last_ones_have_neighbours(self) -> None:
        card, *others = self.cards[:8]
        logs = [
            review_log(other, reviewed_at=NOW, scheduled_days=days, state_after=State.REVIEW)
            for days, other in enumerate([*others, others[0]])
        ]
        with mock.patch("flashcards.store.due.recent_reviews.NEIGHBOURS_MOST", 3):
            totals = self.totals(*logs)
            dues = totals.near_dues(card.id, self.vectors[card.id], -1.0, self.vectors.get)
        self.assertEqual(sorted((due - NOW).days for due in dues), [5, 6, 7])

    def test_what_a_dead_checkpoint_had_moved_counts_once(self) -> None:
        log = review_log(self.cards[0], reviewed_at=NOW)
        totals = self.totals(log)
        totals.apply(Entry(1, self.cards[0], log))
        self.assertEqual(totals.reviews(), [log])

    def test_an_undo_that_comes_before_its_review_takes_it_back(self) -> None:
        log = review_log(self.cards[0], reviewed_at=NOW)
        undo = review_log(
            self.cards[0],
            kind=LogKind.UNDO,
            rating=None,
            undoes=log.id,
            reviewed_at=NOW - timedelta(minutes=1),
        )
        self.assertEqual(self.totals(undo, log).reviews(), [])

    def test_the_reviews_of_a_card_that_goes_for_good_go_with_it(self) -> None:
        one, other = (review_log(card, reviewed_at=NOW) for card in self.cards[:2])
        totals = self.totals(one, other)
        totals.apply(Entry(1, self.cards[0].erased(), erases=True))
        self.assertEqual(totals.reviews(), [other])


class CommittedTests(TransactionTestCase):
    def test_requests_that_commit_see_every_review_and_undo_counted(self) -> None:
        alice = User.objects.create_user("alice@example.org")
        cards = [stored_card(alice) for _ in range(6)]
        now = NOW + timedelta(minutes=10)

        def done() -> tuple[object, ...]:
            seen = view(alice.pk)
            assert isinstance(seen, StoreView)
            with recent_reviews.recent(alice.pk, seen.pending, now) as totals:
                found = totals.done(PLAN)
                return dict(found.new), {n: dict(c) for n, c in found.notes.items()}

        for number, card in enumerate(cards):
            self.rate(alice, card, number)
            if number == 2:
                checkpoint_all()
            if number == 4:
                undo_review(
                    owner_id=alice.pk, undo_id=uuid.uuid4(), now=NOW + timedelta(minutes=number)
                )
            kept = done()
            recent_reviews.clear_cache()
            self.assertEqual(done(), kept)
        self.assertEqual(kept[0], {None: 5})

    def test_a_checkpoint_does_not_make_anything_be_read_again(self) -> None:
        alice = User.objects.create_user("alice@example.org")
        cards = [stored_card(alice) for _ in range(3)]
        checkpoint_all()
        for number, card in enumerate(cards):
            self.rate(alice, card, number)
            checkpoint_all()
        with mock.patch.object(tables, "fetch", side_effect=AssertionError("LanceDB was read.")):
            found = due_queue(owner_id=alice.pk, now=NOW + timedelta(minutes=9))
            standing = view(alice.pk).recent_reviews(NOW)
        self.assertEqual((found.total, len(standing)), (0, 3))

    def test_what_was_moved_before_it_was_seen_here_is_read_again(self) -> None:
        alice, bob = (User.objects.create_user(f"{n}@example.org") for n in ("alice", "bob"))
        stored_card(alice)
        now = NOW + timedelta(minutes=9)
        self.assertEqual(due_queue(owner_id=alice.pk, now=now).new, 1)
        stored_card(alice)
        stored_card(bob)
        checkpoint_all()
        self.assertEqual(due_queue(owner_id=alice.pk, now=now).new, 2)

    def test_a_rating_by_settings_that_have_changed_since_goes_by_the_new_ones(self) -> None:
        alice = User.objects.create_user("alice@example.org")
        first, second = stored_card(alice), stored_card(alice)
        self.rate(alice, first, 1)
        study_settings.save(
            owner_id=alice.pk, deck=None, values={"learning_steps_seconds": [300]}, now=NOW
        )
        now = NOW + timedelta(minutes=2)
        # Nothing is asked in between: what is remembered is outdated.
        after = review_card(
            owner_id=alice.pk,
            card_id=second.id,
            review_id=uuid.uuid4(),
            sequence=0,
            rating=Rating.AGAIN,
            now=now,
        )
        self.assertEqual(after.card.due - now, timedelta(minutes=5))

    def test_requests_that_commit_leave_out_siblings_and_what_was_rated(self) -> None:
        alice = User.objects.create_user("alice@example.org")
        notes = [uuid.uuid4() for _ in range(4)]
        cards = [stored_card(alice, note_id=note) for note in notes for _ in range(2)]
        checkpoint_all()
        now = NOW + timedelta(minutes=9)
        for number, card in enumerate(cards[::2]):
            found = due_queue(owner_id=alice.pk, now=now, limit=9)
            # One card of each note that was not rated yet.
            self.assertEqual([each.note_id for each in found.cards], notes[number:])
            self.assertEqual(found.new, 4 - number)
            self.rate(alice, card, number + 1)
        undo_review(owner_id=alice.pk, undo_id=uuid.uuid4(), now=now)
        found = due_queue(owner_id=alice.pk, now=now, limit=9)
        self.assertEqual([each.note_id for each in found.cards], notes[3:])

    def rate(self, alice: User, card: Flashcard, number: int) -> None:
        due_queue(owner_id=alice.pk, now=NOW + timedelta(minutes=number))
        review_card(
            owner_id=alice.pk,
            card_id=card.id,
            review_id=uuid.uuid4(),
            sequence=0,
            rating=Rating.EASY,
            now=NOW + timedelta(minutes=number),
        )
