"""POST /review/undo/: the last action is taken back."""

import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone

from flashcards.cards import notes
from flashcards.cards.cards import edit_card, get_card
from flashcards.domain.records import Flashcard, Kind, LogKind, NewCard, Rating, State
from flashcards.models import ReviewAction, ReviewSession
from flashcards.store import review_logs
from tests.base import TestCase
from tests.flashcards.given_cards import answer, give_cards, give_many
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


class DeedsTests(TestCase):
    """Everything that is done in review is taken back, the last first."""

    def setUp(self) -> None:
        self.cards = give_many(self.alice, 4)
        self.log_in()

    def send(self, path: str, **values: Any) -> Any:
        return self.client.post(path, values, headers=HTMX)

    def undo(self, **values: Any) -> Any:
        return self.send(URL, **{"undo_id": uuid.uuid4(), **values})

    def card(self, number: int) -> Flashcard:
        return get_card(owner_id=self.alice.id, card_id=self.cards[number].id)

    def edit(self, number: int, question: str, **values: Any) -> Any:
        card = self.card(number)
        data = {"kind": card.kind, "question": question, "answer": "x", "extra": "", **values}
        return self.client.post(f"/cards/{card.id}/edit/?next=/review/", data)

    def test_each_deed_is_taken_back_in_turn_and_named(self) -> None:
        ids = [card.id for card in self.cards]
        before = [self.card(number) for number in range(4)]
        answer(self.cards[0], now=timezone.now())
        self.send(f"/review/{ids[1]}/suspend/")
        self.send(f"/review/{ids[2]}/bury/")
        answer(self.cards[3], Rating.EASY, now=timezone.now())
        self.send(f"/review/{ids[2]}/leech/")
        self.edit(2, "Changed?")
        self.send(f"/review/{ids[2]}/leech/", off="1")
        for number, said in (
            (2, "Undone: unmark as a leech."),
            (2, "Undone: edit."),
            (2, "Undone: mark as a leech."),
            (3, "Undone: the rating Easy. Rate it again."),
            (2, "Undone: put off until tomorrow."),
            (1, "Undone: suspend."),
            (0, "Undone: the rating Good. Rate it again."),
        ):
            with self.subTest(said):
                response = self.undo()
                self.assertContains(response, said)
                self.assertContains(response, "data-toast")
                if "leech" not in said and "edit" not in said:
                    self.assertEqual(response.context["stage"].card.id, ids[number])
        self.assertContains(self.undo(), "There is no review of the last day to take back.")
        for number, card in enumerate(before):
            now = self.card(number)
            for name in ("question", "answer", "tags", "suspended", "buried_until", "state", "due"):
                self.assertEqual(getattr(now, name), getattr(card, name), (number, name))

    def test_the_same_undo_twice_takes_one_deed_back(self) -> None:
        for number in (0, 1):
            self.send(f"/review/{self.cards[number].id}/suspend/")
        undo_id = uuid.uuid4()
        for _ in range(2):
            response = self.undo(undo_id=undo_id)
            self.assertEqual(response.context["stage"].card.id, self.cards[1].id)
        self.assertEqual([self.card(n).suspended for n in (0, 1)], [True, False])

    def test_what_was_taken_back_elsewhere_is_passed_over(self) -> None:
        answer(self.cards[0], now=timezone.now())
        self.send(f"/review/{self.cards[1].id}/suspend/")
        self.edit(2, "Changed?")
        self.edit(2, "Changed elsewhere?")
        # As the toast's Undo does, and another edit.
        self.client.post(f"/cards/{self.cards[1].id}/resume/")
        edit_card(
            owner_id=self.alice.id, card_id=self.cards[2].id, question="Later?", answer="y",
            now=timezone.now(),
        )  # fmt: skip
        self.assertContains(self.undo(), "Undone: the rating Good.")
        self.assertEqual(self.card(2).question, "Later?")

    def test_an_edit_comes_back_whole(self) -> None:
        (gapped,) = give_cards(
            self.alice, NewCard(question="{{c1::a}} b", answer="", kind=Kind.CLOZE, tags=("old",))
        )
        reviewed = answer(gapped, Rating.EASY, now=timezone.now())
        self.client.post(
            f"/cards/{gapped.id}/edit/?next=/review/",
            {"kind": "cloze", "question": "{{c1::a}} {{c2::b}}", "answer": "", "extra": "more",
             "tags": "new", "decks": "D", "schedule": "reset"},
        )  # fmt: skip
        note = {"owner_id": self.alice.id, "note_id": gapped.note_id}
        self.assertEqual(len(notes.siblings(**note)), 2)
        self.assertContains(self.undo(), "Undone: edit.")
        (card,) = notes.siblings(**note)
        self.assertEqual((card.question, card.extra, card.tags), ("{{c1::a}} b", "", ("old",)))
        self.assertEqual(card.deck_ids, ())
        self.assertEqual((card.state, card.due), (State.REVIEW, reviewed.due))

    def test_in_practice_a_card_that_was_left_out_comes_back_to_the_list(self) -> None:
        ids = [card.id for card in self.cards]
        row = ReviewSession.objects.create(
            owner=self.alice, mode=ReviewSession.Mode.CRAM, scope="all", cards=ids, todo=ids
        )
        at = f"session:{row.id}"
        self.send(f"/review/{ids[0]}/suspend/", at=at)
        self.send(f"/review/{ids[1]}/rate/", at=at, review_id=uuid.uuid4(), sequence=0, rating=3)
        self.send(f"/review/{ids[2]}/bury/", at=at)
        for number, said in ((2, "put off"), (1, "the rating Good"), (0, "suspend")):
            response = self.undo(at=at)
            self.assertContains(response, f"Undone: {said}")
            self.assertEqual(response.context["stage"].card.id, ids[number])
        row.refresh_from_db()
        self.assertEqual((row.todo, row.answered), (ids, 0))

    def test_deeds_of_others_and_of_the_day_before_stay(self) -> None:
        self.send(f"/review/{self.cards[0].id}/suspend/")
        self.log_in(self.bob)
        self.undo()
        self.assertTrue(self.card(0).suspended)
        ReviewAction.objects.update(done_at=timezone.now() - timedelta(hours=25))
        self.log_in()
        self.undo()
        self.assertTrue(self.card(0).suspended)
        self.send(f"/review/{self.cards[1].id}/suspend/")
        self.assertEqual(ReviewAction.objects.count(), 1)
