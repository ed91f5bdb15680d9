"""The search of each bar finds the cards behind it, within the scope of the chart."""

import random
from collections.abc import Iterable
from datetime import timedelta

from flashcards.domain.records import Flashcard, LogKind, Rating, State
from flashcards.domain.study_day import Day
from flashcards.insight import statistics
from flashcards.insight.statistics import Span, Step
from flashcards.models import Deck
from flashcards.review import scope as scopes
from flashcards.review.scope import Scope
from flashcards.search.search import find
from flashcards.store import checkpoint
from tests.base import TestCase
from tests.engines import InPostgreSQL
from tests.factories import NOW, flashcard, review_log
from tests.factories import store as store_cards
from tests.flashcards.insight.recount import Recount

DAY = timedelta(days=1)


class BarSearches(TestCase):
    """Cards and reviews of every kind, and the scopes that they are shown in."""

    def setUp(self) -> None:
        draw = random.Random(11)
        self.deck = Deck.objects.create(owner=self.alice, name="Cell biology")
        self.cards = [self._card(draw, n) for n in range(60)]
        self.logs = []
        for card in self.cards:
            if card.last_review is None:
                continue
            for at in (card.last_review - 10 * DAY, card.last_review):
                log = review_log(
                    card,
                    rating=draw.choice(list(Rating)),
                    reviewed_at=at,
                    kind=LogKind.REVIEW,
                    state_before=draw.choice([State.NEW, State.REVIEW]),
                    elapsed_days=10.0,
                )
                store_cards(card, logs=(log,))
                self.logs.append(log)
        store_cards(*(card for card in self.cards if card.last_review is None))

    def _card(self, draw: random.Random, number: int) -> Flashcard:
        made = NOW - timedelta(days=draw.uniform(0, 300))
        fields: dict[str, object] = {"created_at": made, "suspended": draw.random() < 0.2}
        if draw.random() < 0.7:
            state = draw.choice([State.REVIEW, State.REVIEW, State.LEARNING, State.RELEARNING])
            fields |= {
                "state": state,
                "stability": draw.choice([0.2, 3.0, 21.0, 45.5, 400.0]),
                "difficulty": draw.choice([1.0, 5.0, 9.99, 10.0]),
                "last_review": NOW - timedelta(days=draw.uniform(0, 60)),
                "due": NOW + timedelta(days=draw.uniform(-20, 80)),
                "lapses": 1 if state is State.RELEARNING else 0,
                "reps": 3,
            }
        decks = (self.deck.pk,) if number % 2 else ()
        return flashcard(self.alice, deck_ids=decks, **fields)

    def found(self, text: str) -> set[str]:
        found = find(owner_id=self.alice.pk, text=text, now=NOW, zone=Day().zone)
        return {str(each) for each in found.ids()}

    def scopes(self) -> Iterable[tuple[Scope, set[str]]]:
        ids = {str(card.id) for card in self.cards}
        in_deck = {str(card.id) for card in self.cards if card.deck_ids}
        mature = {str(card.id) for card in self.cards if (card.stability or 0) >= 21}
        yield scopes.EVERYTHING, ids
        yield scopes.of_deck(self.deck), in_deck
        yield scopes.of_search('deck:"Cell biology" or prop:s>=21'), in_deck | mature


class CardBarTests(BarSearches):
    def test_cards_behind_a_bar_are_as_many_as_it_says(self) -> None:
        spans = Span.YEAR, Span.MONTH, Span.ALL
        for (scope, ids), span in zip(self.scopes(), spans, strict=True):
            with self.subTest(scope=scope.name, span=span):
                self._check_cards(statistics.read(self.alice.pk, scope, span, NOW), ids)

    def _check_cards(self, reading: statistics.Reading, ids: set[str]) -> None:
        counts = statistics.card_counts(reading)
        self.assertEqual(counts.total, len(ids))
        for name, text in counts.searches.items():
            self.assertEqual(len(self.found(text)), getattr(counts, name), text)
            self.assertLessEqual(self.found(text), ids)
        bars = [
            bar
            for chart in ("intervals", "stabilities", "difficulties", "retrievabilities")
            for bar in getattr(statistics, chart)(reading).bars
        ]
        for bar in filter(_has_cards, bars):
            self.assertEqual(len(self.found(bar.search) & ids), bar.cards, bar.search)
            self.assertLessEqual(self.found(bar.search), ids)
        due = statistics.future_due(reading)
        for each in filter(_has_cards, due.bars):
            self.assertEqual(len(self.found(each.search)), each.cards, each.search)
        self.assertEqual(len(self.found(due.backlog_search)), due.backlog)
        new = statistics.new_cards(reading)
        self.assertEqual(len(self.found(new.left_search)), new.left)
        for one in new.bars[:: len(new.bars) // 6]:
            self.assertEqual(len(self.found(one.added_search)), one.added, one.added_search)


class AnswerBarTests(BarSearches):
    def test_cards_behind_a_bar_of_answers_are_those_that_were_answered(self) -> None:
        for scope, ids in self.scopes():
            with self.subTest(scope=scope.name):
                self._check_answers(statistics.read(self.alice.pk, scope, Span.QUARTER, NOW), ids)
            # The others are asked once the log has moved.
            checkpoint()

    def _check_answers(self, reading: statistics.Reading, ids: set[str]) -> None:
        day = reading.learner.settings.day
        recount = Recount.of(
            self.logs, day, reading.first, reading.today, lambda each: str(each) in ids
        )
        for bar in statistics.retention(reading, Step.WEEK).bars:
            reviewed = recount.cards(bar.period, lambda _: True)
            self.assertEqual(self.found(bar.search), set(map(str, reviewed)))
            again = recount.cards(bar.period, lambda log: log.rating is Rating.AGAIN)
            self.assertEqual(self.found(bar.forgotten_search), set(map(str, again)))
        for hour in statistics.hours(reading).hours:
            at = recount.at_hour(hour.hour)
            self.assertEqual(self.found(hour.search), {str(each.flashcard_id) for each in at})
        lapses = statistics.forgetting(reading).bars
        self.assertTrue(lapses)
        for lapse in lapses:
            ids = {
                str(card)
                for card, days, _ in recount.first_tests()
                if lapse.first_day <= days <= (lapse.last_day or days)
            }
            self.assertEqual(self.found(lapse.search), ids, lapse.search)
        for one in statistics.new_cards(reading, Step.MONTH).bars:
            first = recount.cards(one.period, lambda log: log.state_before is State.NEW)
            self.assertEqual(self.found(one.learnt_search), set(map(str, first)))
        searches = statistics.buttons(reading).searches
        for rating, text in zip(Rating, searches, strict=True):
            given = {log.flashcard_id for log in recount.reviews() if log.rating is rating}
            self.assertEqual(self.found(text), set(map(str, given)))


class AnswerBarsInPostgreSQLTests(InPostgreSQL, AnswerBarTests):
    pass


def _has_cards(bar: statistics.Bar | statistics.DueBar) -> bool:
    return bar.cards > 0
