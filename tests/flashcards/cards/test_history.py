"""Edits leave their history; what was before one can be brought back, by its owner alone."""

from datetime import timedelta
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model

from flashcards.cards import history
from flashcards.cards import revert as reverting
from flashcards.cards.cards import edit_card, get_card, set_tags
from flashcards.cards.change import change_card
from flashcards.cards.history import Piece
from flashcards.domain.records import Flashcard
from flashcards.models import CardEdit
from tests.base import TestCase
from tests.factories import NOW, stored_card

LATER = NOW + timedelta(minutes=1)
LATEST = LATER + timedelta(minutes=1)


class HistoryTestCase(TestCase):
    def setUp(self) -> None:
        self.card = stored_card(self.alice, question="Capital of Spain?", answer="Barcelona")

    def edit(self, **words: Any) -> Flashcard:
        given = {"question": self.card.question, "answer": self.card.answer, **words}
        return edit_card(owner_id=self.alice.pk, card_id=self.card.id, now=LATER, **given)

    def edits(self) -> list[history.PastEdit]:
        return history.edits_of(owner_id=self.alice.pk, card_id=self.card.id)

    def now(self) -> Flashcard:
        return get_card(owner_id=self.alice.pk, card_id=self.card.id)

    def revert(self) -> list[Flashcard]:
        edit = self.edits()[0].edit
        return reverting.revert(
            owner_id=self.alice.pk, card_id=self.card.id, edit_id=edit.id, now=LATEST
        )


class RecordTests(HistoryTestCase):
    def test_an_edit_says_what_it_changed_word_by_word(self) -> None:
        self.edit(answer="Madrid")
        (past,) = self.edits()
        (changed,) = past.changed
        self.assertEqual(changed.name, "Answer")
        self.assertEqual(changed.pieces, [Piece("gone", "Barcelona"), Piece("new", "Madrid")])

    def test_an_edit_that_changes_nothing_leaves_no_trace(self) -> None:
        self.edit()
        self.assertEqual(self.edits(), [])

    def test_tags_are_part_of_it(self) -> None:
        set_tags(owner_id=self.alice.pk, card_id=self.card.id, tags=["geography"], now=LATER)
        (past,) = self.edits()
        self.assertEqual(past.changed[0].pieces, [Piece("new", "geography")])

    def test_siblings_changed_together_are_counted(self) -> None:
        sibling = stored_card(self.alice, note_id=self.card.note_id)
        after = [
            reverting.with_words(card, {**history.content(card), "extra": "both"}, LATER)
            for card in (self.card, sibling)
        ]
        history.record(owner_id=self.alice.pk, before=[self.card, sibling], after=after, now=LATER)
        self.assertEqual(self.edits()[0].siblings, 1)

    def test_nobody_sees_the_edits_of_another(self) -> None:
        self.edit(answer="Madrid")
        self.assertEqual(history.edits_of(owner_id=self.bob.pk, card_id=self.card.id), [])

    def test_deleting_the_account_removes_them(self) -> None:
        self.edit(answer="Madrid")
        get_user_model().objects.get(pk=self.alice.pk).delete()
        self.assertFalse(CardEdit.objects.exists())


class RevertTests(HistoryTestCase):
    def test_the_words_come_back_and_that_is_an_edit_too(self) -> None:
        self.edit(question="Chief city of Spain?", answer="Madrid")
        change = self.edits()[0].edit.change_id
        self.revert()
        card = self.now()
        self.assertEqual((card.question, card.answer), ("Capital of Spain?", "Barcelona"))
        newest = reverting.newest_edit(owner_id=self.alice.pk, card_id=self.card.id)
        assert newest is not None
        self.assertEqual(newest.reverts, change)
        self.assertEqual(len(self.edits()), 2)

    def test_a_vector_of_other_words_goes(self) -> None:
        embedded = stored_card(self.alice, embedding_model="some")
        for field, model in (("extra", "some"), ("answer", "")):
            words = {**history.content(embedded), field: "Else"}
            changed = change_card(
                self.alice.pk, embedded.id, partial(reverting.with_words, words=words, now=NOW)
            )
            self.assertEqual(changed.after.embedding_model, model)

    def test_siblings_come_back_together(self) -> None:
        sibling = stored_card(self.alice, note_id=self.card.note_id, extra="old")
        before = [self.card, sibling]
        after = [
            reverting.with_words(card, {**history.content(card), "extra": "new"}, LATER)
            for card in before
        ]
        history.record(owner_id=self.alice.pk, before=before, after=after, now=LATER)
        self.edit(extra="new")
        edit_card(
            owner_id=self.alice.pk,
            card_id=sibling.id,
            question=sibling.question,
            answer=sibling.answer,
            extra="new",
            now=LATER,
        )
        edit = CardEdit.objects.filter(card_id=self.card.id, before__extra="").earliest("edited_at")
        together = CardEdit.objects.filter(change_id=edit.change_id).count()
        changed = reverting.revert(
            owner_id=self.alice.pk, card_id=self.card.id, edit_id=edit.id, now=LATEST
        )
        self.assertEqual(len(changed), together)

    def test_what_is_there_already_is_not_brought_back_again(self) -> None:
        self.edit(answer="Madrid")
        edit = self.edits()[0].edit
        given = {"owner_id": self.alice.pk, "card_id": self.card.id, "edit_id": edit.id}
        reverting.revert(**given, now=LATER)
        with self.assertRaises(reverting.NothingToRevert):
            reverting.revert(**given, now=LATER)

    def test_nobody_reverts_for_another(self) -> None:
        self.edit(answer="Madrid")
        with self.assertRaises(CardEdit.DoesNotExist):
            reverting.revert(
                owner_id=self.bob.pk,
                card_id=self.card.id,
                edit_id=self.edits()[0].edit.id,
                now=LATER,
            )
        self.assertEqual(self.now().answer, "Madrid")
