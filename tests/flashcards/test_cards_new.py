"""/cards/new/ and its preview: a card written by hand."""

from typing import Any

from flashcards import services
from flashcards.records import Flashcard, Kind
from tests.base import TestCase

URL = "/cards/new/"
GOOD = {"kind": "basic", "question": "What is H2O?", "answer": "Water", "tags": "a, b ,a,"}


class NewCardTests(TestCase):
    def setUp(self) -> None:
        self.log_in()

    def cards(self) -> list[Flashcard]:
        return list(services.search_cards(owner_id=self.alice.id))

    def post(self, **values: Any) -> Any:
        return self.client.post(URL, {**GOOD, **values})

    def test_a_question_and_an_answer_become_a_card(self) -> None:
        self.assertRedirects(self.post(), URL)
        (card,) = self.cards()
        self.assertEqual((card.question, card.answer), ("What is H2O?", "Water"))
        self.assertEqual((card.kind, card.tags), (Kind.BASIC, ("a", "b")))

    def test_it_comes_up_in_review_at_once(self) -> None:
        self.post()
        self.assertContains(self.client.get("/review/"), "What is H2O?")

    def test_a_text_with_a_gap_needs_no_answer(self) -> None:
        self.post(kind="cloze", question="The {{c1::Seine}}", answer="")
        self.assertEqual(self.cards()[0].kind, Kind.CLOZE)

    def test_what_is_wrong_is_said_and_what_was_typed_is_kept(self) -> None:
        for values, text in (
            ({"question": " "}, "Write the question."),
            ({"answer": ""}, "Write the answer."),
            ({"kind": "cloze"}, "There is no gap in it yet"),
            ({"kind": "cloze", "question": "{{c2::two}}"}, "This card hides {{c1::…}}"),
            ({"kind": "cloze", "question": "{{c1::a}} {{c2::b}}"}, "A card hides all its gaps"),
            ({"question": "q" * 1001}, "1000"),
            ({"answer": "a" * 5001}, "5000"),
            ({"kind": "poem"}, "Select a valid choice"),
        ):
            with self.subTest(text):
                response = self.post(**values)
                self.assertContains(response, text, status_code=422)
                self.assertContains(response, "a, b ,a,", status_code=422)
        self.assertEqual(self.cards(), [])

    def test_line_breaks_count_once(self) -> None:
        self.assertRedirects(self.post(question="\r\n".join("q" * 500)), URL)
        self.assertNotIn("\r", self.cards()[0].question)

    def test_it_takes_no_other_method(self) -> None:
        self.assertEqual(self.client.put(URL).status_code, 405)

    def test_it_sends_a_visitor_to_the_log_in_page(self) -> None:
        self.client.logout()
        for response in (self.client.get(URL), self.post()):
            self.assertRedirects(
                response, f"/accounts/login/?next={URL}", fetch_redirect_response=False
            )
        self.assertEqual(self.cards(), [])


class PreviewTests(TestCase):
    URL = "/cards/preview/"

    def test_it_shows_both_sides_and_stores_nothing(self) -> None:
        self.log_in()
        data = {"kind": "cloze", "question": "The {{c2::Seine}} <b>x</b>", "answer": ""}
        response = self.client.post(self.URL, data, headers={"HX-Request": "true"})
        self.assertContains(response, "<strong>[…]</strong>")
        self.assertContains(response, "<strong>Seine</strong>")
        self.assertEqual(services.count_cards(owner_id=self.alice.id), 0)

    def test_scripts_are_harmless(self) -> None:
        self.log_in()
        data = {"question": "<script>x</script><img src=x onerror=y>", "answer": ""}
        response = self.client.post(self.URL, data)
        self.assertNotContains(response, "<script")
        self.assertNotContains(response, "<img")

    def test_it_takes_no_get(self) -> None:
        self.log_in()
        self.assertEqual(self.client.get(self.URL).status_code, 405)

    def test_it_sends_a_visitor_to_the_log_in_page(self) -> None:
        self.assertEqual(self.client.post(self.URL).status_code, 302)
