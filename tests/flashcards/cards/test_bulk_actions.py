"""Changing many cards at once, and undoing it."""

import dataclasses
import uuid
from datetime import timedelta
from typing import Any
from unittest import mock

from flashcards import scheduling
from flashcards.cards import batch, bulk_actions, history
from flashcards.cards.card_actions import Verb
from flashcards.domain.records import Flashcard, Rating, State
from flashcards.models import BulkChange, BulkPart
from flashcards.store import cards, review_logs
from tests.base import TestCase
from tests.factories import NOW, stored_card
from tests.flashcards.given_cards import answer

DECK = str(uuid.uuid4())
LATER = (NOW + timedelta(days=3)).isoformat()
# Every verb: what it needs, and what it makes of a plain card.
VERBS: dict[Verb, tuple[dict[str, Any], dict[str, Any]]] = {
    Verb.TAG: ({"tag": "new"}, {"tags": ("old", "new")}),
    Verb.UNTAG: ({"tag": "OLD"}, {"tags": ()}),
    Verb.PUT_IN: ({"deck": DECK}, {"deck_ids": (uuid.UUID(DECK),)}),
    Verb.SUSPEND: ({}, {"suspended": True}),
    Verb.BURY: ({"until": LATER}, {"buried_until": NOW + timedelta(days=3)}),
    Verb.FLAG: ({"flag": 3}, {"flag": 3}),
    Verb.DELETE: ({}, {"deleted_at": NOW}),
    Verb.SET_DUE: ({"due": LATER}, {"due": NOW + timedelta(days=3)}),
    Verb.RESET: ({}, {"state": State.NEW, "reps": 0, "stability": None}),
}


class _BulkTestCase(TestCase):
    def change(self, verb: Verb, *cards: Flashcard, **argument: Any) -> BulkChange:
        return bulk_actions.start(
            owner_id=self.alice.id,
            verb=verb,
            argument=argument,
            card_ids=[card.id for card in cards],
            clock=lambda: NOW,
        )

    def undo(self, change: BulkChange) -> BulkChange:
        return bulk_actions.undo(owner_id=self.alice.id, change_id=change.id, clock=lambda: NOW)

    def now(self, card: Flashcard) -> Flashcard:
        return cards.for_owner(card.owner_id).with_deleted().get(id=card.id)


class BulkTests(_BulkTestCase):
    def reviewed_card(self, **fields: Any) -> Flashcard:
        card = stored_card(self.alice, tags=("old",), **fields)
        return answer(card, Rating.EASY, now=NOW - timedelta(days=2))

    def assert_state_is_the_fold_of_the_log(self, card: Flashcard) -> None:
        logs = review_logs.for_owner(card.owner_id).filter(flashcard_id=card.id)
        self.assertEqual(scheduling.fold(card, logs), card)

    def test_each_verb_does_what_it_says_and_is_undone(self) -> None:
        for verb, (argument, expected) in VERBS.items():
            with self.subTest(verb):
                before = self.reviewed_card()
                change = self.change(verb, before, **argument)
                after = self.now(before)
                self.assertEqual({name: getattr(after, name) for name in expected}, expected)
                self.assertEqual((change.status, change.changed), ("done", 1))
                self.assert_state_is_the_fold_of_the_log(after)
                self.assertEqual(self.undo(change).status, "undone")
                back = self.now(before)
                self.assert_state_is_the_fold_of_the_log(back)
                # The log of a schedule keeps that it was changed, and changed back.
                sequence = before.sequence + (2 if verb in {Verb.RESET, Verb.SET_DUE} else 0)
                self.assertEqual(back, dataclasses.replace(before, sequence=sequence))

    def test_what_takes_something_away_is_undone_too(self) -> None:
        for verb, argument, fields in (
            (Verb.TAKE_OUT, {"deck": DECK}, {"deck_ids": (uuid.UUID(DECK),)}),
            (Verb.RESUME, {}, {"suspended": True}),
            (Verb.UNBURY, {}, {"buried_until": NOW + timedelta(days=1)}),
        ):
            with self.subTest(verb):
                card = stored_card(self.alice, **fields)
                change = self.change(verb, card, **argument)
                self.assertNotEqual(self.now(card), card)
                self.undo(change)
                self.assertEqual(self.now(card), card)

    def test_undoing_a_reset_leaves_alone_a_card_that_was_reviewed_since(self) -> None:
        card = self.reviewed_card()
        change = self.change(Verb.RESET, card)
        reviewed = answer(self.now(card), Rating.GOOD, now=NOW + timedelta(minutes=5))
        self.assertEqual(reviewed.state, State.LEARNING)
        self.undo(change)
        after = self.now(card)
        self.assertEqual(after, reviewed)
        self.assert_state_is_the_fold_of_the_log(after)

    def test_an_undo_leaves_alone_what_was_changed_since(self) -> None:
        card = stored_card(self.alice, tags=("a",))
        change = self.change(Verb.TAG, card, tag="b")
        self.change(Verb.TAG, card, tag="c")
        self.undo(change)
        self.assertEqual(self.now(card).tags, ("a", "c"))

    def test_only_cards_that_had_not_the_tag_lose_it_again(self) -> None:
        with_it, without = stored_card(self.alice, tags=("t",)), stored_card(self.alice)
        change = self.change(Verb.TAG, with_it, without, tag="t")
        self.assertEqual((change.total, change.changed), (2, 1))
        self.undo(change)
        self.assertEqual((self.now(with_it).tags, self.now(without).tags), (("t",), ()))

    def test_removing_a_tag_removes_those_below_it(self) -> None:
        card = stored_card(self.alice, tags=("bio", "Bio::cells", "biology"))
        self.change(Verb.UNTAG, card, tag="bio")
        self.assertEqual(self.now(card).tags, ("biology",))

    def test_another_learners_card_is_passed_over(self) -> None:
        theirs = stored_card(self.bob)
        change = self.change(Verb.SUSPEND, theirs)
        self.assertEqual((change.changed, self.now(theirs).suspended), (0, False))

    def test_another_learner_cannot_undo_it(self) -> None:
        change = self.change(Verb.SUSPEND, stored_card(self.alice))
        with self.assertRaises(bulk_actions.NothingToUndo):
            bulk_actions.undo(owner_id=self.bob.id, change_id=change.id, clock=lambda: NOW)

    def test_it_is_undone_once(self) -> None:
        change = self.change(Verb.SUSPEND, stored_card(self.alice))
        self.undo(change)
        with self.assertRaises(bulk_actions.NothingToUndo):
            self.undo(change)

    def test_nothing_selected_is_told(self) -> None:
        with self.assertRaises(bulk_actions.NothingSelected):
            self.change(Verb.SUSPEND)

    def test_new_tags_are_an_edit_that_the_card_keeps_the_history_of(self) -> None:
        card = stored_card(self.alice)
        self.change(Verb.TAG, card, tag="b")
        self.assertEqual(len(history.edits_of(owner_id=self.alice.id, card_id=card.id)), 1)


@mock.patch.object(batch, "BATCH_CARDS", 2)
@mock.patch.object(bulk_actions, "AT_ONCE_CARDS", 3)
class InTheBackgroundTests(_BulkTestCase):
    def test_many_cards_wait_for_the_worker_and_are_changed_batch_by_batch(self) -> None:
        cards = [stored_card(self.alice) for _ in range(5)]
        change = self.change(Verb.SUSPEND, *cards)
        self.assertEqual((change.status, change.done), ("working", 0))
        self.assertEqual(bulk_actions.under_way(owner_id=self.alice.id), change)
        bulk_actions.run(change_id=change.id, clock=lambda: NOW)
        change.refresh_from_db()
        self.assertEqual((change.status, change.done, change.changed), ("done", 5, 5))
        self.assertEqual(BulkPart.objects.filter(change=change).count(), 3)
        self.assertTrue(all(self.now(card).suspended for card in cards))
        self.assertIsNone(bulk_actions.under_way(owner_id=self.alice.id))

    def test_undo_stops_it_and_takes_back_what_was_done(self) -> None:
        cards = [stored_card(self.alice) for _ in range(5)]
        change = self.change(Verb.SUSPEND, *cards)
        bulk_actions._change_next(change.id, self.alice.id, NOW)
        self.assertEqual([self.now(card).suspended for card in cards].count(True), 2)
        self.undo(change)
        bulk_actions.run(change_id=change.id, clock=lambda: NOW)
        change.refresh_from_db()
        self.assertEqual((change.status, change.done, change.changed), ("undone", 0, 0))
        self.assertFalse(any(self.now(card).suspended for card in cards))
