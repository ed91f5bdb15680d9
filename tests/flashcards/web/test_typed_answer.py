"""Typed answers in review: where they differ, what the tutor thinks, who decides."""

from typing import Any

from flashcards import study_settings
from flashcards.cards.cards import get_card
from flashcards.domain.records import NewCard
from flashcards.review import answer_check
from flashcards.web.pages import typed_answer as page
from tests.base import TestCase
from tests.factories import NOW, flashcard
from tests.flashcards.given_cards import give_cards
from tests.flashcards.web.view_rules import HTMX, CardViewRules
from tests.servers.compatible import OpenAIServer


class _Typed(TestCase):
    def setUp(self) -> None:
        self.log_in()
        words = NewCard(question="What makes ATP?", answer="The mitochondrion")
        (self.card,) = give_cards(self.alice, words)

    def compare(self, answer: str, *, htmx: bool = True) -> Any:
        headers = HTMX if htmx else {}
        url = f"/review/{self.card.id}/compare/"
        return self.client.post(url, {"answer": answer}, headers=headers)

    def judge(self, answer: str) -> Any:
        return self.client.post(f"/review/{self.card.id}/judge/", {"answer": answer}, headers=HTMX)


class PageTests(_Typed):
    def test_the_differences_are_told_to_a_screen_reader(self) -> None:
        card = flashcard(self.alice, answer="Water moves through a membrane")
        found = answer_check.compare(card, "water moves trough a membrane")
        self.assertEqual(page.spoken(found), "Missing: through. Too much: trough.")

    def test_what_has_little_in_common_is_not_laid_over_each_other(self) -> None:
        response = self.compare("a power plant")
        self.assertNotContains(response, "compared-parts")
        self.assertContains(response, "You typed: <bdi>a power plant</bdi>")
        self.assertContains(response, "/judge/")

    def test_it_is_off_until_somebody_wants_it(self) -> None:
        self.assertNotContains(self.client.get("/review/"), "review-answer")
        response = self.client.get("/review/", {"typed": "1"})
        self.assertContains(response, 'id="review-answer"')
        self.assertContains(response, 'name="typed" value="1"')
        self.assertContains(response, 'href="/review/?typed=0"')

    def test_a_learner_may_have_it_always_and_switch_it_off_once(self) -> None:
        study_settings.save(
            owner_id=self.alice.id, deck=None, values={"type_answers": True}, now=NOW
        )
        self.assertContains(self.client.get("/review/"), 'id="review-answer"')
        self.assertNotContains(self.client.get("/review/?typed=0"), 'id="review-answer"')

    def test_the_next_card_is_typed_as_well(self) -> None:
        give_cards(self.alice)
        stage = self.client.get("/review/", {"typed": "1"}).context["stage"]
        data = {
            "at": "all", "typed": "1", "review_id": stage.review_id, "sequence": 0, "rating": 3,
        }  # fmt: skip
        response = self.client.post(f"/review/{stage.card.id}/rate/", data, headers=HTMX)
        self.assertContains(response, 'id="review-answer"')

    def test_without_a_script_the_answer_comes_with_the_difference(self) -> None:
        response = self.compare("mitochondrium", htmx=False)
        self.assertContains(response, "is-suggested")
        self.assertContains(response, '<del title="Too much">')
        self.assertContains(response, 'id="review-back" tabindex="-1">')

    def test_what_was_typed_is_no_markup(self) -> None:
        self.assertNotContains(self.compare("<script>alert(1)</script>"), "<script>")

    def test_what_is_right_is_not_judged(self) -> None:
        self.assertNotContains(self.compare("the mitochondrion"), "/judge/")
        self.assertContains(self.compare("a power plant"), f"/review/{self.card.id}/judge/")

    def test_nothing_of_it_touches_the_card(self) -> None:
        self.compare("x")
        self.judge("x")
        card = get_card(owner_id=self.alice.id, card_id=self.card.id)
        self.assertEqual(card, self.card)


class JudgeTests(_Typed):
    def with_model(self, **step: Any) -> Any:
        """Return what the page shows when a model answers like this."""
        with OpenAIServer() as server, self.settings(OPENAI_BASE_URL=server.url):
            server.script(**step)
            return self.judge("the power plant of the cell")

    def test_without_a_model_likeness_is_all_there_is_and_it_says_so(self) -> None:
        response = self.judge("organelles called mitochondria make it")
        self.assertContains(response, "without a language model: close in meaning")
        self.assertContains(response, 'data-suggested="2"')
        self.assertContains(self.judge("a kind of cheese"), "not close in meaning")

    def test_the_tutor_says_what_it_thinks(self) -> None:
        for verdict, said, rating in (
            ("same", "the same meaning", 3),
            ("partly", "partly right", 2),
            ("different", "not the same", 1),
        ):
            with self.subTest(verdict):
                response = self.with_model(structured={"verdict": verdict, "why": "<b>So</b>"})
                self.assertContains(response, f"The tutor thinks: {said}.")
                self.assertContains(response, f'data-suggested="{rating}"')
                self.assertContains(response, "&lt;b&gt;So")

    def test_a_tutor_that_fails_is_one_plain_sentence(self) -> None:
        response = self.with_model(status=400, body={"error": {"message": "no"}}, times=9)
        self.assertContains(response, "Please judge it yourself.")
        self.assertNotContains(response, "data-suggested")


class CompareViewTests(CardViewRules, TestCase):
    name, method = "compare_typed", "post"


class JudgeViewTests(CardViewRules, TestCase):
    name, method = "judge_typed", "post"
