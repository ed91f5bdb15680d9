"""POST /review/undo/: the last rating is taken back."""

import uuid
from typing import Any

from django.utils import timezone

from flashcards.cards.cards import get_card
from flashcards.domain.records import LogKind, State
from flashcards.store import review_logs
from tests.base import TestCase
from tests.flashcards.given_cards import answer, give_many
from tests.flashcards.web.view_rules import HTMX

URL = "/review/undo/"


class UndoTests(TestCase):
    def setUp(self) -> None:
        self.first, self.second = give_many(self.alice, 2)
        self.log_in()

    def undo(self, *, htmx: bool = True, **values: Any) -> Any:
        data = {"undo_id": uuid.uuid4(), "done": 1, **values}
        return self.client.post(URL, data, headers=HTMX if htmx else {})

    def test_the_card_is_as_before_and_comes_again(self) -> None:
        answer(self.first, now=timezone.now())
        response = self.undo()
        stage = response.context["stage"]
        self.assertEqual((stage.card.id, stage.done), (self.first.id, 0))
        card = get_card(owner_id=self.alice.id, card_id=self.first.id)
        self.assertEqual((card.state, card.reps, card.due), (State.NEW, 0, self.first.due))

    def test_the_log_says_so(self) -> None:
        answer(self.first, now=timezone.now())
        self.undo()
        kinds = [log.kind for log in review_logs.for_owner(self.alice)]
        self.assertCountEqual(kinds, [LogKind.LEARN, LogKind.UNDO])

    def test_the_same_undo_twice_takes_one_review_back(self) -> None:
        answer(self.first, now=timezone.now())
        answer(self.second, now=timezone.now())
        undo_id = uuid.uuid4()
        for _ in range(2):
            self.undo(undo_id=undo_id)
        card = get_card(owner_id=self.alice.id, card_id=self.first.id)
        self.assertEqual(card.reps, 1)

    def test_after_an_undo_the_card_can_be_rated_again(self) -> None:
        answer(self.first, now=timezone.now())
        card = self.undo().context["stage"].card
        answer(card, now=timezone.now())
        self.assertEqual(self.client.get("/review/").context["stage"].card.id, self.second.id)

    def test_a_plain_form_is_answered_with_a_redirect(self) -> None:
        answer(self.first, now=timezone.now())
        self.assertRedirects(self.undo(htmx=False), "/review/", fetch_redirect_response=False)
        self.assertEqual(self.client.get("/review/").context["stage"].card.id, self.first.id)

    def test_nothing_to_undo_is_said_plainly(self) -> None:
        self.assertContains(self.undo(), "There is no review of the last day to take back.")
        self.undo(htmx=False)
        self.assertContains(
            self.client.get("/review/"), "There is no review of the last day to take back."
        )

    def test_another_learners_review_is_not_taken_back(self) -> None:
        answer(self.first, now=timezone.now())
        self.log_in(self.bob)
        self.undo()
        card = get_card(owner_id=self.alice.id, card_id=self.first.id)
        self.assertEqual(card.reps, 1)

    def test_without_an_id_it_still_works(self) -> None:
        answer(self.first, now=timezone.now())
        self.assertEqual(self.undo(undo_id="x").context["stage"].card.id, self.first.id)

    def test_it_takes_no_get(self) -> None:
        self.assertEqual(self.client.get(URL).status_code, 405)

    def test_it_sends_a_visitor_to_the_log_in_page(self) -> None:
        self.client.logout()
        self.assertRedirects(
            self.undo(), f"/accounts/login/?next={URL}", fetch_redirect_response=False
        )
