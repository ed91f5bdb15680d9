"""New parameters and settings for cards that have their day already."""

from datetime import timedelta

from flashcards import study_settings
from flashcards.cards import bulk_actions
from flashcards.cards.card_actions import Verb
from flashcards.cards.cards import get_card
from flashcards.domain.records import LogKind, Rating
from flashcards.maintenance import check
from flashcards.review import rescheduling
from flashcards.scheduling import DEFAULT_PARAMETERS
from flashcards.store import review_logs
from flashcards.store.maintenance import checkpoint
from tests.base import TestCase
from tests.factories import NOW, stored_card
from tests.flashcards.given_cards import answer

FITTED = tuple(p * 1.1 if number < 4 else p for number, p in enumerate(DEFAULT_PARAMETERS))


class ReschedulingTests(TestCase):
    def setUp(self) -> None:
        self.cards = [stored_card(self.alice) for _ in range(3)]
        for card, rating in zip(self.cards, (Rating.EASY, Rating.EASY, Rating.AGAIN), strict=True):
            answer(card, rating, now=NOW)
        stored_card(self.alice)
        self.bobs = answer(stored_card(self.bob), Rating.EASY, now=NOW)

    def days(self) -> list[int]:
        found = [get_card(owner_id=self.alice.pk, card_id=c.id) for c in self.cards]
        return [(card.due - NOW).days for card in found]

    def reschedule(self) -> int:
        return bulk_actions.start(
            owner_id=self.alice.pk,
            verb=Verb.RESCHEDULE,
            argument={},
            card_ids=[card.id for card in self.cards],
            clock=lambda: NOW,
        ).changed

    def test_new_parameters_fold_every_reviewed_card_and_the_store_stays_sound(self) -> None:
        before = get_card(owner_id=self.alice.pk, card_id=self.cards[0].id)
        done = rescheduling.adopt_parameters(
            owner_id=self.alice.pk, preset_id=None, parameters=FITTED, now=NOW + timedelta(days=1)
        )
        after = get_card(owner_id=self.alice.pk, card_id=self.cards[0].id)
        self.assertEqual((done.changed, after.state), (3, before.state))
        self.assertAlmostEqual(after.stability or 0, 1.1 * (before.stability or 0))
        for _ in range(2):
            self.assertTrue(check.check().is_clean)
            checkpoint.run()
        answer(after, Rating.GOOD, now=after.due)
        self.assertTrue(check.check().is_clean)
        rescheduling.adopt_parameters(
            owner_id=self.alice.pk, preset_id=None, parameters=None, now=after.due
        )
        self.assertTrue(check.check().is_clean)

    def test_nobody_elses_cards_move(self) -> None:
        rescheduling.adopt_parameters(
            owner_id=self.alice.pk, preset_id=None, parameters=FITTED, now=NOW
        )
        found = get_card(owner_id=self.bob.pk, card_id=self.bobs.id)
        self.assertEqual(found, self.bobs)

    def test_a_new_retention_may_be_applied_to_cards_that_have_their_day(self) -> None:
        before = self.days()
        values = {"desired_retention": 0.95, "fuzz": False}
        study_settings.save(owner_id=self.alice.pk, deck=None, values=values, now=NOW)
        self.assertEqual(self.days(), before)
        self.assertEqual(self.reschedule(), 2)
        after = self.days()
        self.assertLess(after[0], before[0])
        self.assertEqual(after[2], before[2])
        kinds = [log.kind for log in review_logs.for_owner(self.alice)]
        self.assertEqual(kinds.count(LogKind.MANUAL), 2)
        self.assertEqual(self.reschedule(), 0)
        self.assertTrue(check.check().is_clean)

    def test_parameters_are_not_saved_without_folding(self) -> None:
        with self.assertRaisesMessage(ValueError, "no such setting"):
            study_settings.save(
                owner_id=self.alice.pk, deck=None, values={"parameters": list(FITTED)}, now=NOW
            )
