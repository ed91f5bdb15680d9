"""State = fold(log) with the parameters that govern a card, wherever it goes."""

import contextlib
import uuid
from datetime import timedelta
from typing import Any
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import User
from flashcards import scheduling, study_settings
from flashcards.cards import bulk_actions, decks, folding, jobs, memories
from flashcards.cards.card_actions import Verb
from flashcards.cards.cards import create_cards, delete_card, get_card, restore_card
from flashcards.domain.records import Flashcard, NewCard, Rating
from flashcards.maintenance import check
from flashcards.models import BulkChange, Deck
from flashcards.review import button_effects, rescheduling
from flashcards.review.learner import Learner
from flashcards.review.ratings import NothingToUndo, review_card, undo_review
from flashcards.scheduling import DEFAULT_PARAMETERS, ScheduleSettings
from flashcards.store import cards, review_logs
from flashcards.store.maintenance import checkpoint
from flashcards.study_settings import presets
from tests.base import PASSWORD, HypothesisTestCase, TestCase
from tests.factories import NOW
from tests.flashcards.given_cards import answer

STRONG = tuple(each * 1.3 if n < 4 else each for n, each in enumerate(DEFAULT_PARAMETERS))
WEAK = (*(each * 0.7 for each in DEFAULT_PARAMETERS[:4]), *DEFAULT_PARAMETERS[4:20], 0.3)
DAY = timedelta(days=1)
SCHEDULES = [ScheduleSettings(parameters=each) for each in ((), STRONG, WEAK)]
BY_KEY = {each.model.key: each for each in SCHEDULES}
STEPS = st.one_of(
    st.tuples(st.just("rate"), st.integers(0, 2), st.sampled_from(Rating), st.integers(-3, 9)),
    st.tuples(st.just("undo")),
    st.tuples(st.just("move"), st.integers(0, 2), st.sets(st.integers(0, 2))),
    st.tuples(st.just("choose"), st.integers(0, 2), st.integers(0, 2)),
    st.tuples(st.just("parameters"), st.integers(0, 2), st.sampled_from([(), STRONG, WEAK])),
    st.tuples(st.just("adopt"), st.integers(0, 2), st.sampled_from([(), STRONG, WEAK])),
    st.tuples(st.just("take_back")),
    st.tuples(st.just("rename"), st.sampled_from(["A::B", "B", "C"])),
    st.tuples(st.just("delete")),
    st.tuples(st.just("trash"), st.integers(0, 2)),
    st.tuples(st.just("checkpoint")),
    st.tuples(st.just("work")),
)


class PropertyTests(HypothesisTestCase):
    """Decks A, A::B and C, presets, and three cards: whatever is done, the store is sound."""

    @given(st.lists(STEPS, min_size=4, max_size=14))
    @settings(max_examples=30, deadline=None)
    def test_whatever_is_done_every_card_is_the_fold_of_its_log(
        self, steps: list[tuple[object, ...]]
    ) -> None:
        self.alice = User.objects.create_user("alice@example.org", PASSWORD)
        self.owner: Any = {"owner_id": self.alice.pk}
        self.now = NOW
        self.decks = [decks.create_deck(**self.owner, name=n, now=NOW) for n in ("A", "A::B", "C")]
        self.presets = [presets.create(**self.owner, name=n, now=NOW).pk for n in ("p", "q")]
        self.cards = create_cards(
            **self.owner, cards=[NewCard(question=f"q{n}", answer="a") for n in range(3)], now=NOW
        )
        self.adopted: BulkChange | None = None
        for name, *arguments in steps:
            self.now += timedelta(hours=1)
            getattr(self, f"_{name}")(*arguments)
            for card in cards.for_owner(self.alice).with_deleted():
                # At every moment of the parameters that it names.
                self.assertEqual(self.fold(card, BY_KEY[card.memory_model]), card)
        folding.fold_outdated(**self.owner)
        self.assertEqual(memories.outdated(self.alice.pk), [])
        own = study_settings.settings_for(**self.owner)
        for card in cards.for_owner(self.alice).with_deleted():
            self.assertEqual(self.fold(card, study_settings.for_card(own, card).schedule), card)
        found = [f for f in check.check().findings if not f.kind.startswith("index")]
        self.assertEqual(found, [])

    def fold(self, card: Flashcard, schedule: ScheduleSettings) -> Flashcard:
        logs = review_logs.for_owner(self.alice).filter(flashcard_id=card.id)
        return scheduling.fold(card, logs, settings=schedule)

    def _rate(self, n: int, rating: Rating, days: int) -> None:
        self.now += max(days, 0) * DAY
        card = self._card(n)
        if card.deleted_at is None:
            # A negative number of days: a review that comes late.
            review_card(
                **self.owner,
                card_id=card.id,
                review_id=uuid.uuid4(),
                sequence=card.sequence,
                rating=rating,
                now=self.now + min(days, 0) * DAY,
            )

    def _undo(self) -> None:
        with contextlib.suppress(NothingToUndo, Flashcard.DoesNotExist):
            undo_review(**self.owner, undo_id=uuid.uuid4(), now=self.now)

    def _move(self, n: int, into: set[int]) -> None:
        own = set(Deck.objects.filter(owner=self.alice).values_list("id", flat=True))
        ids = [self.decks[i].id for i in into if self.decks[i].id in own]
        if self._card(n).deleted_at is None:
            decks.set_decks(**self.owner, card_id=self.cards[n].id, deck_ids=ids)

    def _choose(self, n: int, preset: int) -> None:
        preset_id = [*self.presets, None][preset]
        folding.choose_preset(
            **self.owner, deck_ids=[self.decks[n].id], preset_id=preset_id, now=self.now
        )

    def _parameters(self, preset: int, parameters: tuple[float, ...]) -> None:
        folding.set_parameters(
            **self.owner,
            preset_id=[*self.presets, None][preset],
            parameters=parameters,
            now=self.now,
        )

    def _adopt(self, preset: int, parameters: tuple[float, ...]) -> None:
        preset_id = [*self.presets, None][preset]
        with mock.patch.object(bulk_actions, "AT_ONCE_CARDS", preset):
            self.adopted = rescheduling.adopt_parameters(
                **self.owner, preset_id=preset_id, parameters=parameters, now=self.now
            )

    def _take_back(self) -> None:
        if self.adopted is not None:
            rescheduling.take_back(**self.owner, change_id=self.adopted.id, now=self.now)
            self.adopted = None

    def _rename(self, name: str) -> None:
        deck = Deck.objects.filter(owner=self.alice, id=self.decks[1].id).first()
        others = Deck.objects.filter(owner=self.alice).exclude(id=self.decks[1].id)
        if deck is not None and others.named(name) is None:
            decks.rename_deck(**self.owner, deck=deck, name=name)

    def _delete(self) -> None:
        deck = Deck.objects.filter(owner=self.alice, id=self.decks[1].id).first()
        if deck is not None:
            removed = decks.delete_deck(**self.owner, deck=deck, now=self.now)
            if self.now.hour % 2:
                decks.restore_decks(**self.owner, removed=removed)

    def _trash(self, n: int) -> None:
        card = self._card(n)
        if card.deleted_at is None:
            delete_card(**self.owner, card_id=card.id, now=self.now)
        else:
            restore_card(**self.owner, card_id=card.id)

    def _card(self, n: int) -> Flashcard:
        return get_card(**self.owner, card_id=self.cards[n].id, include_deleted=True)

    def _checkpoint(self) -> None:
        checkpoint.run()

    def _work(self) -> None:
        for change in BulkChange.objects.filter(owner=self.alice):
            bulk_actions.run(change_id=change.id, clock=lambda: self.now)
        folding.fold_outdated(**self.owner)


class FoldingTests(TestCase):
    def setUp(self) -> None:
        self.owner: Any = {"owner_id": self.alice.pk}
        self.deck = decks.create_deck(**self.owner, name="French", now=NOW)
        self.preset = presets.create(**self.owner, name="Languages", now=NOW)
        folding.choose_preset(
            **self.owner, deck_ids=[self.deck.id], preset_id=self.preset.pk, now=NOW
        )
        folding.set_parameters(**self.owner, preset_id=self.preset.pk, parameters=STRONG, now=NOW)
        inside = NewCard(question="pain", answer="bread", deck_ids=(self.deck.id,))
        outside = NewCard(question="1066", answer="Hastings")
        self.inside, self.outside = (
            answer(card, Rating.EASY, now=NOW)
            for card in create_cards(**self.owner, cards=[inside, outside], now=NOW)
        )

    def card(self, card: Flashcard) -> Flashcard:
        return get_card(**self.owner, card_id=card.id)

    def test_a_card_is_rated_by_the_parameters_of_its_decks_preset(self) -> None:
        strong = STRONG[Rating.EASY - 1]
        self.assertAlmostEqual(self.inside.stability or 0, strong)
        self.assertAlmostEqual(self.outside.stability or 0, DEFAULT_PARAMETERS[Rating.EASY - 1])
        self.assertNotEqual(self.inside.memory_model, self.outside.memory_model)
        self.assertTrue(check.check().is_clean)

    def test_a_card_that_is_moved_has_the_memory_of_its_new_preset_at_once(self) -> None:
        moved = decks.set_decks(**self.owner, card_id=self.outside.id, deck_ids=[self.deck.id])
        self.assertEqual(
            (moved.stability, moved.memory_model), (self.inside.stability, self.inside.memory_model)
        )
        self.assertEqual(moved.due, self.outside.due)
        self.assertEqual(check.check().findings, [])
        back = decks.set_decks(**self.owner, card_id=self.outside.id, deck_ids=[])
        self.assertEqual(back, self.outside)

    def test_of_many_that_are_moved_each_is_folded_when_it_is_rated(self) -> None:
        with mock.patch.object(memories, "FOLDED_AT_ONCE", 0):
            bulk_actions.start(
                **self.owner,
                verb=Verb.PUT_IN,
                argument={"deck": str(self.deck.id)},
                card_ids=[self.outside.id],
                clock=lambda: NOW,
            )
        moved = self.card(self.outside)
        self.assertEqual(moved.memory_model, "fsrs-6")
        (finding,) = check.check().findings
        self.assertEqual(finding.kind, "memory_outdated")
        later = NOW + 30 * DAY
        learner = Learner.read(self.alice.pk)
        shown = learner.preview(moved, later)
        effects = button_effects.effects_of(learner, moved, later)
        self.assertEqual({each.rating: each.interval for each in effects}, shown)
        rated = answer(moved, Rating.GOOD, now=later)
        self.assertEqual(rated.due - later, shown[Rating.GOOD])
        self.assertEqual(rated.memory_model, self.inside.memory_model)
        self.assertEqual(check.check().findings, [])

    def test_what_the_worker_left_is_found_again(self) -> None:
        folding.choose_preset(**self.owner, deck_ids=[self.deck.id], preset_id=None, now=NOW)
        self.assertEqual(memories.outdated(self.alice.pk), [self.inside.id])
        self.assertFalse(folding.fold_outdated(**self.owner))
        self.assertEqual(memories.outdated(self.alice.pk), [])
        self.assertEqual(self.card(self.inside).stability, self.card(self.outside).stability)
        self.assertEqual(check.check().findings, [])

    def test_a_deck_that_goes_or_comes_inside_one_with_a_preset_has_its_cards_folded(self) -> None:
        verbs = decks.create_deck(**self.owner, name="French::Verbs", now=NOW)
        decks.set_decks(**self.owner, card_id=self.outside.id, deck_ids=[verbs.id])
        with mock.patch.object(jobs, "request_folding") as asked:
            removed = decks.delete_deck(**self.owner, deck=verbs, now=NOW)
            self.assertEqual(memories.outdated(self.alice.pk), [self.outside.id])
            asked.assert_called_once_with(self.alice.pk)
            folding.fold_outdated(**self.owner)
            decks.restore_decks(**self.owner, removed=removed)
            self.assertEqual(memories.outdated(self.alice.pk), [self.outside.id])
            self.assertEqual(asked.call_count, 2)

    def test_a_smart_deck_governs_nothing(self) -> None:
        smart = decks.create_deck(**self.owner, name="All", search="1066", now=NOW)
        folding.choose_preset(**self.owner, deck_ids=[smart.id], preset_id=self.preset.pk, now=NOW)
        self.assertIsNone(Deck.objects.get(id=smart.id).preset)
        self.assertEqual(memories.outdated(self.alice.pk), [])

    def test_nobody_elses_preset_or_deck_is_chosen(self) -> None:
        theirs = presets.create(owner_id=self.bob.pk, name="Theirs", now=NOW)
        with self.assertRaises(type(theirs).DoesNotExist):
            folding.choose_preset(
                **self.owner, deck_ids=[self.deck.id], preset_id=theirs.pk, now=NOW
            )
        folding.choose_preset(
            owner_id=self.bob.pk, deck_ids=[self.deck.id], preset_id=theirs.pk, now=NOW
        )
        self.assertEqual(Deck.objects.get(id=self.deck.id).preset_id, self.preset.pk)
