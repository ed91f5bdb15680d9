"""The due queue: the learner's day, its limits, the order, siblings and neighbours."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction
from django.test import TransactionTestCase

from accounts.models import User
from flashcards import study_settings
from flashcards.cards.cards import get_card
from flashcards.domain.records import Flashcard, Rating, State
from flashcards.models import Deck
from flashcards.review.due import due_queue
from flashcards.review.learner import Learner
from flashcards.review.ratings import undo_review
from flashcards.scheduling import DEFAULT_PARAMETERS
from flashcards.store import Change, DueQueue, lock_owner, write
from flashcards.store.maintenance import checkpoint
from flashcards.study_settings import presets
from memoryloop.embeddings.builtin import BuiltIn
from tests.base import TestCase
from tests.factories import flashcard, store
from tests.flashcards.given_cards import answer

# 14:00 in Berlin, where Alice lives.
NOW = datetime(2026, 3, 10, 13, tzinfo=UTC)


class QueueHelpers(TransactionTestCase):
    """What Alice has, and what is due of it."""

    alice: User

    def seen(self, **fields: Any) -> Flashcard:
        """Return a stored card in review, by default due two hours ago."""
        values: dict[str, Any] = {
            "state": State.REVIEW,
            "stability": 5.0,
            "difficulty": 5.0,
            "due": NOW - timedelta(hours=2),
            "last_review": NOW - timedelta(days=5),
            "created_at": NOW - timedelta(days=30),
        }
        card = flashcard(self.alice, **{**values, **fields})
        store(card)
        return card

    def embedded(self, direction: int, **fields: Any) -> Flashcard:
        """Return a card whose meaning points this way; those of one direction are near."""
        vector = np.zeros(896, dtype=np.float32)
        vector[direction] = 1.0
        card = self.seen(embedding_model=BuiltIn.name, **fields)
        with transaction.atomic():
            lock_owner(self.alice.pk)
            write([Change(card, vector=vector)])
        return card

    def new(self, number: int, **fields: Any) -> list[Flashcard]:
        made = [
            flashcard(self.alice, created_at=NOW - timedelta(hours=1, microseconds=-n), **fields)
            for n in range(number)
        ]
        store(*made)
        return made

    def set(self, deck: Deck | None = None, **values: Any) -> None:
        study_settings.save(owner_id=self.alice.pk, deck=deck, values=values, now=NOW)

    def queue(self, now: datetime = NOW, limit: int = 50) -> DueQueue:
        return due_queue(owner_id=self.alice.pk, now=now, limit=limit)


class QueueTests(QueueHelpers, TestCase):
    def setUp(self) -> None:
        self.alice.time_zone = "Europe/Berlin"
        self.alice.save(update_fields=["time_zone"])

    def counts(self, now: datetime = NOW) -> tuple[int, int, int]:
        queue = self.queue(now)
        self.assertEqual(len(queue.cards), min(queue.total, 50))
        return queue.new, queue.learning, queue.due

    def assert_order(self, expected: Sequence[Flashcard]) -> None:
        """The cards come in this order, from the journal and from LanceDB."""
        for _ in range(2):
            self.assertEqual([c.id for c in self.queue().cards], [c.id for c in expected])
            checkpoint.run()


class DayTests(QueueTests):
    def test_a_learnt_card_is_ready_from_the_beginning_of_its_day(self) -> None:
        due = datetime(2026, 3, 12, 20, tzinfo=UTC)
        self.seen(due=due)
        for _ in range(2):
            # 04:00 by the clock of Berlin.
            self.assertEqual(self.counts(datetime(2026, 3, 12, 2, 59, tzinfo=UTC)), (0, 0, 0))
            self.assertEqual(self.counts(datetime(2026, 3, 12, 3, tzinfo=UTC)), (0, 0, 1))
            checkpoint.run()

    def test_the_day_follows_the_learners_rollover_and_journeys(self) -> None:
        self.seen(due=datetime(2026, 3, 12, 20, tzinfo=UTC))
        self.set(rollover_hour=6)
        self.assertEqual(self.counts(datetime(2026, 3, 12, 4, 59, tzinfo=UTC)), (0, 0, 0))
        self.assertEqual(self.counts(datetime(2026, 3, 12, 5, tzinfo=UTC)), (0, 0, 1))
        self.alice.time_zone = "Asia/Tokyo"
        self.alice.save(update_fields=["time_zone"])
        # There it is due at 05:00 on the 13th, which still is the 12th.
        self.assertEqual(self.counts(datetime(2026, 3, 11, 21, tzinfo=UTC)), (0, 0, 1))

    def test_the_night_the_clocks_change_ends_the_day_at_the_same_hour(self) -> None:
        self.seen(due=datetime(2026, 3, 29, 12, tzinfo=UTC))
        self.assertEqual(self.counts(datetime(2026, 3, 29, 1, 59, tzinfo=UTC)), (0, 0, 0))
        self.assertEqual(self.counts(datetime(2026, 3, 29, 2, tzinfo=UTC)), (0, 0, 1))

    def test_a_card_in_its_steps_is_due_to_the_second(self) -> None:
        self.seen(state=State.LEARNING, step=1, due=NOW + timedelta(minutes=5))
        self.assertEqual(self.counts(), (0, 0, 0))
        self.assertEqual(self.counts(NOW + timedelta(minutes=5)), (0, 1, 0))
        ahead = due_queue(owner_id=self.alice.pk, now=NOW, ahead=timedelta(minutes=20), limit=1)
        self.assertEqual(ahead.learning, 1)


class LimitTests(QueueTests):
    def test_a_day_has_twenty_new_cards_and_two_hundred_reviews(self) -> None:
        self.new(23)
        with transaction.atomic():
            lock_owner(self.alice.pk)
            for n in range(205):
                card = flashcard(
                    self.alice,
                    state=State.REVIEW,
                    stability=5.0,
                    due=NOW - timedelta(minutes=n),
                    last_review=NOW - timedelta(days=5),
                )
                write([Change(card)])
        for _ in range(2):
            queue = self.queue()
            self.assertEqual((queue.new, queue.due), (20, 200))
            self.assertEqual((queue.new_held, queue.due_held), (3, 5))
            checkpoint.run()

    def test_what_was_done_today_counts_and_tomorrow_begins_anew(self) -> None:
        self.set(new_per_day=2, reviews_per_day=1)
        first, *_ = self.new(5)
        seen = [self.seen(), self.seen()]
        answer(first, Rating.EASY, now=NOW)
        self.assertEqual(self.counts(), (1, 0, 1))
        answer(seen[0], now=NOW)
        for _ in range(2):
            self.assertEqual(self.counts(), (1, 0, 0))
            tomorrow = datetime(2026, 3, 11, 3, tzinfo=UTC)
            self.assertEqual(self.counts(tomorrow), (2, 0, 1))
            checkpoint.run()

    def test_a_review_taken_back_gives_its_place_back(self) -> None:
        self.set(new_per_day=1)
        (card,) = self.new(1)
        answer(card, Rating.EASY, now=NOW)
        self.new(1)
        self.assertEqual(self.counts(), (0, 0, 0))
        undo_review(owner_id=self.alice.pk, undo_id=uuid.uuid4(), now=NOW)
        self.assertEqual(self.counts(), (1, 0, 0))

    def test_more_may_be_allowed_for_just_today(self) -> None:
        self.set(new_per_day=1)
        self.new(9)
        today = study_settings.settings_for(owner_id=self.alice.pk).day.of(NOW)
        for _ in range(2):
            study_settings.add_today(owner_id=self.alice.pk, deck=None, today=today, new=2)
        self.assertEqual(self.counts()[0], 5)
        self.assertEqual(self.counts(NOW + timedelta(days=1))[0], 1)

    def test_a_deck_has_limits_of_its_own_also_for_the_decks_inside_it(self) -> None:
        biology = Deck.objects.create(owner=self.alice, name="Biology")
        cells = Deck.objects.create(owner=self.alice, name="biology::Cells")
        self.set(new_per_day=2)
        self.set(deck=biology, new_per_day=3)
        self.new(4, deck_ids=(cells.id,))
        self.new(4, deck_ids=(biology.id,))
        self.new(4)
        for _ in range(2):
            self.assertEqual((self.queue().new, self.queue().new_held), (5, 7))
            self.assertEqual(len(self.queue().cards), 5)
            checkpoint.run()
        answer(self.queue(limit=1).cards[0], Rating.EASY, now=NOW)
        self.assertEqual(self.queue().new, 4)

    def test_other_settings_of_a_deck_leave_its_cards_in_the_common_limit(self) -> None:
        deck = Deck.objects.create(owner=self.alice, name="Biology")
        self.set(new_per_day=3)
        self.set(deck=deck, desired_retention=0.8)
        self.new(4, deck_ids=(deck.id,))
        self.new(4)
        self.assertEqual(self.queue().new, 3)


class OrderTests(QueueTests):
    def test_what_is_closest_to_being_forgotten_comes_first(self) -> None:
        strong = self.seen(stability=90.0, due=NOW - timedelta(days=3))
        weak = self.seen(stability=2.0)
        middle = self.seen(stability=10.0)
        self.assert_order([weak, middle, strong])

    def test_cards_of_other_parameters_are_compared_by_their_own_curves(self) -> None:
        deck = Deck.objects.create(owner=self.alice, name="Flat")
        self.set(deck=deck, desired_retention=0.9)
        # The long tail of a small decay: after ten stabilities less is forgotten.
        flat = (*DEFAULT_PARAMETERS[:20], 0.1)
        steep = (*DEFAULT_PARAMETERS[:20], 0.8)
        preset_id = Deck.objects.get(id=deck.id).preset_id
        for each, parameters in ((preset_id, flat), (None, steep)):
            presets.save_model(
                owner_id=self.alice.pk, preset_id=each, parameters=parameters, now=NOW
            )
        month = {"last_review": NOW - timedelta(days=30)}
        flatter = self.seen(stability=3.0, deck_ids=(deck.id,), **month)
        steeper = self.seen(stability=3.3, **month)
        fresh = self.seen(stability=30.0, **month)
        self.assert_order([steeper, flatter, fresh])
        # As everywhere: an image of the journal is ranked as a stored row is.
        checkpoint.run()
        self.assert_order([steeper, flatter, fresh])
        self.set(order="overdueness")
        self.assertEqual(len(self.queue().cards), 3)

    def test_or_what_is_longest_overdue_for_its_interval(self) -> None:
        day = timedelta(days=1)
        self.set(order="overdueness")
        long = self.seen(last_review=NOW - 100 * day, due=NOW - 10 * day)
        short = self.seen(last_review=NOW - 4 * day, due=NOW - 2 * day)
        self.assert_order([short, long])

    def test_or_by_the_day_it_was_due(self) -> None:
        self.set(order="due")
        later, earlier = self.seen(), self.seen(due=NOW - timedelta(days=9), stability=50.0)
        self.assert_order([earlier, later])

    def test_or_deck_by_deck_new_cards_too(self) -> None:
        self.set(order="deck", new_cards="after")
        b, a = (Deck.objects.create(owner=self.alice, name=name) for name in ("Beta", "alpha"))
        without = self.seen(stability=0.5)
        in_b, in_a = self.seen(deck_ids=(b.id,)), self.seen(deck_ids=(a.id,))
        (new_b,) = self.new(1, deck_ids=(b.id,))
        (new_a,) = self.new(1, deck_ids=(a.id, b.id))
        self.assert_order([in_a, in_b, without, new_a, new_b])

    def test_or_in_no_order_that_is_another_one_tomorrow(self) -> None:
        self.set(order="random")
        for _ in range(12):
            self.seen()
        first = [card.id for card in self.queue().cards]
        self.assertEqual([card.id for card in self.queue().cards], first)
        checkpoint.run()
        self.assertEqual([card.id for card in self.queue().cards], first)
        tomorrow = [card.id for card in self.queue(NOW + timedelta(days=1)).cards]
        self.assertNotEqual(tomorrow, first)
        self.assertCountEqual(tomorrow, first)

    def test_new_cards_come_between_before_or_after_the_reviews(self) -> None:
        new = self.new(2)
        seen = [self.seen(stability=stability) for stability in (1.0, 2.0, 3.0, 4.0)]
        self.assert_order([seen[0], new[0], seen[1], seen[2], new[1], seen[3]])
        self.set(new_cards="before")
        self.assert_order([*new, *seen])
        self.set(new_cards="after")
        self.assert_order([*seen, *new])

    def test_the_mixture_is_the_same_one_card_at_a_time(self) -> None:
        self.new(2)
        for stability in (1.0, 2.0, 3.0, 4.0):
            self.seen(stability=stability)
        expected = [card.id for card in self.queue().cards]
        came = []
        for n in range(6):
            (card,) = self.queue(limit=1).cards
            came.append(card.id)
            answer(card, Rating.EASY, now=NOW + timedelta(seconds=n))
            if n == 3:
                checkpoint.run()
        self.assertEqual(came, expected)


class SiblingTests(QueueTests):
    def pair(self, **fields: Any) -> list[Flashcard]:
        note_id = uuid.uuid4()
        return [self.seen(note_id=note_id, ordinal=n, stability=float(n), **fields) for n in (1, 2)]

    def test_one_card_of_a_note_is_due_and_after_it_none_until_tomorrow(self) -> None:
        first, second = self.pair()
        for _ in range(2):
            self.assertEqual([c.id for c in self.queue().cards], [first.id])
            self.assertEqual(self.counts(), (0, 0, 1))
            checkpoint.run()
        answer(first, Rating.EASY, now=NOW)
        for _ in range(2):
            self.assertEqual(self.counts(), (0, 0, 0))
            tomorrow = self.queue(NOW + timedelta(days=1))
            self.assertEqual([c.id for c in tomorrow.cards], [second.id])
            checkpoint.run()

    def test_taking_the_review_back_brings_the_sibling_back(self) -> None:
        first, _ = self.pair()
        answer(first, Rating.EASY, now=NOW)
        self.assertEqual(self.queue().total, 0)
        undo_review(owner_id=self.alice.pk, undo_id=uuid.uuid4(), now=NOW)
        self.assertEqual(self.queue().total, 1)

    def test_a_card_in_its_steps_is_never_buried(self) -> None:
        note_id = uuid.uuid4()
        learning = self.seen(state=State.LEARNING, step=0, note_id=note_id)
        other = self.seen(note_id=note_id)
        for _ in range(2):
            self.assertEqual([c.id for c in self.queue().cards], [learning.id])
            checkpoint.run()
        answer(learning, Rating.AGAIN, now=NOW)
        later = self.queue(NOW + timedelta(minutes=2))
        self.assertEqual([c.id for c in later.cards], [learning.id])
        self.assertNotIn(other.id, [c.id for c in later.cards])

    def test_siblings_stay_where_the_learner_wants_them(self) -> None:
        self.set(bury_siblings=False)
        self.pair()
        self.assertEqual(self.counts(), (0, 0, 2))

    def test_new_siblings_that_are_not_in_lancedb_yet_are_one_card(self) -> None:
        note_id = uuid.uuid4()
        self.new(3, note_id=note_id)
        self.assertEqual(self.counts(), (1, 0, 0))


class NeighbourTests(QueueTests):
    def test_cards_near_in_meaning_do_not_follow_one_another(self) -> None:
        one = self.embedded(1, stability=1.0)
        twin = self.embedded(1, stability=2.0)
        other = self.embedded(2, stability=3.0)
        checkpoint.run()
        self.assertEqual([c.id for c in self.queue().cards], [one.id, other.id, twin.id])
        answer(one, Rating.EASY, now=NOW)
        self.assertEqual(self.queue(limit=1).cards[0].id, other.id)

    def test_where_all_are_near_the_order_stays(self) -> None:
        cards = [self.embedded(1, stability=float(n)) for n in (1, 2, 3)]
        checkpoint.run()
        self.assertEqual([c.id for c in self.queue().cards], [c.id for c in cards])

    def test_the_learner_may_want_no_such_thing(self) -> None:
        self.set(keep_apart=False)
        cards = [self.embedded(n, stability=s) for n, s in ((1, 1.0), (1, 2.0), (2, 3.0))]
        checkpoint.run()
        self.assertEqual([c.id for c in self.queue().cards], [c.id for c in cards])


class LoadTests(QueueTests):
    def test_cards_rated_alike_spread_over_quiet_days(self) -> None:
        cards = [self.seen(stability=30.0) for _ in range(14)]
        for number, card in enumerate(cards):
            answer(card, Rating.GOOD, now=NOW)
            if number == 6:
                checkpoint.run()
        days = [get_card(owner_id=self.alice.pk, card_id=c.id).due.date() for c in cards]
        most = max(days.count(day) for day in days)
        self.assertLessEqual(most - min(days.count(day) for day in days), 1)
        self.assertGreater(len(set(days)), 6)

    def test_what_the_buttons_say_is_what_the_rating_gives(self) -> None:
        for _ in range(3):
            self.seen(stability=30.0)
        for card in self.queue().cards:
            spans = Learner.read(self.alice.pk).preview(card, NOW)
            after = answer(card, Rating.GOOD, now=NOW)
            self.assertEqual((after.due.date() - NOW.date()).days, spans[Rating.GOOD].days)
