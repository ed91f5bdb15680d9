"""/cards/new/ and its preview: a card written by hand."""

from typing import Any

from flashcards.cards.cards import count_cards
from flashcards.domain.records import Flashcard, Kind, NewCard
from flashcards.models import Deck
from flashcards.store import cards as stored
from tests.base import TestCase
from tests.flashcards.given_cards import give_cards

URL = "/cards/new/"
GOOD = {"kind": "basic", "question": "What is H2O?", "answer": "Water", "tags": "a, b ,a,"}


class NewCardTests(TestCase):
    def setUp(self) -> None:
        self.log_in()

    def cards(self) -> list[Flashcard]:
        return list(stored.for_owner(self.alice).order_by("-created_at"))

    def post(self, **values: Any) -> Any:
        return self.client.post(URL, {**GOOD, **values})

    def test_a_question_and_an_answer_become_a_card(self) -> None:
        self.assertRedirects(self.post(), f"{URL}?tags=a%2C+b")
        (card,) = self.cards()
        self.assertEqual((card.question, card.answer), ("What is H2O?", "Water"))
        self.assertEqual((card.kind, card.tags), (Kind.BASIC, ("a", "b")))

    def test_it_comes_up_in_review_at_once(self) -> None:
        self.post()
        self.assertContains(self.client.get("/review/"), "What is H2O?")

    def test_a_text_with_a_gap_needs_no_answer(self) -> None:
        self.post(kind="cloze", question="The {{c1::Seine}}", answer="")
        self.assertEqual(self.cards()[0].kind, Kind.CLOZE)

    def test_a_text_gives_a_card_for_each_number(self) -> None:
        response = self.post(kind="cloze", question="{{c1::a}} {{c2::b}}", answer="", tags="")
        self.assertRedirects(response, f"{URL}?kind=cloze")
        self.assertEqual(sorted(card.ordinal for card in self.cards()), [1, 2])

    def test_both_ways_round_gives_two_and_undo_takes_both(self) -> None:
        response = self.client.post(URL, {**GOOD, "kind": "reversed"}, follow=True)
        self.assertContains(response, "2 cards saved.")
        note_id = self.cards()[0].note_id
        self.assertContains(response, f'action="/notes/{note_id}/delete/"')
        self.client.post(f"/notes/{note_id}/delete/")
        self.assertEqual(self.cards(), [])

    def test_it_goes_into_the_decks_that_are_named(self) -> None:
        response = self.client.post(URL, {**GOOD, "tags": "", "decks": "Bio::Cells, Exam"})
        self.assertRedirects(response, f"{URL}?decks=Bio%3A%3ACells%2C+Exam")
        (card,) = self.cards()
        names = {deck.name for deck in Deck.objects.filter(id__in=card.deck_ids)}
        self.assertEqual(names, {"Bio::Cells", "Exam"})
        page = self.client.get(f"/cards/{card.id}/edit/")
        self.assertContains(page, "Bio::Cells, Exam")
        words = {"question": "Q?", "answer": "A", "extra": "", "tags": ""}
        self.client.post(f"/cards/{card.id}/edit/", words)
        self.assertEqual(self.cards()[0].deck_ids, card.deck_ids)
        self.client.post(f"/cards/{card.id}/edit/", {**words, "decks": "exam"})
        self.assertEqual(len(self.cards()[0].deck_ids), 1)
        bad = self.client.post(URL, {**GOOD, "decks": "::"})
        self.assertContains(bad, "A deck needs a name", status_code=422)

    def test_the_next_blank_one_has_the_same_kind_and_tags(self) -> None:
        response = self.client.post(URL, {**GOOD, "kind": "reversed"}, follow=True)
        self.assertContains(response, 'value="a, b"')
        self.assertContains(response, 'value="reversed"')
        self.assertRegex(response.content.decode(), r'value="reversed"[^>]*checked')
        self.assertRegex(response.content.decode(), r'name="question"[^>]*autofocus')

    def test_what_is_wrong_is_said_and_what_was_typed_is_kept(self) -> None:
        for values, text in (
            ({"question": " "}, "Write the question."),
            ({"answer": ""}, "Write the answer."),
            ({"kind": "cloze"}, "There is no gap in it yet"),
            (
                {"kind": "cloze", "question": " ".join(f"{{{{c{n}::x}}}}" for n in range(1, 52))},
                "It would make 51 cards",
            ),
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
        self.assertEqual(self.post(question="\r\n".join("q" * 500)).status_code, 302)
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
        self.assertEqual(count_cards(owner_id=self.alice.id), 0)

    def test_it_shows_every_card_of_a_note_and_the_tags(self) -> None:
        self.log_in()
        data = {"kind": "cloze", "question": "{{c1::a}} {{c2::b}}", "tags": "x, y"}
        response = self.client.post(self.URL, data)
        self.assertContains(response, "This note makes 2 cards.")
        self.assertContains(response, "<bdi>#x</bdi> <bdi>#y</bdi>")
        many = " ".join(f"{{{{c{n}::x}}}}" for n in range(1, 12))
        response = self.client.post(self.URL, {"kind": "cloze", "question": many})
        self.assertContains(response, "and 5 more")

    def test_it_says_what_is_weak(self) -> None:
        self.log_in()
        response = self.client.post(self.URL, {"question": "Is water wet?", "answer": "Yes"})
        self.assertContains(response, "ask what, why or how instead")

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


class NoteTests(TestCase):
    def setUp(self) -> None:
        note = NewCard(question="Q?", answer="A", kind=Kind.REVERSED)
        self.cards = give_cards(self.alice, note)
        self.url = f"/notes/{self.cards[0].note_id}/delete/"

    def test_a_note_is_deleted_and_restored_whole(self) -> None:
        self.log_in()
        response = self.client.post(self.url, follow=True)
        self.assertContains(response, "2 cards deleted.")
        self.client.post(f"/notes/{self.cards[0].note_id}/restore/")
        self.assertEqual(count_cards(owner_id=self.alice.id), 2)

    def test_a_stranger_knows_no_such_note_and_visitors_log_in(self) -> None:
        for action in ("delete", "restore"):
            url = f"/notes/{self.cards[0].note_id}/{action}/"
            self.log_in(self.bob)
            self.assertEqual(self.client.post(url).status_code, 404)
            self.assertEqual(self.client.get(url).status_code, 405)
            self.client.logout()
            self.assertEqual(self.client.post(url).status_code, 302)
        self.assertEqual(count_cards(owner_id=self.alice.id), 2)
