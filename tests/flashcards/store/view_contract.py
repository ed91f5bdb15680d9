"""What any engine must do of one learner's cards at one moment: the owner view, and its write."""

import dataclasses
import uuid
from collections.abc import Iterator
from datetime import timedelta

import numpy as np
from django.db import transaction

from flashcards import store
from flashcards.domain.answer_codes import QUARTER_MICROS, code_of
from flashcards.domain.records import Flashcard, LogKind, Rating, ReviewLog, State
from flashcards.domain.study_day import micros
from flashcards.store import Change, OwnerView, QueueSettings
from memoryloop.embeddings.builtin import BuiltIn
from tests.factories import NOW, flashcard, review_log, stored_card
from tests.flashcards.store.contract import Contract

RULES = QueueSettings.plain(NOW)


class ViewContract(Contract):
    """Promises of one learner's view."""

    def views(self) -> Iterator[OwnerView]:
        """Give Alice's view with its changes pending, and again after they have settled."""
        for _ in self.both_ways():
            yield store.view(self.alice.pk)

    def reviewed(self, card: Flashcard, log: ReviewLog) -> Flashcard:
        """Write a row of the log as the card's newest, and return the card."""
        after = dataclasses.replace(card, sequence=log.sequence + 1, state=State.REVIEW)
        with transaction.atomic():
            store.lock_owner(card.owner_id)
            store.write([Change(after, log)])
        return after

    def test_cards_come_by_their_ids_in_that_order(self) -> None:
        cards = [stored_card(self.alice) for _ in range(3)]
        binned = stored_card(self.alice, deleted_at=NOW)
        theirs = stored_card(self.bob)
        wanted = [cards[2].id, binned.id, cards[0].id, theirs.id, uuid.uuid4()]
        for view in self.views():
            self.assertEqual(view.card(cards[1].id), cards[1])
            self.assertEqual(list(view.cards(wanted)), [cards[2].id, cards[0].id])
            found = view.cards(wanted, with_deleted=True)
            self.assertEqual(list(found.values()), [cards[2], binned, cards[0]])
            for hidden in (binned, theirs):
                with self.assertRaises(Flashcard.DoesNotExist):
                    view.card(hidden.id)

    def test_the_log_is_there_by_id_by_card_and_by_time(self) -> None:
        card, other = stored_card(self.alice), stored_card(self.alice)
        logs = []
        for number in range(3):
            log = review_log(card, sequence=number, reviewed_at=NOW + timedelta(minutes=number))
            card = self.reviewed(card, log)
            logs.append(log)
        undo = review_log(
            card, sequence=3, kind=LogKind.UNDO, rating=None, undoes=logs[2].id, reviewed_at=NOW
        )
        self.reviewed(card, undo)
        self.reviewed(other, review_log(other, reviewed_at=NOW - timedelta(days=3)))
        now = NOW + timedelta(hours=1)
        for view in self.views():
            self.assertEqual(view.log(logs[1].id), logs[1])
            self.assertEqual(view.recent_log(logs[1].id, now), logs[1])
            self.assertIsNone(view.log(uuid.uuid4()))
            self.assertEqual({log.id for log in view.history(card.id)}, {*map(_id, logs), undo.id})
            since = view.recent_reviews(NOW - timedelta(hours=12))
            self.assertEqual([log.id for log in since], [logs[0].id, logs[1].id])
            self.assertIsNone(store.view(self.bob.pk).log(logs[1].id))

    def test_the_answers_are_those_of_the_log_without_what_was_taken_back(self) -> None:
        card = stored_card(self.alice)
        log = review_log(card, sequence=0, rating=Rating.AGAIN, state_before=State.REVIEW)
        card = self.reviewed(card, log)
        undone = review_log(card, sequence=1, kind=LogKind.RELEARN)
        card = self.reviewed(card, undone)
        self.reviewed(card, review_log(card, sequence=2, kind=LogKind.UNDO, rating=None,
                                       undoes=undone.id))  # fmt: skip
        self.reviewed(stored_card(self.bob), review_log(card, owner_id=self.bob.pk))
        for _ in self.both_ways():
            answers = store.answers(self.alice.pk)
            self.assertEqual(answers.codes.tolist(), [code_of(log)])
            self.assertEqual(answers.quarters.tolist(), [micros(NOW) // QUARTER_MICROS])
            columns = store.columns(self.alice.pk)
            self.assertEqual(answers.places(columns).tolist(), columns.places([card.id]).tolist())

    def test_what_is_due_comes_in_order_within_the_limits(self) -> None:
        due = [
            stored_card(
                self.alice,
                state=State.REVIEW,
                stability=4.0,
                difficulty=5.0,
                last_review=NOW - timedelta(days=9),
                due=NOW - timedelta(days=n),
            )
            for n in (1, 3, 2)
        ]
        stored_card(self.alice, state=State.REVIEW, due=NOW + timedelta(days=3), stability=9.0)
        stored_card(self.alice, suspended=True)
        stored_card(self.bob)
        new = [stored_card(self.alice) for _ in range(2)]
        rules = dataclasses.replace(
            RULES, order="due", new_cards="after", limits={None: (1, 99)}, keep_apart=False
        )
        for view in self.views():
            queue = view.due_queue(rules, NOW + timedelta(hours=1), limit=10)
            expected = [due[1].id, due[2].id, due[0].id, new[0].id]
            self.assertEqual([card.id for card in queue.cards], expected)
            self.assertEqual((queue.new, queue.due, queue.new_held), (1, 3, 1))
            only = {str(due[0].id)}
            queue = view.due_queue(rules, NOW + timedelta(hours=1), limit=10, only=only)
            self.assertEqual([card.id for card in queue.cards], [due[0].id])
            following = view.next_due_at(rules, NOW + timedelta(hours=1))
            self.assertEqual(following, NOW + timedelta(days=3))

    def test_a_write_goes_by_the_view_it_was_worked_out_from(self) -> None:
        card = stored_card(self.alice)
        stamp = self.alice.time_zone
        outdated = store.view(self.alice.pk)
        log = review_log(card, rating=Rating.GOOD)
        after = dataclasses.replace(card, sequence=1)
        view = outdated.write_if_unchanged(Change(after, log), stamp)
        assert view is not None
        self.assertEqual((view.card(card.id), view.log(log.id)), (after, log))
        again = Change(dataclasses.replace(card, flag=3), review_log(card))
        self.assertIsNone(outdated.write_if_unchanged(again, stamp))
        self.assertIsNone(view.write_if_unchanged(again, "other settings"))
        self.assertGreaterEqual(view.pending_count, 0)
        for found in self.views():
            self.assertEqual(found.card(card.id), after)
            self.assertEqual(found.history(card.id), [log])

    def test_vectors_are_the_owners_and_the_nearest_come_first(self) -> None:
        vectors = np.eye(3, 896, dtype="f4")
        cards = [flashcard(self.alice, embedding_model=BuiltIn.name) for _ in range(3)]
        bare, theirs = flashcard(self.alice), flashcard(self.bob, embedding_model=BuiltIn.name)
        with transaction.atomic():
            for owner in (self.alice, self.bob):
                store.lock_owner(owner.pk)
            pairs = [*zip(cards, vectors, strict=True), (theirs, vectors[0])]
            store.write([Change(card, vector=vector) for card, vector in pairs])
            store.write([Change(bare)])
        for _ in self.both_ways():
            ids, found = store.vectors(self.alice.pk)
            self.assertEqual(set(ids), {card.id for card in cards})
            self.assertEqual(found.shape, (3, 896))
            near = store.nearest_cards(self.alice.pk, vectors[1], limit=2, max_distance=0.5)
            self.assertEqual([card.id for _, card in near], [cards[1].id])
            self.assertAlmostEqual(near[0][0], 0.0, places=5)


def _id(log: ReviewLog) -> uuid.UUID:
    return log.id
