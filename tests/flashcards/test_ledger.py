"""Sums brought forward review by review are those that the whole log gives."""

import dataclasses
import random
import uuid
from datetime import timedelta
from unittest import mock

import numpy as np
from django.test import SimpleTestCase, TransactionTestCase

from accounts.models import User
from flashcards import services
from flashcards.records import Flashcard, LogKind, Rating, ReviewLog, State
from flashcards.store import checkpoint, journal, recent
from flashcards.store.journal import Pending
from flashcards.store.ledger import Ledger
from flashcards.store.plan import Plan
from tests.factories import NOW, flashcard, review_log, stored_card

PLAN = Plan.plain(NOW)
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

    def assert_same(self, ledger: Ledger, other: Ledger, pending: Pending) -> None:
        self.assertEqual(ledger.standing(), other.standing())
        self.assertEqual(ledger.done(PLAN, pending, {}), other.done(PLAN, pending, {}))
        self.assertEqual(ledger.moved(BEGINS, NOW), other.moved(BEGINS, NOW))
        for card_id, vector in self.vectors.items():
            near = [
                each.near_dues(card_id, vector, 0.3, self.vectors.get) for each in (ledger, other)
            ]
            self.assertEqual(sorted(near[0]), sorted(near[1]))

    def test_it_is_the_same_brought_forward_as_made_anew(self) -> None:
        images = {card.id: card for card in self.cards}
        stored: list[ReviewLog] = []
        for number in range(10):
            stored.append(self.log(number, stored))
        since = NOW - timedelta(days=2)
        ledger = Ledger(stored, since)
        logs: dict[uuid.UUID, ReviewLog] = {}
        for number in range(10, 90):
            log = self.log(number, [*stored, *logs.values()])
            logs[log.id] = log
            pending = Pending(last_id=number, cards=images, logs=dict(logs))
            if number % 3:
                continue
            self.assertTrue(ledger.is_before(pending))
            ledger.bring_forward(pending)
            self.assertTrue(ledger.is_at(pending))
            anew = Ledger(stored, since)
            anew.bring_forward(pending)
            self.assert_same(ledger, anew, pending)

    def test_of_very_many_reviews_the_last_ones_have_neighbours(self) -> None:
        card, *others = self.cards[:8]
        ledger = Ledger([], NOW - timedelta(days=2))
        logs = [
            review_log(other, reviewed_at=NOW, scheduled_days=days, state_after=State.REVIEW)
            for days, other in enumerate([*others, others[0]])
        ]
        with mock.patch("flashcards.store.ledger.NEIGHBOURS_MOST", 3):
            ledger.bring_forward(Pending(last_id=9, logs={log.id: log for log in logs}))
            dues = ledger.near_dues(card.id, self.vectors[card.id], -1.0, self.vectors.get)
        self.assertEqual(sorted((due - NOW).days for due in dues), [5, 6, 7])

    def test_what_a_dead_checkpoint_had_moved_counts_once(self) -> None:
        log = review_log(self.cards[0], reviewed_at=NOW)
        ledger = Ledger([log], NOW - timedelta(days=2))
        ledger.bring_forward(Pending(last_id=1, logs={log.id: log}))
        self.assertEqual(ledger.standing(), [log])

    def test_a_journal_that_does_not_go_on_from_here_is_told(self) -> None:
        log = review_log(self.cards[0], reviewed_at=NOW)
        ledger = Ledger([], NOW - timedelta(days=2))
        ledger.bring_forward(Pending(last_id=4, logs={log.id: log}))
        self.assertFalse(ledger.is_before(Pending(last_id=4, logs={})))
        self.assertFalse(ledger.is_before(Pending(last_id=3, logs={log.id: log})))


class CommittedTests(TransactionTestCase):
    def test_requests_that_commit_see_every_review_and_undo_counted(self) -> None:
        alice = User.objects.create_user("alice@example.org")
        cards = [stored_card(alice) for _ in range(6)]
        for number, card in enumerate(cards):
            self.rate(alice, card, number)
            if number == 2:
                checkpoint.run()
            if number == 4:
                services.undo_review(
                    owner_id=alice.pk, undo_id=uuid.uuid4(), now=NOW + timedelta(minutes=number)
                )
            pending = journal.read(alice.pk)
            now = NOW + timedelta(minutes=10)
            kept = recent.done(alice.pk, pending, PLAN, now)
            before = dataclasses.replace(kept, new=kept.new.copy(), notes=dict(kept.notes))
            recent.forget()
            self.assertEqual(recent.done(alice.pk, pending, PLAN, now), before)
        self.assertEqual(before.new.total(), 5)

    def test_requests_that_commit_leave_out_siblings_and_what_was_rated(self) -> None:
        alice = User.objects.create_user("alice@example.org")
        notes = [uuid.uuid4() for _ in range(4)]
        cards = [stored_card(alice, note_id=note) for note in notes for _ in range(2)]
        checkpoint.run()
        now = NOW + timedelta(minutes=9)
        for number, card in enumerate(cards[::2]):
            found = services.due_queue(owner_id=alice.pk, now=now, limit=9)
            # One card of each note that was not rated yet.
            self.assertEqual([each.note_id for each in found.cards], notes[number:])
            self.assertEqual(found.new, 4 - number)
            self.rate(alice, card, number + 1)
        services.undo_review(owner_id=alice.pk, undo_id=uuid.uuid4(), now=now)
        found = services.due_queue(owner_id=alice.pk, now=now, limit=9)
        self.assertEqual([each.note_id for each in found.cards], notes[3:])

    def rate(self, alice: User, card: Flashcard, number: int) -> None:
        services.due_queue(owner_id=alice.pk, now=NOW + timedelta(minutes=number))
        services.review_card(
            owner_id=alice.pk,
            card_id=card.id,
            review_id=uuid.uuid4(),
            sequence=0,
            rating=Rating.EASY,
            now=NOW + timedelta(minutes=number),
        )
