"""Statistics of small histories, counted by hand, and of histories that are odd or empty."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.utils import timezone

from flashcards import study_settings
from flashcards.cards import trash
from flashcards.cards.cards import delete_card
from flashcards.domain.query.syntax import BadQuery
from flashcards.domain.records import Flashcard, LogKind, Rating, ReviewLog, State
from flashcards.insight import statistics
from flashcards.insight.statistics import Aim, Kinds, Period, Reading, Recall, Span, Step
from flashcards.models import Deck
from flashcards.review import scope as scopes
from flashcards.review.scope import NoSuchScope, Scope
from flashcards.store import checkpoint, clear_cache
from tests.base import TestCase
from tests.engines import counts_queries
from tests.factories import flashcard, review_log
from tests.factories import store as store_cards

# A Wednesday, half past nine in the evening in Berlin.
NOW = datetime(2026, 4, 15, 19, 30, tzinfo=UTC)
DAY = timedelta(days=1)
CHARTS = (
    *("today", "retention", "reviews", "calendar", "hours", "buttons", "new_cards", "forgetting"),
    *("future_due", "intervals", "stabilities", "difficulties", "retrievabilities"),
    *("known", "card_counts"),
)


class Statistics(TestCase):
    def setUp(self) -> None:
        self.alice.time_zone = "Europe/Berlin"
        self.alice.save(update_fields=["time_zone"])

    def read(self, scope: Scope = scopes.EVERYTHING, span: Span = Span.MONTH) -> Reading:
        return statistics.read(self.alice.pk, scope, span, NOW)

    def log(self, card: Flashcard, at: datetime, **fields: Any) -> ReviewLog:
        usual = {"kind": LogKind.REVIEW, "state_before": State.REVIEW, "duration_ms": 4_000}
        log = review_log(card, reviewed_at=at, **{**usual, **fields})
        store_cards(card, logs=(log,))
        return log


class ByHandTests(Statistics):
    def give(self) -> list[Flashcard]:
        """Store three cards, of which one is mature, one was forgotten, and one is new."""
        settled = {"difficulty": 5.0, "reps": 4, "state": State.REVIEW}
        mature = flashcard(
            self.alice,
            created_at=NOW - 200 * DAY,
            stability=40.0,
            last_review=NOW - 2 * DAY,
            due=NOW + 38 * DAY,
            **settled,
        )
        young = flashcard(
            self.alice,
            created_at=NOW - 20 * DAY,
            stability=2.0,
            last_review=NOW - timedelta(hours=1),
            due=NOW + 2 * DAY,
            lapses=1,
            **settled,
        )
        new = flashcard(self.alice, created_at=NOW - timedelta(hours=3))
        store_cards(mature, young, new)
        spaced = {"elapsed_days": 20.0}
        self.log(mature, NOW - 2 * DAY, stability_before=30.0, rating=Rating.EASY, **spaced)
        # 01:10 in Berlin on the 15th is the learner's 14th.
        night = datetime(2026, 4, 14, 23, 10, tzinfo=UTC)
        self.log(young, night, stability_before=8.0, rating=Rating.AGAIN, **spaced)
        relearn = {"kind": LogKind.RELEARN, "state_before": State.RELEARNING}
        self.log(young, night + timedelta(minutes=9), elapsed_days=0.0, **relearn)
        self.log(young, NOW - timedelta(hours=1), elapsed_days=1.0, stability_before=1.0)
        self.log(young, NOW, kind=LogKind.CRAM, rating=Rating.HARD, elapsed_days=0.0)
        learn = {"kind": LogKind.LEARN, "state_before": State.NEW}
        self.log(young, NOW - 20 * DAY, **learn)
        return [mature, young, new]

    def test_a_few_answers_are_counted_as_one_would_by_hand(self) -> None:
        self.give()
        for _ in range(2):
            self._check_answers()
            self._check_cards()
            checkpoint()
            clear_cache()
            self._check_answers()

    def _check_answers(self) -> None:
        reading = self.read()
        today = statistics.today(reading)
        self.assertEqual(today.date, date(2026, 4, 15))
        self.assertEqual(today.answers, Kinds(review=1, cram=1))
        self.assertEqual(today.seconds.total, 8.0)
        self.assertEqual(today.by_rating, (0, 0, 1, 0))
        self.assertEqual((today.recall, today.learnt), (Recall(1, 1), 0))
        retention = statistics.retention(reading, Step.WEEK)
        self.assertEqual((retention.young, retention.mature), (Recall(2, 1), Recall(1, 1)))
        self.assertEqual(retention.aim, Aim(0.9, 0.9, 0.9))
        week = retention.bars[-1]
        self.assertEqual(week.period, Period(date(2026, 4, 13), date(2026, 4, 15)))
        self.assertEqual((week.young, week.mature), (Recall(2, 1), Recall(1, 1)))
        self.assertEqual(week.search, "rated:2026-04-13..2026-04-15")
        self.assertEqual(week.forgotten_search, "rated:2026-04-13..2026-04-15:1")
        found = statistics.reviews(reading)
        self.assertEqual(found.answers, Kinds(learn=1, review=3, relearn=1, cram=1))
        self.assertEqual((found.days, found.studied_days), (30, 4))
        self.assertEqual([bar.answers.total for bar in found.bars[-3:]], [1, 2, 2])
        calendar = statistics.calendar(reading)
        self.assertEqual((len(calendar.days), calendar.run), (371, 3))
        hours = {each.hour: each for each in statistics.hours(reading).hours if each.reviews}
        # The first review was before the clocks changed, at half past eight.
        self.assertEqual({hour: each.reviews for hour, each in hours.items()}, {1: 2, 20: 2, 21: 1})
        self.assertEqual(hours[1].recall, Recall(1, 0))
        buttons = statistics.buttons(reading)
        self.assertEqual(buttons.learning, (0, 0, 2, 0))
        self.assertEqual((buttons.young, buttons.mature), ((1, 0, 1, 0), (0, 0, 0, 1)))
        forgetting = statistics.forgetting(reading)
        self.assertEqual([(b.first_day, b.last_day) for b in forgetting.bars], [(1, 1)])
        self.assertEqual(forgetting.all, Recall(1, 1))

    def _check_cards(self) -> None:
        reading = self.read()
        new = statistics.new_cards(reading)
        self.assertEqual((new.added, new.learnt, new.left), (2, 1, 1))
        counts = statistics.card_counts(reading)
        self.assertEqual((counts.new, counts.young, counts.mature, counts.total), (1, 1, 1, 3))
        due = statistics.future_due(reading)
        self.assertEqual((due.backlog, due.total, due.later, due.days), (0, 1, 1, 30))
        self.assertEqual([n for n, bar in enumerate(due.bars) if bar.cards], [2])
        intervals = statistics.intervals(reading)
        self.assertEqual([bar.cards for bar in intervals.bars if bar.cards], [1, 1])
        self.assertEqual((intervals.mean, intervals.median), (21.0, 21.0))
        self.assertEqual(statistics.stabilities(reading).mean, 21.0)
        self.assertEqual([bar.low for bar in statistics.difficulties(reading).bars], [5])
        known = statistics.known(reading)
        self.assertEqual((known.learnt, known.cards), (2, 3))
        self.assertTrue(1.8 < known.known < 2.0, known)

    def test_what_was_studied_stays_counted_when_its_card_is_gone(self) -> None:
        card = self.give()[1]
        deck = Deck.objects.create(owner=self.alice, name="None of them")
        delete_card(owner_id=self.alice.pk, card_id=card.id, now=NOW)
        for _ in range(2):
            self.assertEqual(statistics.reviews(self.read()).answers.total, 6)
            self.assertEqual(statistics.card_counts(self.read()).total, 2)
            of_search = self.read(scopes.of_search("-flag:1"))
            self.assertEqual(statistics.reviews(of_search).answers.total, 1)
            of_deck = self.read(scopes.of_deck(deck))
            self.assertEqual(statistics.reviews(of_deck).answers.total, 0)
            checkpoint()
        # Erased for good: the log has nothing of it any more, and the days stay as they were.
        trash.erase(owner_id=self.alice.pk, card_ids=[card.id])
        for _ in range(2):
            self.assertEqual(statistics.reviews(self.read()).answers.total, 6)
            self.assertEqual(statistics.forgetting(self.read()).all.tested, 0)
            checkpoint()
            clear_cache()

    def test_each_deck_has_the_aim_of_its_settings(self) -> None:
        known = {"state": State.REVIEW, "stability": 9.0, "difficulty": 5.0, "last_review": NOW}
        decks = [Deck.objects.create(owner=self.alice, name=name) for name in ("A", "B::C")]
        parent = Deck.objects.create(owner=self.alice, name="B")
        values = {"desired_retention": 0.8}
        study_settings.save(owner_id=self.alice.pk, deck=parent, values=values, now=NOW)
        for ids in ((decks[0].pk,), (decks[1].pk,), (), (decks[0].pk, decks[1].pk)):
            store_cards(flashcard(self.alice, deck_ids=ids, **known))
        store_cards(flashcard(self.alice, deck_ids=(parent.pk,)))
        aim = statistics.aim_of(self.read())
        self.assertEqual((aim.lowest, aim.highest), (0.8, 0.9))
        self.assertAlmostEqual(aim.mean, 0.85)
        self.assertTrue(statistics.aim_of(self.read(scopes.of_deck(parent))).is_one)
        self.assertEqual(statistics.aim_of(self.read(scopes.of_search("flag:7"))).mean, 0.9)


class OddInputTests(Statistics):
    def every_chart(self, scope: Scope = scopes.EVERYTHING) -> None:
        for span in Span:
            reading = self.read(scope, span)
            for chart in CHARTS:
                getattr(statistics, chart)(reading)

    def test_a_learner_without_cards_has_empty_charts(self) -> None:
        self.every_chart()
        reading = self.read(span=Span.ALL)
        self.assertEqual(reading.first, reading.today)
        self.assertEqual(statistics.intervals(reading).bars, ())
        self.assertEqual(statistics.known(reading).known, 0.0)
        self.assertIsNone(statistics.retention(reading).all.share)
        self.assertIsNone(statistics.retention(reading).all.interval)

    def test_one_review_is_a_chart_of_one_day(self) -> None:
        card = flashcard(self.alice, created_at=NOW - DAY)
        self.log(card, NOW, kind=LogKind.LEARN, state_before=State.NEW)
        self.every_chart()
        found = statistics.reviews(self.read(span=Span.ALL))
        self.assertEqual((found.days, found.answers.total, len(found.bars)), (1, 1, 1))
        self.assertEqual(statistics.new_cards(self.read(span=Span.ALL)).added, 1)

    def test_what_a_wrong_clock_dated_is_left_out(self) -> None:
        card = flashcard(self.alice, created_at=NOW - 3 * DAY)
        # Tomorrow, in a hundred years, at the beginning of 1970 and the day before yesterday.
        for at in (
            NOW + DAY,
            NOW + 36_500 * DAY,
            datetime(1970, 1, 1, 3, tzinfo=UTC),
            NOW - 2 * DAY,
        ):
            self.log(card, at, elapsed_days=3.0)
        for _ in range(2):
            self.every_chart()
            reading = self.read(span=Span.ALL)
            self.assertEqual(reading.first, date(2026, 4, 13))
            self.assertEqual(statistics.reviews(reading).answers.total, 1)
            in_deck = self.read(scopes.of_search("-flag:1"), Span.ALL)
            self.assertEqual(statistics.reviews(in_deck).answers.total, 1)
            checkpoint()

    def test_a_card_that_is_due_in_a_hundred_years_ends_no_chart(self) -> None:
        far = {"state": State.REVIEW, "stability": 90_000.0, "difficulty": 1.0, "reps": 1}
        last = {"last_review": NOW - 9 * DAY, "due": NOW + 36_500 * DAY}
        store_cards(flashcard(self.alice, created_at=NOW - 9 * DAY, **far, **last))
        self.every_chart()
        due = statistics.future_due(self.read(span=Span.ALL))
        self.assertEqual((due.total, due.later), (0, 1))
        self.assertLess(len(due.bars), 300)

    def test_a_log_of_an_import_without_answers_counts_nothing(self) -> None:
        card = flashcard(
            self.alice, state=State.REVIEW, stability=30.0, difficulty=4.0, last_review=NOW
        )
        self.log(card, NOW - DAY, kind=LogKind.MANUAL, rating=None, elapsed_days=0.0)
        self.log(card, NOW - DAY, kind=LogKind.MANUAL, rating=None)
        for _ in range(2):
            self.every_chart()
            self.assertEqual(statistics.reviews(self.read()).answers.total, 0)
            self.assertEqual(statistics.known(self.read()).learnt, 1)
            checkpoint()
            clear_cache()

    def test_a_search_that_cannot_be_understood_is_told(self) -> None:
        with self.assertRaises(BadQuery):
            scopes.read(self.alice.pk, "search:(cell")
        with self.assertRaises(NoSuchScope):
            scopes.read(self.alice.pk, "deck:nonsense")
        smart = Deck.objects.create(owner=self.alice, name="Smart", search="deck:gone")
        with self.assertRaises(BadQuery):
            self.read(scopes.of_deck(smart))

    def test_of_another_learner_nothing_is_seen(self) -> None:
        card = flashcard(self.bob, created_at=NOW - DAY)
        store_cards(card, logs=(review_log(card, reviewed_at=NOW),))
        for _ in range(2):
            self.assertEqual(statistics.reviews(self.read()).answers.total, 0)
            self.assertEqual(statistics.card_counts(self.read()).total, 0)
            checkpoint()

    @counts_queries
    def test_ten_thousand_decks_cost_no_more_queries(self) -> None:
        Deck.objects.bulk_create(
            Deck(owner=self.alice, name=f"Deck {n // 100}::{n}") for n in range(10_000)
        )
        deck = Deck.objects.get(owner=self.alice, name="Deck 7::700")
        study_settings.save(
            owner_id=self.alice.pk,
            deck=deck,
            values={"desired_retention": 0.8},
            now=timezone.now(),
        )
        known = {"state": State.REVIEW, "stability": 9.0, "difficulty": 5.0, "last_review": NOW}
        card = flashcard(self.alice, deck_ids=(deck.pk,), **known)
        self.log(card, NOW)
        scope = scopes.of_deck(deck)
        self.every_chart(scope)
        # The settings and the decks that have some, what is pending, the decks, and twice what is
        # pending: for the cards and for the answers.
        with self.assertNumQueries(6):
            found = statistics.retention(self.read(scope))
        self.assertEqual(found.aim.mean, 0.8)
