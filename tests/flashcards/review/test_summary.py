"""The end of a session and /review/today/: what was done, what was hard, what comes."""

from datetime import date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import SimpleTestCase
from django.urls import reverse
from django.utils import timezone

from chat.models import Conversation, Message, Seed
from flashcards import study_settings
from flashcards.cards.cards import delete_card
from flashcards.charts import columns
from flashcards.charts.columns import Column
from flashcards.domain.records import LogKind, Rating, State
from flashcards.review import summary as ending
from flashcards.review.learner import Learner
from flashcards.review.streak import rhythm, run_of
from flashcards.review.summary import retention
from flashcards.store.maintenance import checkpoint
from tests.base import TestCase
from tests.factories import NOW, flashcard, review_log, store, stored_card
from tests.flashcards.given_cards import answer, give_many

URL = "/review/today/"
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


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("", "The days on which you study will show here."),
        ("x" + "." * 20, "You have not studied in the last 14 days. Your schedule is kept."),
        ("x", "You studied on 1 of the last 14 days."),
        ("x" * 9, "You studied on 9 of the last 14 days. 9 days in a row."),
        (
            "x" * 20 + "." + "x" * 6,
            "You studied on 13 of the last 14 days. "
            "You have kept it up for 27 days, with 1 off in between.",
        ),
    ],
)
def test_the_rhythm_is_told_without_guilt(pattern: str, said: str) -> None:
    found = rhythm(days(pattern), TODAY)
    assert found.sentence == said
    assert [day.done for day in found.days] == [mark == "x" for mark in pattern.rjust(14)[-14:]]


class RetentionTests(TestCase):
    def told(self, recalled: int, forgotten: int, **fields: Any) -> str:
        card = flashcard(self.alice)
        known = {"state_before": State.REVIEW, "elapsed_days": 3.0, "kind": LogKind.REVIEW}
        ratings = [Rating.GOOD] * recalled + [Rating.AGAIN] * forgotten
        logs = [review_log(card, rating=rating, **{**known, **fields}) for rating in ratings]
        return retention(logs, 0.9)

    def test_it_is_judged_only_where_luck_does_not_explain_it(self) -> None:
        self.assertEqual(
            self.told(7, 1), "You remembered 7 of 8 cards that came back; you aim for 90%."
        )
        self.assertIn("of 100 cards that came back: 86%, about the 90%", self.told(86, 14))
        self.assertIn("70%, less than the 90% you aim for", self.told(70, 30))
        self.assertIn("100%, more than the 90% you aim for", self.told(100, 0))

    def test_what_was_seen_the_same_day_or_never_before_tests_no_memory(self) -> None:
        self.assertEqual(self.told(9, 1, elapsed_days=0.0), "")
        self.assertEqual(self.told(9, 1, state_before=State.NEW), "")


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

    def summary(self) -> ending.Summary:
        return ending.summary(Learner.read(self.alice.pk), NOW)

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
            assert week is not None
            self.assertEqual([day.due for day in week.days], [3, 4, 0, 0, 0, 0, 3])
            self.assertEqual((week.days[0].name, week.days[0].left_over), ("Tomorrow", 2))
            self.assertEqual(
                week.sentence,
                "Tomorrow 3 cards, 2 of them left over from before; "
                "10 cards in the next seven days, most of them on Tuesday (4).",
            )

    def test_with_nothing_due_in_a_week_it_says_when_the_next_card_comes(self) -> None:
        store(*(self.seen(NOW + timedelta(days=40, hours=n)) for n in range(2)))
        found = self.summary()
        self.assertIsNone(found.week)
        self.assertEqual(found.coming, "2 cards in 1.5 months")

    def test_the_day_is_the_learners_own(self) -> None:
        study_settings.save(
            owner_id=self.alice.pk, deck=None, values={"rollover_hour": 13}, now=NOW
        )
        # Until 13:00 it is still the day before.
        card = stored_card(self.alice)
        answer(card, Rating.EASY, now=NOW - timedelta(hours=20))
        self.assertEqual(self.summary().reviews, 1)
        self.assertEqual(self.summary().rhythm.days[-1].date, date(2026, 2, 28))

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
            [each.why for each in hard], ["forgotten 3 times", "forgotten once", "rated Hard"]
        )

    def test_the_days_studied_agree_before_and_after_a_checkpoint(self) -> None:
        card = stored_card(self.alice)
        for ago in (30, 5, 2, 1):
            card = answer(card, Rating.GOOD, now=NOW - timedelta(days=ago))
            if ago == 5:
                checkpoint.run()
        expected = [n in (5, 2, 1) for n in reversed(range(14))]
        for _ in range(2):
            self.assertEqual([day.done for day in self.summary().rhythm.days], expected)
            checkpoint.run()

    def test_it_costs_the_same_with_many_cards(self) -> None:
        for _ in range(2):
            store(*(self.seen(NOW + timedelta(days=n % 9)) for n in range(20)))
            # Settings; the journal for today, the queue, the week, the days; the days themselves.
            with self.assertNumQueries(6):
                self.summary()


class TodayPageTests(TestCase):
    def setUp(self) -> None:
        self.log_in()

    def test_it_shows_the_day_and_what_can_be_done_with_what_was_hard(self) -> None:
        cards = give_many(self.alice, 3)
        for card in cards[:2]:
            answer(card, Rating.AGAIN, now=timezone.now())
        response = self.client.get(URL)
        self.assertContains(response, "forgotten once", 2)
        for name in ("edit_card", "split_card", "explain"):
            self.assertContains(response, reverse(f"flashcards:{name}", args=[cards[0].id]))
        self.assertContains(response, "You studied on 1 of the last 14 days.")
        self.assertContains(self.client.get("/review/?finish=1"), "Talk about these 2")
        self.assertContains(self.client.get("/review/"), URL)

    def test_it_can_talk_about_what_was_hard(self) -> None:
        cards = give_many(self.alice, 2)
        for card in cards:
            answer(card, Rating.AGAIN, now=timezone.now())
        response = self.client.post("/review/today/discuss/")
        conversation = Conversation.objects.get(owner=self.alice)
        self.assertRedirects(
            response, conversation.get_absolute_url(), fetch_redirect_response=False
        )
        self.assertIn("What is 1 times 7?", Seed.objects.get(conversation=conversation).text)
        self.assertContains(self.client.get(conversation.get_absolute_url()), URL)

    def test_with_nothing_hard_there_is_nothing_to_talk_about(self) -> None:
        self.assertRedirects(self.client.post("/review/today/discuss/"), URL)
        self.assertFalse(Message.objects.exists())

    def test_an_empty_day_is_said_plainly(self) -> None:
        response = self.client.get(URL)
        self.assertContains(response, "Nothing reviewed today, and nothing waiting.")
        self.assertContains(response, "The days on which you study will show here.")

    def test_it_is_the_learners_own(self) -> None:
        stored_card(self.bob, question="The secret of Bob?")
        self.assertNotContains(self.client.get(URL), "secret of Bob")
        self.client.logout()
        for url, send in ((URL, self.client.get), (f"{URL}discuss/", self.client.post)):
            self.assertRedirects(
                send(url), f"/accounts/login/?next={url}", fetch_redirect_response=False
            )

    def test_only_the_right_methods_are_taken(self) -> None:
        self.assertEqual(self.client.post(URL).status_code, 405)
        self.assertEqual(self.client.get(f"{URL}discuss/").status_code, 405)


class ChartTests(SimpleTestCase):
    def test_axes_are_marked_with_round_numbers(self) -> None:
        for most, expected in (
            (0, [0, 1, 2]),
            (3, [0, 1, 2, 3]),
            (7, [0, 2, 4, 6, 8]),
            (81, [0, 50, 100]),
            (1_200, [0, 500, 1000, 1500]),
        ):
            self.assertEqual(columns.ticks(most), expected)

    def test_the_drawing_is_well_formed_and_has_no_style_or_script(self) -> None:
        data = [Column(f"{n}", n, f"<day {n}>", apart=n // 2) for n in range(90)]
        for drawing in columns.columns(data, sentence='A "sentence" <b>'):
            root = ElementTree.fromstring(drawing)
            self.assertEqual(
                (root.get("role"), root.get("aria-label")), ("img", 'A "sentence" <b>')
            )
            bars = [each for each in root.iter() if each.tag.endswith("rect")]
            self.assertEqual(len(bars), 89 + 88)
            labels = [each for each in root.iter() if each.get("class") == "chart-label"]
            self.assertLess(len(labels), 20)
            for element in root.iter():
                self.assertFalse({"style", "fill", "stroke"} & set(element.keys()))
