"""Other parameters are adopted: what it would do, that it is done in slices, and taken back."""

from datetime import timedelta
from unittest import mock

from flashcards import study_settings
from flashcards.cards import batch, bulk_actions, decks, folding, memories
from flashcards.cards.cards import create_cards, get_card
from flashcards.domain.records import Flashcard, LogKind, NewCard, Rating
from flashcards.maintenance import check
from flashcards.models import BulkChange, StudySettings
from flashcards.review import rescheduling
from flashcards.scheduling import DEFAULT_PARAMETERS
from flashcards.store import review_logs
from flashcards.study_settings import presets
from flashcards.tasks import fold_cards_of
from tests.base import TestCase
from tests.factories import NOW
from tests.flashcards.given_cards import answer

# Holds three times as long as average.
STRONG = tuple(each * 3 if n < 4 else each for n, each in enumerate(DEFAULT_PARAMETERS))
DAY = timedelta(days=1)
LATER = NOW + 5 * DAY


class AdoptingTests(TestCase):
    def setUp(self) -> None:
        values = {"fuzz": False}
        study_settings.save(owner_id=self.alice.pk, deck=None, values=values, now=NOW)
        self.deck = decks.create_deck(owner_id=self.alice.pk, name="French", now=NOW)
        self.preset = presets.create(owner_id=self.alice.pk, name="Languages", now=NOW).pk
        folding.choose_preset(
            owner_id=self.alice.pk, deck_ids=[self.deck.id], preset_id=self.preset, now=NOW
        )
        made = create_cards(
            owner_id=self.alice.pk,
            cards=[
                NewCard(question=f"q{n}", answer="a", deck_ids=(self.deck.id,) if n < 3 else ())
                for n in range(6)
            ],
            now=NOW,
        )
        self.before = [answer(card, Rating.EASY, now=NOW) for card in made[:5]]
        self.inside, self.outside = self.before[:3], self.before[3:]

    def adopt(self, preset_id: int | None = None) -> BulkChange:
        return rescheduling.adopt_parameters(
            owner_id=self.alice.pk, preset_id=preset_id, parameters=STRONG, now=LATER
        )

    def effect(self, preset_id: int | None = None) -> rescheduling.Effect:
        return rescheduling.effect_of_parameters(
            owner_id=self.alice.pk, preset_id=preset_id, parameters=STRONG, now=LATER + 4 * DAY
        )

    def card(self, card: Flashcard) -> Flashcard:
        return get_card(owner_id=self.alice.pk, card_id=card.id)

    def take_back(self, change: BulkChange) -> BulkChange:
        return rescheduling.take_back(
            owner_id=self.alice.pk, change_id=change.id, now=LATER + timedelta(hours=1)
        )

    def parameters(self) -> tuple[float, ...]:
        return study_settings.settings_for(owner_id=self.alice.pk).parameters

    def assert_sound(self) -> None:
        self.assertEqual(check.check().findings, [])

    def test_the_effect_says_before_what_is_done_then(self) -> None:
        effect = self.effect()
        # Presets without parameters of their own follow.
        self.assertEqual((effect.earlier, effect.later, effect.is_estimate), (0, 5, False))
        self.assertEqual((effect.due_now, effect.due_then), (5, 0))
        self.assertEqual(self.parameters(), ())
        self.assertEqual([self.card(each) for each in self.before], self.before)
        change = self.adopt()
        self.assertEqual((change.status, change.changed), ("done", 5))
        self.assertEqual(self.parameters(), STRONG)
        for before in self.before:
            after = self.card(before)
            self.assertAlmostEqual(after.stability or 0, 3 * (before.stability or 0))
            self.assertGreater(after.due, before.due)
        self.assert_sound()
        self.assertEqual(self.effect().count, 0)

    def test_a_preset_has_parameters_of_its_own(self) -> None:
        effect = self.effect(self.preset)
        self.assertEqual((effect.later, effect.due_then), (3, 2))
        change = self.adopt(self.preset)
        self.assertEqual((change.changed, self.parameters()), (3, ()))
        self.assertEqual([self.card(each) for each in self.outside], self.outside)
        self.assertNotIn(self.card(self.inside[0]), self.inside)
        self.assert_sound()
        # What holds for all cards does not touch them any more.
        everything = rescheduling.adopt_parameters(
            owner_id=self.alice.pk, preset_id=None, parameters=STRONG, now=LATER
        )
        self.assertEqual(everything.changed, 2)
        self.assert_sound()

    def test_with_many_cards_a_sample_stands_for_the_rest(self) -> None:
        with mock.patch.object(rescheduling, "FOLDED_MOST", 2):
            effect = self.effect()
        self.assertTrue(effect.is_estimate)
        self.assertEqual((effect.later, effect.due_then, effect.count), (5, 0, 5))

    def test_it_is_taken_back_with_parameters_memories_and_due_dates(self) -> None:
        change = self.adopt(self.preset)
        self.assertEqual(self.take_back(change).status, "undone")
        preset = StudySettings.objects.get(pk=self.preset)
        self.assertIsNone(preset.parameters)
        for before in self.before:
            after = self.card(before)
            self.assertEqual(
                (after.due, after.stability, after.memory_model),
                (before.due, before.stability, before.memory_model),
            )
        self.assert_sound()
        with self.assertRaises(bulk_actions.NothingToUndo):
            self.take_back(change)

    def test_a_card_that_was_reviewed_since_keeps_its_due_date(self) -> None:
        change = self.adopt()
        rated = answer(self.card(self.before[0]), Rating.GOOD, now=LATER)
        self.take_back(change)
        fold_cards_of(str(self.alice.pk))
        after = self.card(rated)
        self.assertEqual(after.due, rated.due)
        self.assertEqual((after.memory_model, memories.outdated(self.alice.pk)), ("fsrs-6", []))
        self.assert_sound()

    def test_parameters_that_were_changed_since_stay(self) -> None:
        change = self.adopt()
        other = (*STRONG[:20], 0.3)
        folding.set_parameters(owner_id=self.alice.pk, preset_id=None, parameters=other, now=LATER)
        self.take_back(change)
        self.assertEqual(self.parameters(), other)
        fold_cards_of(str(self.alice.pk))
        self.assert_sound()

    def test_a_worker_that_is_killed_goes_on_where_it_was(self) -> None:
        with mock.patch.object(bulk_actions, "AT_ONCE_CARDS", 0):
            change = self.adopt()
        self.assertEqual((change.status, len(memories.outdated(self.alice.pk))), ("working", 5))
        # The parameters hold already: who is rated meanwhile is folded first.
        rated = answer(self.card(self.before[4]), Rating.GOOD, now=LATER)
        self.assertEqual(rated.memory_model, memories.Keys(self.own()).of(()))
        with mock.patch.object(batch, "BATCH_CARDS", 2):
            bulk_actions.run(change_id=change.id, clock=lambda: LATER, seconds=0)
            self.assertEqual(len(memories.outdated(self.alice.pk)), 2)
            found = [f.kind for f in check.check().findings]
            self.assertEqual(found, ["memory_outdated"])
            bulk_actions.run(change_id=change.id, clock=lambda: LATER)
        change.refresh_from_db()
        self.assertEqual((change.status, change.changed), ("done", 4))
        self.assertEqual(self.card(rated), rated)
        self.assert_sound()

    def test_stopped_halfway_nothing_of_it_is_left(self) -> None:
        with mock.patch.object(bulk_actions, "AT_ONCE_CARDS", 0):
            change = self.adopt()
        with mock.patch.object(batch, "BATCH_CARDS", 2):
            bulk_actions.run(change_id=change.id, clock=lambda: LATER, seconds=0)
            self.take_back(change)
            fold_cards_of(str(self.alice.pk))
        self.assertEqual(self.parameters(), ())
        for before in self.before:
            self.assertEqual(
                (self.card(before).due, self.card(before).stability), (before.due, before.stability)
            )
        self.assert_sound()

    def test_with_nothing_reviewed_it_is_set_and_done(self) -> None:
        change = rescheduling.adopt_parameters(
            owner_id=self.bob.pk, preset_id=None, parameters=STRONG, now=NOW
        )
        self.assertEqual((change.status, change.total), ("done", 0))
        self.assertEqual(study_settings.settings_for(owner_id=self.bob.pk).parameters, STRONG)
        self.assertFalse(review_logs.for_owner(self.bob).exists())

    def test_what_the_model_does_not_take_and_anothers_preset_are_refused(self) -> None:
        with self.assertRaises(ValueError):
            rescheduling.adopt_parameters(
                owner_id=self.alice.pk, preset_id=None, parameters=(1.0,), now=NOW
            )
        with self.assertRaises(StudySettings.DoesNotExist):
            rescheduling.adopt_parameters(
                owner_id=self.bob.pk, preset_id=self.preset, parameters=STRONG, now=NOW
            )
        self.assertFalse(BulkChange.objects.exists())
        kinds = {log.kind for log in review_logs.for_owner(self.alice)}
        self.assertNotIn(LogKind.MANUAL, kinds)

    def own(self) -> study_settings.EffectiveSettings:
        return study_settings.settings_for(owner_id=self.alice.pk)
