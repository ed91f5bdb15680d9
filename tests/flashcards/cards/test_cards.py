"""What a learner can do with cards, each in one transaction that ends in the journal."""

import uuid
from datetime import timedelta
from typing import Any

from django.db import transaction

from chat.conversations.conversations import start_conversation
from flashcards import scheduling
from flashcards.cards.cards import (
    bury_card,
    cards_from_message,
    count_cards,
    create_cards,
    delete_card,
    edit_card,
    get_card,
    restore_card,
    set_suspended,
)
from flashcards.domain.records import (
    Flashcard,
    Kind,
    LogKind,
    NewCard,
    Rating,
    Source,
    State,
)
from flashcards.domain.validation import BadCard
from flashcards.models import JournalEntry
from flashcards.review.due import due_queue, next_due_at
from flashcards.review.ratings import (
    AlreadyAnswered,
    NothingToUndo,
    Reviewed,
    review_card,
    undo_review,
)
from flashcards.store import cards, review_logs, view
from flashcards.store.maintenance import checkpoint
from tests.base import TestCase
from tests.engines import counts_queries, looks_into_the_journal
from tests.factories import NOW, stored_card

LATER = NOW + timedelta(hours=1)


class CreateTests(TestCase):
    def test_cards_and_the_flag_of_their_message_are_stored_together(self) -> None:
        message = start_conversation(self.alice, "Paris is the capital of France.")
        cards = create_cards(
            owner_id=self.alice.pk,
            cards=[
                NewCard(
                    question="Capital of France?",
                    answer="Paris",
                    source=Source(message.id, 0, 5, "abc"),
                ),
                NewCard(question="{{c1::Paris}} is a capital.", kind=Kind.CLOZE),
            ],
            message=message,
            now=NOW,
        )
        message.refresh_from_db()
        self.assertEqual(message.cards_made_at, NOW)
        found = cards_from_message(owner_id=self.alice.pk, message_id=message.id)
        self.assertEqual(found, cards[:1])
        self.assertEqual((found[0].source_start, found[0].source_end), (0, 5))

    def test_nothing_is_stored_if_the_transaction_fails(self) -> None:
        message = start_conversation(self.alice, "Paris is the capital of France.")
        with self.assertRaises(ZeroDivisionError), transaction.atomic():
            create_cards(
                owner_id=self.alice.pk,
                cards=[NewCard(question="q", answer="a")],
                message=message,
                now=NOW,
            )
            _ = 1 / 0
        message.refresh_from_db()
        self.assertIsNone(message.cards_made_at)
        self.assertEqual(count_cards(owner_id=self.alice.pk), 0)

    def test_one_bad_card_refuses_them_all_in_plain_words(self) -> None:
        good = NewCard(question="q", answer="a")
        for bad, words in (
            (NewCard(question="  ", answer="a"), "needs a question"),
            (NewCard(question="q", answer=" "), "needs an answer"),
            (NewCard(question="q" * 1_001, answer="a"), "1,001 characters; the maximum is 1,000"),
            (NewCard(question="q", answer="a" * 5_001), "5,001 characters; the maximum is 5,000"),
        ):
            with self.assertRaisesMessage(BadCard, words):
                create_cards(owner_id=self.alice.pk, cards=[good, bad], now=NOW)
        self.assertEqual(count_cards(owner_id=self.alice.pk), 0)

    def test_what_no_store_can_hold_is_left_out(self) -> None:
        card = create_cards(
            owner_id=self.alice.pk, cards=[NewCard(question="a\x00b\ud800c", answer="d")], now=NOW
        )[0]
        self.assertEqual(card.question, "abc")

    @looks_into_the_journal
    def test_nothing_is_written_to_lancedb(self) -> None:
        create_cards(owner_id=self.alice.pk, cards=[NewCard(question="q", answer="a")], now=NOW)
        self.assertEqual(JournalEntry.objects.count(), 1)


class ChangeTests(TestCase):
    def setUp(self) -> None:
        self.card = stored_card(self.alice, embedding_model="minilm")

    def test_an_edit_keeps_the_schedule_and_drops_the_vector_of_other_words(self) -> None:
        edited = edit_card(
            owner_id=self.alice.pk, card_id=self.card.id, question="New?", answer="Yes", now=LATER
        )
        self.assertEqual((edited.question, edited.embedding_model), ("New?", ""))
        self.assertEqual((edited.due, edited.sequence), (self.card.due, 0))

    def test_an_edit_that_changes_no_word_keeps_the_vector(self) -> None:
        edited = edit_card(
            owner_id=self.alice.pk,
            card_id=self.card.id,
            question=self.card.question,
            answer=self.card.answer,
            now=LATER,
        )
        self.assertEqual(edited.embedding_model, "minilm")

    def test_a_deleted_card_is_gone_until_it_is_restored(self) -> None:
        delete_card(owner_id=self.alice.pk, card_id=self.card.id, now=LATER)
        with self.assertRaises(Flashcard.DoesNotExist):
            get_card(owner_id=self.alice.pk, card_id=self.card.id)
        self.assertEqual(due_queue(owner_id=self.alice.pk, now=LATER).total, 0)
        restored = restore_card(owner_id=self.alice.pk, card_id=self.card.id)
        self.assertEqual(restored, self.card)

    def test_suspended_and_buried_cards_are_not_due(self) -> None:
        set_suspended(owner_id=self.alice.pk, card_id=self.card.id, suspended=True)
        self.assertEqual(due_queue(owner_id=self.alice.pk, now=LATER).total, 0)
        set_suspended(owner_id=self.alice.pk, card_id=self.card.id, suspended=False)
        tomorrow = LATER + timedelta(days=1)
        bury_card(owner_id=self.alice.pk, card_id=self.card.id, until=tomorrow)
        for _ in range(2):
            self.assertEqual(due_queue(owner_id=self.alice.pk, now=LATER).total, 0)
            self.assertEqual(due_queue(owner_id=self.alice.pk, now=tomorrow).total, 1)
            self.assertEqual(next_due_at(owner_id=self.alice.pk, now=LATER), tomorrow)
            checkpoint.run()

    def test_nobody_changes_anothers_card(self) -> None:
        ids: dict[str, Any] = {"owner_id": self.bob.pk, "card_id": self.card.id}
        timed: dict[str, Any] = {**ids, "now": LATER}
        for _ in range(2):
            for change in (
                lambda: edit_card(**timed, question="q", answer="a"),
                lambda: delete_card(**timed),
                lambda: restore_card(**ids),
                lambda: set_suspended(**ids, suspended=True),
                lambda: bury_card(**ids, until=LATER),
                lambda: review_card(
                    **timed, review_id=uuid.uuid4(), sequence=0, rating=Rating.GOOD
                ),
            ):
                with self.assertRaises(Flashcard.DoesNotExist):
                    change()
            checkpoint.run()
        self.assertEqual(get_card(owner_id=self.alice.pk, card_id=self.card.id), self.card)


class ReviewTests(TestCase):
    def setUp(self) -> None:
        self.card = stored_card(self.alice)

    def rate(self, sequence: int, rating: int = 3, review_id: uuid.UUID | None = None) -> Reviewed:
        return review_card(
            owner_id=self.alice.pk,
            card_id=self.card.id,
            review_id=review_id or uuid.uuid4(),
            sequence=sequence,
            rating=Rating(rating),
            now=LATER + timedelta(days=sequence),
            duration_ms=1_200,
        )

    def test_a_review_moves_the_card_and_writes_its_log(self) -> None:
        done = self.rate(0)
        self.assertEqual((done.card.state, done.card.sequence), (State.LEARNING, 1))
        self.assertEqual(review_logs.for_owner(self.alice).get(), done.log)
        self.assertFalse(done.repeated)

    def test_the_same_review_again_changes_nothing(self) -> None:
        review_id = uuid.uuid4()
        first = self.rate(0, review_id=review_id)
        for _ in range(2):
            again = self.rate(0, rating=1, review_id=review_id)
            self.assertTrue(again.repeated)
            self.assertEqual((again.card, again.log), (first.card, first.log))
            checkpoint.run()
        self.assertEqual(review_logs.for_owner(self.alice).count(), 1)

    def test_another_review_of_the_same_position_is_told_so(self) -> None:
        first = self.rate(0)
        for _ in range(2):
            with self.assertRaises(AlreadyAnswered) as caught:
                self.rate(0)
            self.assertEqual(caught.exception.card, first.card)
            checkpoint.run()

    def test_a_review_from_before_the_last_takes_its_place_in_history(self) -> None:
        self.rate(0)
        last = self.rate(1)
        late = review_card(
            owner_id=self.alice.pk,
            card_id=self.card.id,
            review_id=uuid.uuid4(),
            sequence=2,
            rating=Rating.HARD,
            now=NOW + timedelta(hours=2),
        )
        self.assertEqual(late.card.last_review, last.log.reviewed_at)
        logs = review_logs.for_owner(self.alice)
        self.assertEqual(scheduling.fold(late.card, logs), late.card)

    def test_an_id_used_for_another_card_is_refused(self) -> None:
        review_id = uuid.uuid4()
        self.rate(0, review_id=review_id)
        other = stored_card(self.alice)
        with self.assertRaises(AlreadyAnswered):
            review_card(
                owner_id=self.alice.pk,
                card_id=other.id,
                review_id=review_id,
                sequence=0,
                rating=Rating.GOOD,
                now=LATER,
            )

    def test_undo_takes_back_one_review_after_another(self) -> None:
        states = [self.card]
        for sequence in range(4):
            states.append(self.rate(sequence).card)
            if sequence == 1:
                checkpoint.run()
        for step in range(4):
            card = undo_review(owner_id=self.alice.pk, undo_id=uuid.uuid4(), now=LATER)
            before = states[3 - step]
            self.assertEqual(
                (card.state, card.stability, card.due, card.reps),
                (before.state, before.stability, before.due, before.reps),
            )
            self.assertEqual(card.sequence, 5 + step)
        with self.assertRaises(NothingToUndo):
            undo_review(owner_id=self.alice.pk, undo_id=uuid.uuid4(), now=LATER)

    def test_the_same_undo_again_changes_nothing(self) -> None:
        self.rate(0)
        self.rate(1)
        undo_id = uuid.uuid4()
        for _ in range(3):
            card = undo_review(owner_id=self.alice.pk, undo_id=undo_id, now=LATER)
            self.assertEqual((card.reps, card.sequence), (1, 3))
        kinds = [log.kind for log in review_logs.for_owner(self.alice).order_by("sequence")]
        self.assertEqual(kinds, [LogKind.LEARN, LogKind.LEARN, LogKind.UNDO])

    def test_the_stored_state_is_the_fold_of_the_stored_log(self) -> None:
        for sequence, rating in enumerate((3, 3, 1, 2, 4, 1)):
            self.rate(sequence, rating)
        undo_review(owner_id=self.alice.pk, undo_id=uuid.uuid4(), now=LATER)
        checkpoint.run()
        card = get_card(owner_id=self.alice.pk, card_id=self.card.id)
        logs = review_logs.for_owner(self.alice).filter(flashcard_id=card.id)
        self.assertEqual(scheduling.fold(card, logs), card)

    def test_the_queue_is_learning_first_then_reviews_then_new_ones_as_made(self) -> None:
        new = [stored_card(self.alice) for _ in range(2)]
        seen = stored_card(self.alice, state=State.REVIEW, due=NOW, stability=1.0)
        learning = stored_card(self.alice, state=State.LEARNING, due=NOW, step=0)
        future = stored_card(self.alice, state=State.REVIEW, due=NOW + timedelta(days=9))
        for _ in range(2):
            queue = due_queue(owner_id=self.alice.pk, now=LATER, limit=9)
            self.assertEqual(
                [card.id for card in queue.cards],
                [learning.id, seen.id, self.card.id, new[0].id, new[1].id],
            )
            self.assertEqual((queue.new, queue.learning, queue.due), (3, 1, 1))
            self.assertEqual(next_due_at(owner_id=self.alice.pk, now=LATER), future.due)
            checkpoint.run()

    def test_the_queue_shows_a_rating_at_once_and_after_a_checkpoint(self) -> None:
        checkpoint.run()
        self.assertEqual(due_queue(owner_id=self.alice.pk, now=LATER).new, 1)
        self.rate(0)
        for _ in range(2):
            queue = due_queue(owner_id=self.alice.pk, now=LATER)
            self.assertEqual((queue.total, queue.cards), (0, []))
            checkpoint.run()

    def test_todays_reviews_leave_out_what_was_undone(self) -> None:
        done = self.rate(0)
        self.rate(1)
        undo_review(owner_id=self.alice.pk, undo_id=uuid.uuid4(), now=LATER)
        self.assertEqual(view(self.alice.pk).recent_reviews(NOW), [done.log])

    @counts_queries
    def test_a_rating_costs_a_few_statements_however_many_cards_there_are(self) -> None:
        for count in (10, 40):
            for _ in range(count):
                stored_card(self.alice)
            card = stored_card(self.alice)
            # the settings; what is pending; the lock and the insert in one
            with self.assertNumQueries(3):
                review_card(
                    owner_id=self.alice.pk,
                    card_id=card.id,
                    review_id=uuid.uuid4(),
                    sequence=0,
                    rating=Rating.GOOD,
                    now=LATER,
                )
            # the settings; what is pending of this learner
            with self.assertNumQueries(2):
                due_queue(owner_id=self.alice.pk, now=LATER)


class EraseTests(TestCase):
    def test_deleting_a_user_erases_their_cards_in_both_stores(self) -> None:
        stored_card(self.alice)
        bobs = stored_card(self.bob)
        checkpoint.run()
        stored_card(self.alice)
        owner_id = self.alice.pk
        self.alice.delete()
        self.assertEqual(count_cards(owner_id=owner_id), 0)
        self.assertEqual(list(cards.all_owners()), [bobs])
        checkpoint.run()
        self.assertEqual(count_cards(owner_id=owner_id), 0)
        self.assertEqual(list(cards.all_owners()), [bobs])
        self.assertEqual(JournalEntry.objects.count(), 0)
