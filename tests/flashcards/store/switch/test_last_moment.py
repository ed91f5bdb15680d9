"""What changes after all cards were compared, while nobody is held up yet, comes along."""

import dataclasses
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from unittest import mock

import numpy as np
from django.db import connection, transaction

from accounts.models import User
from flashcards import store
from flashcards.domain.records import Flashcard, Rating
from flashcards.maintenance import switch_store
from flashcards.review.ratings import review_card, undo_review
from flashcards.store import Change, engines
from flashcards.store.switch.run import _Run
from tests.factories import NOW, flashcard, review_log, stored_card
from tests.flashcards.store.switch.switching import LANCEDB, POSTGRESQL, SwitchTestCase

BOTH_WAYS = (POSTGRESQL, LANCEDB)


class LastMomentTests(SwitchTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.cards = [stored_card(self.alice) for _ in range(8)]
        for _ in range(3):
            stored_card(self.bob)
        self.rated = 0

    def rate(self) -> None:
        review_card(
            owner_id=self.alice.pk,
            card_id=self.cards[0].id,
            review_id=uuid.uuid4(),
            sequence=self.rated,
            rating=Rating.GOOD,
            now=NOW + timedelta(days=1 + self.rated),
        )
        self.rated += 1

    def undo(self) -> None:
        undo_review(
            owner_id=self.alice.pk, undo_id=uuid.uuid4(), now=NOW + timedelta(days=self.rated)
        )
        self.rated += 1

    def edit(self) -> None:
        card = store.cards.for_owner(self.alice).get(id=self.cards[1].id)
        edited = dataclasses.replace(card, question=f"{card.question}, in other words")
        with transaction.atomic():
            store.lock_owner(self.alice.pk)
            store.write([Change(edited)])

    def make(self) -> None:
        stored_card(self.alice)

    def load(self) -> None:
        made = [flashcard(self.bob) for _ in range(5)]
        with transaction.atomic():
            store.lock_owner(self.bob.pk)
            store.write_many(self.bob.pk, made, [review_log(made[0])])

    def erase(self) -> None:
        gone = self.cards.pop()
        with transaction.atomic():
            store.lock_owner(self.alice.pk)
            store.erase_cards([gone])

    def delete_bob(self) -> None:
        User.objects.get(id=self.bob.pk).delete()

    def whole(self) -> dict[uuid.UUID, tuple[Flashcard, tuple[uuid.UUID, ...]]]:
        store.clear_cache()
        store.checkpoint_all()
        logs = list(store.review_logs.all_owners())
        return {
            card.id: (card, tuple(sorted(log.id for log in logs if log.flashcard_id == card.id)))
            for card in store.cards.all_owners().with_deleted()
        }

    def switch(self, target: str, *changes: Callable[[], None]) -> int:
        """Switch, with changes at the last moment; return how often all cards were compared."""
        catch_up, expected = _Run.catch_up, []

        def caught_up(run: _Run) -> None:
            catch_up(run)
            for change in changes:
                change()
            expected.append(self.whole())

        with (
            mock.patch.object(_Run, "catch_up", autospec=True, side_effect=caught_up),
            mock.patch.object(_Run, "_changed", autospec=True, side_effect=_Run._changed) as all_of,
        ):
            switch_store.run(target)
        self.assertEqual(engines.name(), target)
        self.assertEqual([self.whole()], expected)
        return all_of.call_count

    def test_of_what_is_written_only_that_is_compared(self) -> None:
        for change in (self.rate, self.undo, self.edit, self.make, self.load):
            for target in BOTH_WAYS:
                with self.subTest(change=change.__name__, target=target):
                    self.rate()
                    self.assertEqual(self.switch(target, change), 1)

    def test_what_is_erased_goes(self) -> None:
        for changes in ([self.erase], [self.erase, self.make], [self.load, self.erase, self.rate]):
            for target in BOTH_WAYS:
                with self.subTest(changes=[each.__name__ for each in changes], target=target):
                    self.assertEqual(self.switch(target, *changes), 2)

    def test_a_deleted_account_goes(self) -> None:
        for target in BOTH_WAYS:
            with self.subTest(target=target):
                self.switch(target, self.make, self.delete_bob)
                self.assertEqual(store.cards.for_owner(self.bob.pk).with_deleted().count(), 0)
                self.bob = User.objects.create_user("bob@example.org")
                stored_card(self.bob)

    def test_a_change_that_commits_after_a_later_one_comes_along(self) -> None:
        copy_all = _Run.copy
        for target in BOTH_WAYS:
            with self.subTest(target=target):
                written, go_on = threading.Event(), threading.Event()

                def write_slowly(
                    written: threading.Event = written, go_on: threading.Event = go_on
                ) -> None:
                    try:
                        with transaction.atomic():
                            self.load()
                            written.set()
                            go_on.wait(30)
                    finally:
                        connection.close()

                slow = threading.Thread(target=write_slowly)

                def copied(
                    run: _Run,
                    slow: threading.Thread = slow,
                    written: threading.Event = written,
                ) -> None:
                    copy_all(run)
                    slow.start()
                    self.assertTrue(written.wait(30))
                    self.make()

                def commit(go_on: threading.Event = go_on, slow: threading.Thread = slow) -> None:
                    go_on.set()
                    slow.join(30)

                with mock.patch.object(_Run, "copy", autospec=True, side_effect=copied):
                    self.assertEqual(self.switch(target, commit), 1)

    def test_vectors_of_a_model_that_came_meanwhile_are_not_left_behind(self) -> None:
        copy_all = _Run.copy
        for number, target in enumerate(BOTH_WAYS):
            with self.subTest(target=target):
                width = 32 + number

                def copied(run: _Run, width: int = width) -> None:
                    coming = store.begin_vectors(f"another-{width}", width, 0.5).coming
                    assert coming is not None
                    card = store.cards.for_owner(self.alice).get(id=self.cards[0].id)
                    card = dataclasses.replace(card, embedding_model=coming.key)
                    with transaction.atomic():
                        store.lock_owner(self.alice.pk)
                        store.write([Change(card, vector=np.full(width, 0.1, np.float32))])
                    store.checkpoint_all()
                    copy_all(run)

                with (
                    mock.patch.object(_Run, "copy", autospec=True, side_effect=copied),
                    self.assertRaisesMessage(
                        switch_store.SwitchError, "run this again with --anew"
                    ),
                ):
                    switch_store.run(target)
                self.assertNotEqual(engines.recorded(), target)
                self.assertEqual(switch_store.run(target, anew=True).vectors, 1)
                self.assertEqual(engines.name(), target)
