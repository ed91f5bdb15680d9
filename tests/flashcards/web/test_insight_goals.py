"""/insight/goals/: a goal written, shown, changed, deleted and restored."""

import uuid

from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from flashcards.cards import embedding
from flashcards.cards.cards import create_cards
from flashcards.domain.records import NewCard
from flashcards.insight.coverage_answers import digest_of
from flashcards.models import CoverageAnswer, Goal
from tests.base import TestCase

LIST, NEW = "/insight/coverage/", "/insight/goals/new/"


class GoalPageTests(TestCase):
    def setUp(self) -> None:
        self.log_in()

    def give_goal(self, lines: str = "1. Stages of mitosis\n2. What is osmosis?") -> Goal:
        return Goal.objects.create(owner=self.alice, name="Biology", lines=lines)

    def url(self, goal: Goal, path: str = "") -> str:
        return f"/insight/goals/{goal.id}/{path}"

    def test_the_list_leads_to_goals_and_to_a_new_one(self) -> None:
        self.assertContains(self.client.get(LIST), NEW)
        goal = self.give_goal()
        response = self.client.get(LIST)
        self.assertContains(response, self.url(goal))
        self.assertContains(response, "2 lines")
        self.assertContains(response, NEW)

    def test_a_goal_is_written_and_shows_its_lines(self) -> None:
        self.assertContains(self.client.get(NEW), "one per line")
        sent = {"name": "Biology", "lines": "1. Stages of mitosis\r\n\r\n2. What is osmosis?"}
        response = self.client.post(NEW, sent, follow=True)
        self.assertRedirects(response, self.url(Goal.objects.get()))
        self.assertContains(response, '<p dir="auto">Stages of mitosis</p>', html=True)
        self.assertContains(response, "0 of 2 lines have a card")

    def test_a_line_without_a_card_leads_to_the_tutor_and_to_a_new_card(self) -> None:
        response = self.client.get(self.url(self.give_goal()))
        for asked in (
            "Explain “Stages of mitosis” to me. I am learning it for “Biology”.",
            "What is osmosis?",
        ):
            ask = f"{reverse('chat:home')}?{urlencode({'ask': asked})}"
            self.assertContains(response, f'href="{ask}"')
            self.assertContains(self.client.get(ask), f"{asked}</textarea>")
        write = f"{reverse('flashcards:new_card')}?{urlencode({'question': 'Stages of mitosis'})}"
        self.assertContains(response, f'href="{write}"')
        self.assertContains(self.client.get(write), "Stages of mitosis</textarea>")

    def test_a_line_with_a_card_shows_it(self) -> None:
        card = NewCard(question="Stages of mitosis in order", answer="Prophase, metaphase …")
        (made,) = create_cards(owner_id=self.alice.id, cards=[card], now=timezone.now())
        embedding.embed_all(owner_id=self.alice.id)
        response = self.client.get(self.url(self.give_goal()))
        self.assertContains(response, "1 of 2 lines has a card")
        self.assertContains(response, reverse("flashcards:card", args=[made.id]))
        self.assertContains(response, "Ask the tutor", count=1)

    def test_a_card_that_perhaps_is_about_a_line_is_asked_about(self) -> None:
        card = NewCard(question="When does a cell copy its DNA?", answer="In the S phase")
        (made,) = create_cards(owner_id=self.alice.id, cards=[card], now=timezone.now())
        embedding.embed_all(owner_id=self.alice.id)
        goal = self.give_goal("Cell division\nOsmosis")
        page = self.client.get(self.url(goal))
        self.assertContains(page, "0 of 2 lines have a card, 1 perhaps has one. For 1, none was")
        self.assertContains(page, "Write a card", count=1)
        sent = {"of": digest_of("Cell division"), "card": str(made.id), "row": "1"}
        response = self.client.post(self.url(goal, "answer/"), {**sent, "answer": "yes"})
        self.assertRedirects(response, f"{self.url(goal)}#row-1", fetch_redirect_response=False)
        page = self.client.get(self.url(goal))
        self.assertContains(page, "1 of 2 lines has a card. For 1, none was")
        answer = CoverageAnswer.objects.get()
        # The same line of another goal is another line.
        other = Goal.objects.create(owner=self.alice, name="Exam", lines="Cell division")
        self.assertContains(self.client.get(self.url(other)), "Perhaps covered by:")
        self.client.post(self.url(goal, f"answer/{answer.id}/take-back/"))
        self.assertContains(self.client.get(self.url(goal)), "Perhaps covered by:")
        response = self.client.post(self.url(goal, "answer/"), {**sent, "answer": "no"})
        self.assertEqual(response["Location"], "/cards/new/?question=Cell+division")
        page = self.client.get(self.url(goal))
        self.assertContains(page, "0 of 2 lines have a card. For 2, none was")
        response = self.client.post(self.url(goal, "answer/"), {**sent, "of": "0" * 64})
        self.assertEqual(response.status_code, 404)

    def test_what_is_refused_says_why_and_keeps_what_was_typed(self) -> None:
        goal = self.give_goal()
        many = "\n".join(f"Topic {number}" for number in range(301))
        for name, lines, said in (
            ("", "Osmosis", "Give the goal a name"),
            ("Biology", "---", "no line yet"),
            ("Biology", many, "The list has 301 lines"),
            ("Biology", "o" * 301, "Line 1 has 301 characters"),
            ("b" * 300, "Osmosis", "The name has 300 characters"),
        ):
            for url in (NEW, self.url(goal, "edit/")):
                with self.subTest(said=said, url=url):
                    response = self.client.post(url, {"name": name, "lines": lines})
                    self.assertContains(response, said, status_code=422)
                    self.assertContains(response, f"{lines}</textarea>", status_code=422)
                    self.assertEqual(response.context["form"]["name"].value(), name)
        self.assertEqual(Goal.objects.get().lines, goal.lines)

    def test_nothing_is_cut_off_by_the_browser(self) -> None:
        self.assertNotContains(self.client.get(NEW), "maxlength")

    def test_nul_is_dropped(self) -> None:
        self.client.post(NEW, {"name": "Bio\0logy", "lines": "Osmo\0sis"})
        goal = Goal.objects.get()
        self.assertEqual((goal.name, goal.lines), ("Biology", "Osmosis"))

    def test_one_goal_too_many_is_refused(self) -> None:
        Goal.objects.bulk_create(
            Goal(owner=self.alice, name="Biology", lines="Osmosis") for _ in range(100)
        )
        response = self.client.post(NEW, {"name": "Law", "lines": "Consideration"})
        self.assertContains(response, "delete one first", status_code=422)
        self.assertContains(response, "Consideration</textarea>", status_code=422)

    def test_it_is_renamed_and_its_lines_are_changed(self) -> None:
        goal = self.give_goal()
        self.assertContains(self.client.get(self.url(goal, "edit/")), "1. Stages of mitosis")
        sent = {"name": "Cells", "lines": "Meiosis"}
        self.assertRedirects(self.client.post(self.url(goal, "edit/"), sent), self.url(goal))
        goal.refresh_from_db()
        self.assertEqual((goal.name, goal.lines), ("Cells", "Meiosis"))

    def test_it_is_deleted_and_restored(self) -> None:
        goal = self.give_goal()
        self.assertContains(self.client.get(self.url(goal, "edit/")), self.url(goal, "delete/"))
        response = self.client.post(self.url(goal, "delete/"), follow=True)
        self.assertContains(response, self.url(goal, "restore/"))
        self.assertContains(response, "Goal deleted")
        for path in ("", "edit/"):
            self.assertEqual(self.client.get(self.url(goal, path)).status_code, 404)
        self.assertNotContains(self.client.get(LIST), "Biology")
        self.client.post(self.url(goal, "restore/"))
        self.assertContains(self.client.get(LIST), "Biology")

    def test_it_wants_its_owner_and_the_right_method(self) -> None:
        goal = self.give_goal()
        self.assertEqual(self.client.post(self.url(goal)).status_code, 405)
        for path in ("delete/", "restore/"):
            self.assertEqual(self.client.get(self.url(goal, path)).status_code, 405)
        for user, status in ((self.bob, 404), (None, 302)):
            if user:
                self.log_in(user)
            else:
                self.client.logout()
            for path in ("", "edit/"):
                self.assertEqual(self.client.get(self.url(goal, path)).status_code, status)
            for path in ("edit/", "delete/", "restore/"):
                self.assertEqual(self.client.post(self.url(goal, path)).status_code, status)
        self.log_in(self.bob)
        self.assertEqual(self.client.get(f"/insight/goals/{uuid.uuid4()}/").status_code, 404)
        self.assertNotContains(self.client.get(LIST), "Biology")
