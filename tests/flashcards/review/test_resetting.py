"""A schedule begins anew when asked, as a row of the log, and that can be taken back."""

import dataclasses
import uuid
from datetime import timedelta
from typing import Any
from unittest import mock

from flashcards import scheduling, study_settings
from flashcards.cards.cards import get_card
from flashcards.domain.records import Flashcard, LogKind, Rating, ReviewLog, State
from flashcards.maintenance import check
from flashcards.review import resetting
from flashcards.review.ratings import undo_review
from flashcards.store import review_logs, view
from flashcards.store.maintenance import checkpoint
from tests.base import TestCase
from tests.factories import NOW, stored_card
from tests.flashcards.given_cards import answer


class ResetTests(TestCase):
    def setUp(self) -> None:
        self.card = answer(stored_card(self.alice), Rating.EASY, now=NOW)

    def reset(self) -> ReviewLog:
        later = NOW + timedelta(days=2)
        _, log = resetting.reset_schedule(owner_id=self.alice.pk, card_id=self.card.id, now=later)
        return log

    def now(self) -> Flashcard:
        return get_card(owner_id=self.alice.pk, card_id=self.card.id)

    def test_the_card_is_new_again_and_its_reviews_stay(self) -> None:
        self.reset()
        card = self.now()
        self.assertEqual((card.state, card.reps, card.stability), (State.NEW, 0, None))
        logs = review_logs.for_owner(self.alice).filter(flashcard_id=card.id)
        self.assertEqual([log.kind for log in logs], [LogKind.LEARN, LogKind.MANUAL])
        self.assertEqual(card.sequence, 2)

    def test_the_state_is_the_fold_of_the_log_before_and_after_a_checkpoint(self) -> None:
        self.reset()
        answer(self.now(), Rating.GOOD, now=NOW + timedelta(days=3))
        self.assertTrue(check.check().is_clean)
        checkpoint.run()
        self.assertTrue(check.check().is_clean)

    def test_taking_it_back_gives_the_schedule_as_it_was(self) -> None:
        log = self.reset()
        resetting.take_back(
            owner_id=self.alice.pk, card_id=self.card.id, log_id=log.id, now=NOW + timedelta(days=3)
        )
        card = self.now()
        self.assertEqual(
            (card.state, card.stability, card.due),
            (self.card.state, self.card.stability, self.card.due),
        )

    def test_it_is_taken_back_once(self) -> None:
        log = self.reset()
        given: dict[str, Any] = {
            "owner_id": self.alice.pk,
            "card_id": self.card.id,
            "log_id": log.id,
            "now": NOW,
        }
        resetting.take_back(**given)
        with self.assertRaises(resetting.NothingToTakeBack):
            resetting.take_back(**given)

    def test_it_is_not_taken_back_from_under_a_later_review(self) -> None:
        log = self.reset()
        answer(self.now(), Rating.GOOD, now=NOW + timedelta(days=3))
        with self.assertRaises(resetting.NothingToTakeBack):
            resetting.take_back(
                owner_id=self.alice.pk, card_id=self.card.id, log_id=log.id, now=NOW
            )

    def test_nobody_resets_the_card_of_another(self) -> None:
        with self.assertRaises(Flashcard.DoesNotExist):
            resetting.reset_schedule(owner_id=self.bob.pk, card_id=self.card.id, now=NOW)

    def test_undoing_a_review_passes_over_the_reset(self) -> None:
        self.reset()
        undo_review(owner_id=self.alice.pk, undo_id=uuid.uuid4(), now=NOW + timedelta(hours=1))
        self.assertEqual(self.now().state, State.NEW)
        self.assertEqual(view(self.alice.pk).recent_reviews(NOW - timedelta(days=9)), [])


class DueTests(TestCase):
    def test_a_day_set_by_hand_is_what_the_log_gives_and_can_be_taken_back(self) -> None:
        card = answer(stored_card(self.alice), Rating.EASY, now=NOW)
        due = NOW + timedelta(days=4, hours=3, microseconds=7)
        given = {"owner_id": self.alice.pk, "card_id": card.id}
        after, row = resetting.set_due(due=due, now=NOW, **given)
        self.assertLess(abs(after.due - due), timedelta(milliseconds=1))
        self.assertEqual(after.stability, card.stability)
        self.assertTrue(check.check().is_clean)
        back = resetting.take_back(log_id=row.id, now=NOW, **given)
        self.assertEqual(back.due, card.due)
        self.assertTrue(check.check().is_clean)

    def test_a_new_card_has_no_day_to_set(self) -> None:
        card = stored_card(self.alice)
        with self.assertRaises(resetting.NotReviewedYet):
            resetting.set_due(owner_id=self.alice.pk, card_id=card.id, due=NOW, now=NOW)


class SettingsTests(TestCase):
    def test_taking_back_folds_with_the_learners_own_parameters(self) -> None:
        card = answer(stored_card(self.alice), Rating.EASY, now=NOW)
        _, log = resetting.reset_schedule(
            owner_id=self.alice.pk, card_id=card.id, now=NOW + timedelta(days=1)
        )
        changed = (
            0.4,
            *scheduling.DEFAULT_PARAMETERS[1:3],
            20.0,
            *scheduling.DEFAULT_PARAMETERS[4:],
        )
        mine = dataclasses.replace(
            study_settings.settings_for(owner_id=self.alice.pk), parameters=changed
        )
        with mock.patch.object(study_settings, "settings_for", autospec=True, return_value=mine):
            back = resetting.take_back(
                owner_id=self.alice.pk, card_id=card.id, log_id=log.id, now=NOW + timedelta(days=2)
            )
        self.assertEqual(back.stability, 20.0)
