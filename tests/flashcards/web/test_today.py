"""/review/today/ and the end of a session: the summary of a day in words and as a chart."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from chat.models import Conversation, Message, Seed
from flashcards.domain.records import LogKind, Rating, State
from flashcards.review import summary as summaries
from flashcards.review.learner import Learner
from flashcards.review.streak import streak_of
from flashcards.web.pages import summary as page
from tests.base import TestCase
from tests.factories import NOW, flashcard, review_log, store, stored_card
from tests.flashcards.given_cards import answer, give_many
from tests.flashcards.review.test_summary import TODAY, days

URL = "/review/today/"


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
def test_the_streak_is_told_without_guilt(pattern: str, said: str) -> None:
    assert page.streak_sentence(streak_of(days(pattern), TODAY)) == said


class RecalledTests(TestCase):
    def told(self, recalled: int, forgotten: int, **fields: Any) -> str:
        card = flashcard(self.alice)
        known = {"state_before": State.REVIEW, "elapsed_days": 3.0, "kind": LogKind.REVIEW}
        ratings = [Rating.GOOD] * recalled + [Rating.AGAIN] * forgotten
        logs = [review_log(card, rating=rating, **{**known, **fields}) for rating in ratings]
        return page.recalled_sentence(summaries.recalled(logs, 0.9))

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


class WordsTests(TestCase):
    def seen(self, due: datetime, **fields: Any) -> Any:
        return flashcard(
            self.alice,
            state=State.REVIEW,
            stability=5.0,
            difficulty=5.0,
            due=due,
            last_review=due - timedelta(days=5),
            created_at=NOW - timedelta(days=60),
            **fields,
        )

    def words(self) -> page.Words:
        return page.words(summaries.summary(Learner.read(self.alice.pk), NOW))

    def test_the_week_is_told_in_a_sentence_and_drawn(self) -> None:
        ahead = [(-3, 2), (1, 1), (2, 4), (7, 3), (8, 9)]
        store(*(self.seen(NOW + timedelta(days=day)) for day, n in ahead for _ in range(n)))
        week = self.words().week
        assert week is not None
        self.assertEqual([day.due for day in week.days], [3, 4, 0, 0, 0, 0, 3])
        self.assertEqual(week.days[0].name, "Tomorrow")
        self.assertEqual(
            week.sentence,
            "Tomorrow 3 cards, 2 of them left over from before; "
            "10 cards in the next seven days, most of them on Tuesday (4).",
        )
        self.assertIn("Coming up", week.drawing)

    def test_with_nothing_due_in_a_week_it_says_when_the_next_card_comes(self) -> None:
        store(*(self.seen(NOW + timedelta(days=40, hours=n)) for n in range(2)))
        found = self.words()
        self.assertIsNone(found.week)
        self.assertEqual(found.coming, "2 cards in 1.5 months")

    def test_it_says_what_made_a_card_hard(self) -> None:
        card = stored_card(self.alice)
        for hard, said in (
            ((3, 0), "forgotten 3 times"),
            ((2, 1), "forgotten twice"),
            ((1, 0), "forgotten once"),
            ((0, 1), "rated Hard"),
            ((0, 2), "rated Hard 2 times"),
        ):
            self.assertEqual(page.why(summaries.Hard(card, *hard)), said)


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
        self.assertContains(self.client.get("/review/?finish=1"), "Discuss these 2")
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
