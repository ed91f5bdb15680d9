"""What can be done to a card on its page: labels, beginning anew, putting off, earlier words."""

import uuid
from datetime import timedelta
from typing import Any
from unittest import mock

from django.urls import reverse
from django.utils import timezone

from flashcards.cards import embedding, labels
from flashcards.cards.cards import edit_card, get_card
from flashcards.domain.records import Flashcard, Rating, State
from flashcards.models import CardEdit
from memoryloop.embeddings import EmbeddingError
from tests.base import TestCase
from tests.factories import stored_card
from tests.flashcards.given_cards import answer, give_cards
from tests.flashcards.web.view_rules import HTMX, CardViewRules


class LabelTests(CardViewRules, TestCase):
    name = "label_card"
    method = "post"

    def setUp(self) -> None:
        (self.card,) = give_cards(self.alice)

    def now(self) -> Flashcard:
        return get_card(owner_id=self.alice.pk, card_id=self.card.id)

    def test_tags_and_flag_are_set_and_the_tags_are_in_the_history(self) -> None:
        self.log_in()
        response = self.client.post(self.url(self.card), {"tags": "a::b, c, a::b", "flag": "3"})
        self.assertRedirects(response, f"/cards/{self.card.id}/")
        self.assertEqual((self.now().tags, self.now().flag), (("a::b", "c"), 3))
        self.assertEqual(CardEdit.objects.get().after["tags"], ["a::b", "c"])
        page = self.client.get(f"/cards/{self.card.id}/")
        self.assertContains(page, "Green flag")
        self.assertContains(page, "#a::b")

    def test_what_is_wrong_is_said_and_what_was_typed_is_kept(self) -> None:
        self.log_in()
        response = self.client.post(self.url(self.card), {"tags": "kept", "flag": "99"})
        self.assertContains(response, "There is no such flag.", status_code=422)
        self.assertContains(response, 'value="kept"', status_code=422)
        response = self.client.post(self.url(self.card), {"tags": "x" * 200, "flag": "0"})
        self.assertContains(response, "the maximum is 100", status_code=422)
        self.assertEqual(self.now(), self.card)

    def test_the_same_again_writes_nothing(self) -> None:
        before = self.now()
        given: dict[str, Any] = {
            "owner_id": self.alice.pk,
            "card_id": self.card.id,
            "now": timezone.now(),
        }
        self.assertEqual(labels.set_labels(tags=before.tags, flag=before.flag, **given), before)
        self.assertFalse(CardEdit.objects.exists())


class ResetTests(CardViewRules, TestCase):
    name = "reset_card"
    method = "post"

    def test_it_begins_anew_and_the_toast_takes_that_back(self) -> None:
        self.log_in()
        (card,) = give_cards(self.alice)
        card = answer(card, Rating.EASY, now=timezone.now())
        page = self.client.post(self.url(card), follow=True)
        self.assertContains(page, "Schedule reset")
        self.assertContains(page, "<td>reset</td>")
        now = get_card(owner_id=self.alice.pk, card_id=card.id)
        self.assertEqual(now.state, State.NEW)
        (toast,) = page.context["messages"]
        undo = toast.extra_tags.removeprefix("undo:")
        self.assertContains(
            self.client.post(undo, follow=True), "The earlier schedule is restored."
        )
        again = get_card(owner_id=self.alice.pk, card_id=card.id)
        self.assertEqual((again.state, again.due), (card.state, card.due))
        self.assertContains(self.client.post(undo, follow=True), "taken back already")

    def test_a_stranger_takes_nothing_back(self) -> None:
        (card,) = give_cards(self.alice)
        self.log_in(self.bob)
        url = reverse("flashcards:take_back_reset", args=[card.id, uuid.uuid4()])
        self.assertEqual(self.client.post(url).status_code, 404)


class BuryTests(CardViewRules, TestCase):
    name = "bury_card"
    method = "post"

    def test_it_puts_the_card_off_until_tomorrow(self) -> None:
        self.log_in()
        (card,) = give_cards(self.alice)
        page = self.client.post(self.url(card), follow=True)
        self.assertContains(page, "Unbury: review today")
        now = get_card(owner_id=self.alice.pk, card_id=card.id)
        assert now.buried_until is not None
        self.assertGreater(now.buried_until, timezone.now())


class RevertTests(TestCase):
    def setUp(self) -> None:
        self.card = stored_card(self.alice, question="Capital of Spain?", answer="Barcelona")
        edit_card(
            owner_id=self.alice.pk,
            card_id=self.card.id,
            question="Capital of Spain?",
            answer="Madrid",
            now=timezone.now(),
        )
        self.edit = CardEdit.objects.get()

    def url(self, card_id: uuid.UUID | None = None) -> str:
        return reverse("flashcards:revert_edit", args=[card_id or self.card.id, self.edit.id])

    def test_the_page_shows_what_changed_and_brings_it_back(self) -> None:
        self.log_in()
        page = self.client.get(f"/cards/{self.card.id}/")
        self.assertContains(page, "<del>Barcelona</del><ins>Madrid</ins>")
        page = self.client.post(self.url(), follow=True)
        self.assertContains(page, "The earlier text is restored.")
        self.assertContains(page, "<del>Madrid</del><ins>Barcelona</ins>")
        now = get_card(owner_id=self.alice.pk, card_id=self.card.id)
        self.assertEqual(now.answer, "Barcelona")
        self.assertContains(self.client.post(self.url(), follow=True), "already has this text")

    def test_nobody_else_brings_anything_back(self) -> None:
        self.log_in(self.bob)
        self.assertEqual(self.client.post(self.url()).status_code, 404)
        mine = stored_card(self.bob)
        self.assertEqual(self.client.post(self.url(mine.id)).status_code, 404)
        self.client.logout()
        self.assertEqual(self.client.post(self.url()).status_code, 302)
        self.assertEqual(CardEdit.objects.count(), 1)

    def test_it_takes_no_get(self) -> None:
        self.log_in()
        self.assertEqual(self.client.get(self.url()).status_code, 405)


class NearTests(CardViewRules, TestCase):
    name = "near"

    def test_it_shows_the_learners_own_cards_nearest_first_and_nobody_elses(self) -> None:
        card = stored_card(self.alice, question="What is the capital of Spain?", answer="Madrid")
        near = stored_card(self.alice, question="Which city is Spain's capital?", answer="Madrid")
        stored_card(self.alice, question="What do enzymes do?", answer="Catalyse reactions")
        stored_card(self.bob, question="What is the capital of Spain, Bob?", answer="Madrid")
        for owner in (self.alice, self.bob):
            embedding.embed_cards(owner_id=owner.pk)
        self.log_in()
        response = self.client.get(self.url(card), headers=HTMX)
        self.assertEqual(response.context["neighbours"][0].id, near.id)
        self.assertNotContains(response, "Bob")
        self.assertNotContains(response, "<html")
        self.assertContains(self.client.get(self.url(card)), "<html")

    def test_without_the_model_it_says_so_plainly(self) -> None:
        (card,) = give_cards(self.alice)
        self.log_in()
        broken = EmbeddingError("No model.")
        with (
            self.assertLogs("flashcards.cards.neighbours", "WARNING"),
            mock.patch.object(embedding, "similar_cards", autospec=True, side_effect=broken),
        ):
            response = self.client.get(self.url(card), headers=HTMX)
        self.assertContains(response, "You have no similar cards yet.")


class PagedReviewsTests(TestCase):
    def test_every_review_is_on_some_page(self) -> None:
        (card,) = give_cards(self.alice)
        now = timezone.now() - timedelta(days=40)
        for day in range(30):
            card = answer(card, Rating.GOOD, now=now + timedelta(days=day))
        self.log_in()
        first = self.client.get(f"/cards/{card.id}/")
        self.assertEqual(len(first.context["history"]), 25)
        self.assertContains(first, "?reviews=2#reviews")
        second = self.client.get(f"/cards/{card.id}/?reviews=2")
        self.assertEqual(len(second.context["history"]), 5)
        self.assertContains(first, "curve-mark--good", count=60)


class EditAnewTests(TestCase):
    def test_an_edit_begins_the_schedule_anew_only_when_asked(self) -> None:
        (card,) = give_cards(self.alice)
        card = answer(card, Rating.EASY, now=timezone.now() - timedelta(days=1))
        self.log_in()
        url = f"/cards/{card.id}/edit/"
        self.assertContains(self.client.get(url), "Reset the schedule")
        words = {"kind": "basic", "question": "Another?", "answer": "Fact", "extra": ""}
        self.client.post(url, words)
        after = get_card(owner_id=self.alice.pk, card_id=card.id)
        self.assertEqual((after.state, after.due), (card.state, card.due))
        page = self.client.post(url, words | {"schedule": "reset"}, follow=True)
        self.assertContains(page, "Its schedule is reset.")
        after = get_card(owner_id=self.alice.pk, card_id=card.id)
        self.assertEqual(after.state, State.NEW)
