"""The summary of a day: what was done, which cards were hard, what is due next; and the streak."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from flashcards import study_settings
from flashcards.cards.cards import delete_card
from flashcards.domain.records import Rating, State
from flashcards.review import summary as summaries
from flashcards.review.learner import Learner
from flashcards.review.streak import run_of, streak_of
from flashcards.store.maintenance import checkpoint
from flashcards.web.pages import summary as page
from tests.base import TestCase
from tests.engines import counts_queries
from tests.factories import NOW, flashcard, store, stored_card
from tests.flashcards.given_cards import answer

TODAY = date(2026, 3, 1)


def days(pattern: str) -> set[date]:
    """Return the days marked x; the last character is today."""
    return {
        TODAY - timedelta(days=ago) for ago, mark in enumerate(reversed(pattern)) if mark == "x"
    }


@pytest.mark.parametrize(
    ("pattern", "run"),
    [
        ("", (0, 0)),
        ("xxx", (3, 0)),
        # Today is not missed before it is over, and neither is a single day.
        ("xxx.", (3, 0)),
        ("xx.xx", (5, 1)),
        ("x.x.x.", (5, 2)),
        # Two days in a row end it; what lies before is not held against anybody.
        ("xxxx..xx", (2, 0)),
        ("x..", (0, 0)),
        (".x.", (1, 0)),
    ],
)
def test_a_single_day_off_does_not_end_a_run(pattern: str, run: tuple[int, int]) -> None:
    assert run_of(days(pattern), TODAY) == run


def test_the_last_fourteen_days_are_shown() -> None:
    for pattern in ("", "x", "x" * 9, "x" * 20 + "." + "x" * 6):
        found = streak_of(days(pattern), TODAY)
        assert [day.done for day in found.days] == [mark == "x" for mark in pattern.rjust(14)[-14:]]


class SummaryTests(TestCase):
    def seen(self, due: datetime, **fields: Any) -> Any:
        return flashcard(
            self.alice,
            **{
                "state": State.REVIEW,
                "stability": 5.0,
                "difficulty": 5.0,
                "due": due,
                "last_review": due - timedelta(days=5),
                "created_at": NOW - timedelta(days=60),
                **fields,
            },
        )

    def summary(self) -> summaries.Summary:
        return summaries.summary(Learner.read(self.alice.pk), NOW)

    def test_the_week_ahead_counts_each_day_and_what_is_left_over(self) -> None:
        ahead = [(-3, 2), (1, 1), (2, 4), (7, 3), (8, 9)]
        for moved in (False, True):
            if not moved:
                store(*(self.seen(NOW + timedelta(days=day)) for day, n in ahead for _ in range(n)))
                store(self.seen(NOW + timedelta(days=2), suspended=True))
                stored_card(self.alice)
            else:
                checkpoint.run()
            week = self.summary().week
            self.assertEqual([day.due for day in week], [3, 4, 0, 0, 0, 0, 3])
            self.assertEqual((week[0].date, week[0].left_over), (date(2026, 3, 2), 2))

    def test_of_cards_that_were_begun_today_none_is_left_over_or_remembered(self) -> None:
        for rating in (Rating.AGAIN, Rating.GOOD, Rating.HARD):
            answer(stored_card(self.alice), rating, now=NOW - timedelta(minutes=5))
        found = self.summary()
        self.assertEqual((found.week[0].due, found.week[0].left_over), (3, 0))
        self.assertIsNone(found.recalled)
        self.assertEqual(page.words(found).remembered, "")
        # One that was learnt before counts, whatever else was seen.
        learnt = self.seen(NOW - timedelta(hours=1))
        store(learnt, self.seen(NOW - timedelta(hours=1)))
        answer(learnt, now=NOW - timedelta(minutes=1))
        self.assertEqual(page.words(self.summary()).remembered, "100%")
        self.assertEqual(self.summary().week[0].left_over, 1)

    def test_with_nothing_due_in_a_week_it_says_when_the_next_card_comes(self) -> None:
        store(*(self.seen(NOW + timedelta(days=40, hours=n)) for n in range(2)))
        found = self.summary()
        self.assertEqual({day.due for day in found.week}, {0})
        self.assertEqual(found.coming, summaries.Coming(2, NOW + timedelta(days=40)))

    def test_the_day_is_the_learners_own(self) -> None:
        study_settings.save(
            owner_id=self.alice.pk, deck=None, values={"rollover_hour": 13}, now=NOW
        )
        # Until 13:00 it is still the day before.
        card = stored_card(self.alice)
        answer(card, Rating.EASY, now=NOW - timedelta(hours=20))
        self.assertEqual(self.summary().reviews, 1)
        self.assertEqual(self.summary().streak.days[-1].date, date(2026, 2, 28))

    def test_what_was_hard_comes_hardest_first_and_without_what_is_gone(self) -> None:
        cards = [stored_card(self.alice) for _ in range(4)]
        ratings = [(Rating.HARD,), (Rating.AGAIN,) * 3, (Rating.AGAIN,), (Rating.AGAIN,)]
        for card, given in zip(cards, ratings, strict=True):
            for n, rating in enumerate(given):
                card = answer(card, rating, now=NOW - timedelta(minutes=30 - n))
        delete_card(owner_id=self.alice.pk, card_id=cards[3].id, now=NOW)
        hard = self.summary().hard
        self.assertEqual([each.card.id for each in hard], [cards[n].id for n in (1, 2, 0)])
        self.assertEqual(
            [(each.forgotten, each.rated_hard) for each in hard], [(3, 0), (1, 0), (0, 1)]
        )

    def test_the_days_studied_agree_before_and_after_a_checkpoint(self) -> None:
        card = stored_card(self.alice)
        for ago in (30, 5, 2, 1):
            card = answer(card, Rating.GOOD, now=NOW - timedelta(days=ago))
            if ago == 5:
                checkpoint.run()
        expected = [n in (5, 2, 1) for n in reversed(range(14))]
        for _ in range(2):
            self.assertEqual([day.done for day in self.summary().streak.days], expected)
            checkpoint.run()

    @counts_queries
    def test_it_costs_the_same_with_many_cards(self) -> None:
        for _ in range(2):
            store(*(self.seen(NOW + timedelta(days=n % 9)) for n in range(20)))
            # Settings; the journal for today and the queue, the week, the days; the days.
            with self.assertNumQueries(5):
                self.summary()
