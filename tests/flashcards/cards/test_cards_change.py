"""Changing a card: its words, the bin, suspending and putting off."""

import dataclasses
from typing import Any

from django.utils import timezone

from flashcards.cards import notes
from flashcards.cards.cards import count_cards, get_card, set_suspended
from flashcards.domain.records import Flashcard, Kind, NewCard, Rating
from tests.base import TestCase
from tests.flashcards.given_cards import answer, give_cards
from tests.flashcards.web.view_rules import CardViewRules


class EditTests(CardViewRules, TestCase):
    name = "edit_card"

    def setUp(self) -> None:
        (self.card,) = give_cards(self.alice)

    def post(self, **values: Any) -> Any:
        data = {"question": "New question", "answer": "New answer", "extra": "Note", **values}
        return self.client.post(self.url(self.card), data)

    def get(self) -> Flashcard:
        return get_card(owner_id=self.alice.id, card_id=self.card.id)

    def test_the_words_change_and_the_schedule_stays(self) -> None:
        self.log_in()
        before = answer(self.card, Rating.GOOD, now=timezone.now())
        self.assertRedirects(self.post(), f"/cards/{self.card.id}/")
        after = self.get()
        self.assertEqual(
            (after.question, after.answer, after.extra), ("New question", "New answer", "Note")
        )
        words: dict[str, Any] = {
            "question": "",
            "answer": "",
            "extra": "",
            "edited_at": before.edited_at,
        }
        self.assertEqual(dataclasses.replace(after, **words), dataclasses.replace(before, **words))

    def test_the_form_has_the_words_as_they_are(self) -> None:
        self.log_in()
        response = self.client.get(self.url(self.card))
        self.assertContains(response, "What is the capital of France?")

    def test_what_is_wrong_is_said_and_what_was_typed_is_kept(self) -> None:
        self.log_in()
        response = self.post(answer="")
        self.assertContains(response, "Write the answer.", status_code=422)
        self.assertContains(response, "New question", status_code=422)
        self.assertEqual(self.get(), self.card)

    def test_a_cloze_keeps_a_gap(self) -> None:
        self.log_in()
        (self.card,) = give_cards(self.alice, NewCard(question="{{c1::Seine}}", kind=Kind.CLOZE))
        response = self.post(question="Seine", answer="")
        self.assertContains(response, "There is no gap in it yet", status_code=422)

    def test_the_siblings_of_a_text_change_with_it(self) -> None:
        self.log_in()
        note = NewCard(question="{{c1::Seine}} {{c2::Paris}}", kind=Kind.CLOZE)
        self.card, second = give_cards(self.alice, note)
        self.assertContains(self.client.get(self.url(self.card)), "This note has 2 cards")
        response = self.post(question="{{c2::Paris}} {{c3::France}}", answer="")
        # The card itself went into the bin with its number.
        self.assertRedirects(response, f"/cards/{second.id}/")
        cards = notes.siblings(owner_id=self.alice.id, note_id=second.note_id)
        self.assertEqual([card.ordinal for card in cards], [2, 3])

    def test_a_question_can_be_asked_both_ways_round(self) -> None:
        self.log_in()
        self.post(kind="reversed")
        cards = notes.siblings(owner_id=self.alice.id, note_id=self.card.note_id)
        self.assertEqual([card.kind for card in cards], [Kind.REVERSED] * 2)
        self.assertEqual(self.post(kind="cloze").status_code, 422)

    def test_tags_change_with_the_words_and_stay_where_the_form_has_none(self) -> None:
        self.log_in()
        self.post(tags="a, b")
        self.assertContains(self.client.get(self.url(self.card)), 'value="a, b"')
        self.post()
        self.assertEqual(self.get().tags, ("a", "b"))
        self.post(tags="")
        self.assertEqual(self.get().tags, ())

    def test_it_leads_back_to_where_it_came_from(self) -> None:
        self.log_in()
        response = self.client.get(self.url(self.card) + "?next=/review/")
        self.assertContains(response, '<input type="hidden" name="next" value="/review/">')
        self.assertRedirects(self.post(next="/review/"), "/review/")

    def test_it_never_leads_to_another_site(self) -> None:
        self.log_in()
        for url in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
            with self.subTest(url):
                self.assertRedirects(self.post(next=url), f"/cards/{self.card.id}/")
                response = self.client.get(self.url(self.card), {"next": url})
                self.assertNotContains(response, "evil.example")
                self.assertNotContains(response, "javascript:")

    def test_a_stranger_changes_nothing(self) -> None:
        self.log_in(self.bob)
        self.assertEqual(self.post().status_code, 404)
        self.assertEqual(self.get(), self.card)


class DeleteTests(CardViewRules, TestCase):
    name = "delete_card"
    method = "post"

    def test_the_card_goes_and_the_page_offers_to_undo_it(self) -> None:
        self.log_in()
        (card,) = give_cards(self.alice)
        response = self.client.post(self.url(card), follow=True)
        self.assertContains(response, "Card deleted.")
        self.assertContains(response, f'action="/cards/{card.id}/restore/"')
        self.assertEqual(count_cards(owner_id=self.alice.id), 0)

    def test_undo_brings_it_back_just_as_it_was(self) -> None:
        self.log_in()
        (card,) = give_cards(self.alice)
        card = answer(card, now=timezone.now())
        self.client.post(self.url(card))
        response = self.client.post(f"/cards/{card.id}/restore/", {"next": "/cards/"})
        self.assertRedirects(response, "/cards/")
        self.assertEqual(get_card(owner_id=self.alice.id, card_id=card.id), card)


class RestoreTests(CardViewRules, TestCase):
    name = "restore_card"
    method = "post"

    def test_restoring_what_was_not_deleted_changes_nothing(self) -> None:
        self.log_in()
        (card,) = give_cards(self.alice)
        self.assertRedirects(self.client.post(self.url(card)), f"/cards/{card.id}/")
        self.assertEqual(get_card(owner_id=self.alice.id, card_id=card.id), card)


class SuspendTests(CardViewRules, TestCase):
    name = "suspend_card"
    method = "post"

    def test_it_stays_out_of_review(self) -> None:
        self.log_in()
        (card,) = give_cards(self.alice)
        response = self.client.post(self.url(card), follow=True)
        self.assertContains(response, "it stays out of review until you resume it")
        self.assertIsNone(self.client.get("/review/").context["stage"].card)


class ResumeTests(CardViewRules, TestCase):
    name = "resume_card"
    method = "post"

    def test_it_comes_back_into_review(self) -> None:
        self.log_in()
        (card,) = give_cards(self.alice)
        set_suspended(owner_id=self.alice.id, card_id=card.id, suspended=True)
        self.client.post(self.url(card))
        self.assertEqual(self.client.get("/review/").context["stage"].card.id, card.id)


class UnburyTests(CardViewRules, TestCase):
    name = "unbury_card"
    method = "post"

    def test_it_comes_today_after_all(self) -> None:
        self.log_in()
        (card,) = give_cards(self.alice)
        self.client.post(f"/review/{card.id}/bury/")
        self.assertContains(self.client.get(f"/cards/{card.id}/"), "Unbury: review today")
        self.client.post(self.url(card))
        self.assertEqual(self.client.get("/review/").context["stage"].card.id, card.id)
