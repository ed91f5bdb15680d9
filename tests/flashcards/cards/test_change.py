"""The edit cycle: what every change of cards writes, whoever asks for it."""

import dataclasses
from datetime import timedelta
from unittest import mock
from uuid import uuid4

from flashcards import scheduling, store
from flashcards.cards import batch, history, jobs
from flashcards.cards.change import add_cards, change_card, change_cards
from flashcards.domain.records import Flashcard, State
from flashcards.models import CardRow, JournalEntry
from flashcards.store import Change, OwnerGone, cards, review_logs
from tests.base import TestCase
from tests.engines import by_engine
from tests.factories import NOW, stored_card

LATER = NOW + timedelta(hours=1)


def newest_change(card: Flashcard) -> int:
    """Return the number of a card's newest change; the one after it takes the next number."""
    kept = by_engine(
        lancedb=JournalEntry.objects.filter(card_id=card.id).order_by("-id").values_list("id"),
        postgresql=CardRow.objects.filter(id=card.id).values_list("revision"),
    )
    return int(kept[0][0])


def tagged(card: Flashcard) -> Flashcard:
    return dataclasses.replace(card, tags=(*card.tags, "new"))


def answered(card: Flashcard) -> Flashcard:
    return dataclasses.replace(card, answer="Other words")


class ChangeCardsTests(TestCase):
    def setUp(self) -> None:
        self.card = stored_card(self.alice, tags=("old",), embedding_model="some")

    def edits(self, card: Flashcard) -> int:
        return len(history.edits_of(owner_id=card.owner_id, card_id=card.id))

    def test_what_changed_is_written_and_returned_before_and_after(self) -> None:
        other = stored_card(self.alice)
        ids = [self.card.id, other.id]
        before = newest_change(other)
        changed = change_cards(
            self.alice.pk, ids, lambda card: tagged(card) if card == self.card else card
        )
        self.assertEqual([(c.before, c.after) for c in changed], [(self.card, tagged(self.card))])
        self.assertEqual(cards.for_owner(self.alice).get(id=self.card.id), tagged(self.card))
        self.assertEqual(newest_change(other), before)

    def test_a_card_that_the_function_leaves_alone_is_not_written(self) -> None:
        before = newest_change(self.card)
        self.assertEqual(change_cards(self.alice.pk, [self.card.id], lambda _: None), [])
        changed = change_card(self.alice.pk, self.card.id, lambda card: card)
        self.assertEqual((changed.before, changed.after), (self.card, self.card))
        self.assertEqual(newest_change(self.card), before)

    def test_a_change_is_written_even_if_the_card_is_the_same(self) -> None:
        before = newest_change(self.card)
        self.assertEqual(len(change_cards(self.alice.pk, [self.card.id], Change)), 1)
        self.assertEqual(newest_change(self.card), before + 1)

    def test_a_log_row_goes_with_its_card(self) -> None:
        def reset(card: Flashcard) -> Change:
            row = scheduling.reset_row(card, LATER, log_id=uuid4())
            return Change(scheduling.fold(card, [row]), row)

        changed = change_card(self.alice.pk, self.card.id, reset)
        log = review_logs.for_owner(self.alice).get(flashcard_id=self.card.id)
        self.assertEqual((changed.log, changed.after.sequence), (log, 1))

    def test_all_or_none_are_changed(self) -> None:
        seen: list[Flashcard] = []

        def fail_at_the_second(card: Flashcard) -> Flashcard:
            seen.append(card)
            if len(seen) == 2:
                raise ValueError
            return tagged(card)

        ids = [self.card.id, stored_card(self.alice).id]
        with self.assertRaises(ValueError):
            change_cards(self.alice.pk, ids, fail_at_the_second)
        self.assertFalse(cards.for_owner(self.alice).filter(tags__contains="new").exists())

    def test_cards_of_others_and_those_in_the_trash_are_left_out(self) -> None:
        theirs, gone = stored_card(self.bob), stored_card(self.alice, deleted_at=NOW)
        for ids in ([theirs.id], [gone.id], [theirs.id, gone.id, uuid4()], []):
            self.assertEqual(change_cards(self.alice.pk, ids, tagged), [])
        changed = change_cards(self.alice.pk, [theirs.id, gone.id], tagged, include_deleted=True)
        self.assertEqual([each.before for each in changed], [gone])
        with self.assertRaises(ValueError):
            change_cards(self.alice.pk, cards.for_owner(self.bob).all(), tagged)
        self.assertEqual(cards.for_owner(self.bob).get(id=theirs.id), theirs)

    def test_one_card_that_is_not_there_is_an_error(self) -> None:
        for card in (stored_card(self.bob), stored_card(self.alice, deleted_at=NOW)):
            with self.assertRaises(Flashcard.DoesNotExist):
                change_card(self.alice.pk, card.id, tagged)
        with self.assertRaises(OwnerGone):
            change_card(uuid4(), self.card.id, tagged)

    def test_other_words_and_tags_are_in_the_history_if_it_is_an_edit(self) -> None:
        suspended = dataclasses.replace(self.card, suspended=True)
        change_card(self.alice.pk, self.card.id, lambda _: suspended, now=LATER)
        change_card(self.alice.pk, self.card.id, tagged)
        self.assertEqual(self.edits(self.card), 0)
        change_card(self.alice.pk, self.card.id, answered, now=LATER)
        self.assertEqual(self.edits(self.card), 1)

    def test_a_vector_of_other_words_goes_and_a_new_one_is_asked_for(self) -> None:
        with mock.patch.object(jobs, "request_embedding", autospec=True) as asked:
            after = change_card(self.alice.pk, self.card.id, tagged).after
            self.assertEqual((after.embedding_model, asked.call_count), ("some", 0))
            after = change_card(self.alice.pk, self.card.id, answered).after
            self.assertEqual(after.embedding_model, "")
            asked.assert_called_once_with(self.alice.pk)

    def test_a_card_that_comes_back_without_a_vector_is_embedded(self) -> None:
        gone = stored_card(self.alice, deleted_at=NOW)
        with mock.patch.object(jobs, "request_embedding", autospec=True) as asked:
            change_card(
                self.alice.pk,
                gone.id,
                lambda card: dataclasses.replace(card, deleted_at=None),
                include_deleted=True,
            )
        asked.assert_called_once_with(self.alice.pk)

    def test_many_changes_ask_for_a_checkpoint(self) -> None:
        ids = [self.card.id, stored_card(self.alice).id]
        with (
            mock.patch("flashcards.cards.change.CHECKPOINT_CARDS", 2),
            mock.patch.object(jobs, "request_checkpoint", autospec=True) as asked,
        ):
            change_cards(self.alice.pk, ids[:1], tagged)
            self.assertFalse(asked.called)
            change_cards(self.alice.pk, ids, tagged)
            self.assertTrue(asked.called)

    def test_new_cards_come_with_their_reviews(self) -> None:
        new = dataclasses.replace(self.card, id=uuid4())
        row = scheduling.reset_row(new, LATER, log_id=uuid4())
        add_cards(self.alice.pk, [Change(new), Change(scheduling.fold(new, [row]), row)])
        self.assertEqual(cards.for_owner(self.alice).get(id=new.id).state, State.NEW)
        self.assertTrue(review_logs.for_owner(self.alice).filter(flashcard_id=new.id).exists())


class BatchTests(TestCase):
    @mock.patch.object(batch, "BATCH_CARDS", 2)
    def test_cards_are_changed_batch_by_batch_and_each_once(self) -> None:
        ids = [stored_card(self.alice).id for _ in range(5)]
        with mock.patch.object(store, "lock_owner", autospec=True) as locked:
            changed = batch.change_in_batches(self.alice.pk, [*ids, *ids], tagged)
        self.assertEqual((len(changed), locked.call_count), (5, 3))
        self.assertEqual(cards.for_owner(self.alice).filter(tags__contains="new").count(), 5)

    @mock.patch.object(batch, "CHECKPOINT_BATCHES", 2)
    def test_a_long_job_moves_the_journal_in_between(self) -> None:
        left = [stored_card(self.alice).id for _ in range(5)]

        def change_next() -> bool:
            return bool(left) and bool(change_cards(self.alice.pk, [left.pop()], tagged))

        with (
            mock.patch.object(store, "checkpoint", autospec=True) as run,
            mock.patch.object(jobs, "request_checkpoint", autospec=True) as asked,
        ):
            batch.run_batches(self.alice.pk, change_next)
        self.assertEqual((left, run.call_count, asked.call_count), ([], 2, 1))

    def test_a_job_ends_where_its_account_was_deleted(self) -> None:
        def change_next() -> bool:
            raise OwnerGone

        batch.run_batches(uuid4(), change_next)
