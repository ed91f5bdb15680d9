"""Cramming: every card until it is known, and no schedule is touched."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from flashcards import study_settings
from flashcards.cards.cards import delete_card, get_card, set_suspended
from flashcards.domain.records import Flashcard, LogKind, NewCard, Rating
from flashcards.maintenance import check
from flashcards.models import ReviewSession
from flashcards.review import begin_session, scope
from flashcards.review import learner as reviewing
from flashcards.review.begin_session import Order
from flashcards.review.due import due_queue
from flashcards.review.statistics import statistics
from flashcards.search import search
from flashcards.store import cards, review_logs
from flashcards.store.maintenance import checkpoint
from tests.base import TestCase
from tests.flashcards.given_cards import answer, give_cards, give_many
from tests.flashcards.scheduling.test_replay import Learner
from tests.flashcards.web.view_rules import HTMX

HOUR = timedelta(hours=1)


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 60 * 24 * 30), st.booleans())))
def test_crammed_answers_never_change_a_fold(answers: list[tuple[int, int, bool]]) -> None:
    plain, learner = Learner(), Learner()
    for rating, minutes, is_cram in answers:
        if is_cram:
            learner.cram(rating)
        else:
            plain.rate(rating, minutes)
            learner.rate(rating, minutes)
        assert learner.fold() == learner.card
        assert _schedule(learner.card) == _schedule(plain.card)


def _schedule(card: Flashcard) -> tuple[object, ...]:
    return (card.state, card.step, card.stability, card.difficulty, card.due, card.last_review)


class CramTests(TestCase):
    def setUp(self) -> None:
        self.log_in()
        self.now = timezone.now()
        self.cards = give_many(self.alice, 6)

    def begin(self, **fields: Any) -> ReviewSession:
        data = {"scope": "all", "how": "cram", "order": "added", **fields}
        response = self.client.post("/study/", data)
        self.assertEqual(response.status_code, 302, response.content.decode()[:2_000])
        row_id = response.headers["Location"].strip("/").rpartition("/")[2]
        return ReviewSession.objects.get(id=row_id)

    def stage(self, row: ReviewSession) -> Any:
        return self.client.get(f"/study/{row.id}/").context["stage"]

    def rate(self, row: ReviewSession, rating: int, **fields: Any) -> Any:
        stage = fields.pop("stage", None) or self.stage(row)
        data = {
            "at": f"session:{row.id}",
            "review_id": stage.review_id,
            "sequence": stage.card.sequence,
            "rating": rating,
            "duration_ms": 3_000,
            **fields,
        }
        return self.client.post(f"/review/{stage.card.id}/rate/", data, headers=HTMX)

    def test_each_card_comes_once_and_the_schedule_stays(self) -> None:
        answer(self.cards[0], now=self.now - HOUR)
        before = [_schedule(card) for card in self.stored()]
        row = self.begin()
        seen = []
        while (stage := self.stage(row)).card:
            seen.append(stage.card.id)
            self.rate(row, 3, stage=stage)
        self.assertEqual(seen, [card.id for card in self.cards])
        self.assertEqual([_schedule(card) for card in self.stored()], before)
        row.refresh_from_db()
        self.assertIsNotNone(row.ended_at)
        self.assertContains(self.client.get(f"/study/{row.id}/"), "This was practice")

    def test_one_that_was_not_known_comes_back_after_four_others(self) -> None:
        row = self.begin()
        self.rate(row, 1)
        coming = []
        for _ in range(6):
            coming.append(self.stage(row).card.id)
            self.rate(row, 3)
        first, *others = [card.id for card in self.cards]
        self.assertEqual(coming, [*others[:4], first, *others[4:]])

    def test_the_log_calls_it_a_cram_and_the_next_position_is_the_next_review(self) -> None:
        row = self.begin()
        self.rate(row, 1)
        card = get_card(owner_id=self.alice.id, card_id=self.cards[0].id)
        (log,) = review_logs.for_owner(self.alice)
        self.assertEqual((log.kind, log.rating, log.sequence), (LogKind.CRAM, Rating.AGAIN, 0))
        self.assertEqual((card.sequence, card.reps), (1, 0))
        card = answer(card, now=timezone.now())
        self.assertEqual((card.sequence, card.reps), (2, 1))
        for step in ("pending", "stored"):
            self.assertTrue(check.check().is_clean, step)
            checkpoint.run_until_empty()

    def test_the_same_answer_again_changes_nothing(self) -> None:
        row = self.begin()
        stage = self.stage(row)
        for _ in range(2):
            self.rate(row, 1, stage=stage)
        row.refresh_from_db()
        self.assertEqual((row.answered, row.forgotten, row.left), (1, 1, 6))
        self.assertEqual(len(list(review_logs.for_owner(self.alice))), 1)

    def test_another_device_goes_on_where_this_one_is(self) -> None:
        row = self.begin()
        here = there = self.stage(row)
        self.rate(row, 3, stage=here)
        response = self.rate(row, 3, stage=there, review_id=uuid.uuid4())
        self.assertContains(response, "already answered")
        self.assertEqual(response.context["stage"].card.id, self.cards[1].id)

    def test_undo_brings_the_card_back_step_by_step(self) -> None:
        row = self.begin()
        self.rate(row, 1)
        self.rate(row, 3)
        for card in (self.cards[1], self.cards[0]):
            data = {"at": f"session:{row.id}", "undo_id": uuid.uuid4()}
            for _ in range(2):
                response = self.client.post("/review/undo/", data, headers=HTMX)
                self.assertEqual(response.context["stage"].card.id, card.id)
        row.refresh_from_db()
        self.assertEqual((row.answered, row.forgotten, row.left), (0, 0, 6))
        response = self.client.post("/review/undo/", {"at": f"session:{row.id}"}, headers=HTMX)
        self.assertContains(response, "no answer in this session to take back")
        self.assertTrue(check.check().is_clean)

    def test_an_undo_in_the_ordinary_review_leaves_a_cram_alone(self) -> None:
        reviewed = answer(self.cards[5], now=timezone.now())
        self.rate(self.begin(), 1)
        response = self.client.post("/review/undo/", {}, headers=HTMX)
        self.assertEqual(response.context["stage"].card.id, reviewed.id)

    def test_it_counts_for_nothing(self) -> None:
        row = self.begin()
        for _ in range(3):
            self.rate(row, 1)
        now = timezone.now()
        for step in ("pending", "stored"):
            with self.subTest(step):
                learner = reviewing.Learner.read(self.alice.id)
                self.assertEqual(scope.forgotten_today(learner, now), set())
                found = statistics(
                    owner_id=self.alice.id,
                    since=now - HOUR,
                    until=now + HOUR,
                    zone=learner.settings.day.zone,
                )
                self.assertEqual(found.reviews, 0)
                self.assertEqual(self.found("rated:1", now), 0)
                queue = due_queue(owner_id=self.alice.id, now=now)
                self.assertEqual(queue.new, 6)
            checkpoint.run_until_empty()

    def test_putting_off_and_suspending_take_a_card_out_of_it(self) -> None:
        row = self.begin()
        for verb in ("bury", "suspend"):
            card = self.stage(row).card
            data = {"at": f"session:{row.id}"}
            response = self.client.post(f"/review/{card.id}/{verb}/", data, headers=HTMX)
            self.assertNotEqual(response.context["stage"].card.id, card.id)
        row.refresh_from_db()
        self.assertEqual(row.left, 4)

    def test_suspended_and_deleted_cards_do_not_come(self) -> None:
        suspend, delete = self.cards[:2]
        set_suspended(owner_id=self.alice.id, card_id=suspend.id, suspended=True)
        row = self.begin()
        self.assertNotIn(suspend.id, row.todo)
        delete_card(owner_id=self.alice.id, card_id=delete.id, now=timezone.now())
        self.assertEqual(self.stage(row).card.id, self.cards[2].id)

    def test_the_hardest_come_first_if_asked_to(self) -> None:
        easy, hard = self.cards[:2]
        answer(easy, Rating.EASY, now=self.now - HOUR)
        answer(hard, Rating.AGAIN, now=self.now - HOUR)
        ids = [card.id for card in self.cards]
        found = begin_session.ordered(self.alice.id, ids, Order.HARDEST)
        self.assertEqual(found, [hard.id, easy.id, *ids[2:]])
        self.assertCountEqual(begin_session.ordered(self.alice.id, ids, Order.RANDOM), ids)

    def test_a_search_says_which_cards(self) -> None:
        give_cards(self.alice, NewCard(question="What is a quokka?", answer="A wallaby"))
        row = self.begin(search="quokka")
        self.assertEqual((row.left, row.name), (1, "“quokka”"))

    def test_what_was_forgotten_today_is_a_choice(self) -> None:
        forgotten, known = self.cards[:2]
        answer(forgotten, Rating.AGAIN, now=self.now)
        answer(known, Rating.GOOD, now=self.now)
        self.assertContains(self.client.get("/study/"), "Forgotten today")
        row = self.begin(scope="forgotten")
        self.assertEqual(row.todo, [forgotten.id])

    def test_nothing_to_study_is_said(self) -> None:
        response = self.client.post("/study/", {"scope": "forgotten", "how": "cram"})
        self.assertContains(response, "There is no card to study", status_code=422)

    def test_it_is_offered_until_it_is_left(self) -> None:
        row = self.begin()
        self.assertContains(self.client.get("/study/"), f"/study/{row.id}/")
        self.client.post(f"/study/{row.id}/end/")
        self.assertNotContains(self.client.get("/study/"), f"/study/{row.id}/")

    def test_another_learners_session_is_not_there(self) -> None:
        row = self.begin()
        stage = self.stage(row)
        self.log_in(self.bob)
        (own,) = give_cards(self.bob)
        self.assertEqual(self.client.get(f"/study/{row.id}/").status_code, 404)
        for card_id in (stage.card.id, own.id):
            data = {
                "at": f"session:{row.id}", "review_id": uuid.uuid4(), "sequence": 0, "rating": 1,
            }  # fmt: skip
            response = self.client.post(f"/review/{card_id}/rate/", data, headers=HTMX)
            self.assertEqual(response.status_code, 404)
        row.refresh_from_db()
        self.assertEqual((row.answered, row.left), (0, 6))

    def stored(self) -> list[Flashcard]:
        return list(cards.for_owner(self.alice).order_by("created_at"))

    def found(self, text: str, now: datetime) -> int:
        zone = study_settings.settings_for(owner_id=self.alice.id).day.zone
        return len(search.find(owner_id=self.alice.id, text=text, now=now, zone=zone))
