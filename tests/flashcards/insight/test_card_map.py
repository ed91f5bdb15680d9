"""The card map is made by the worker, grows with the cards, and belongs to its learner."""

import contextlib
import errno
from datetime import timedelta
from unittest import mock

import numpy as np
from django.utils import timezone

from accounts.models import User
from flashcards import store
from flashcards.cards import embedding
from flashcards.cards.cards import delete_card
from flashcards.domain.records import NewCard
from flashcards.insight import card_map
from flashcards.insight.card_map import Layout
from flashcards.insight.mapping import layout
from flashcards.maintenance import account_export
from flashcards.models import CardMap
from flashcards.tasks import make_map
from memoryloop.errors import DISK_FULL
from tests.base import TestCase
from tests.flashcards.given_cards import give_cards

TOPICS = (
    "The capital of {} is a city on a river",
    "The enzyme {} breaks bonds in the stomach of animals",
)
Status = CardMap.Status


def give_topics(user: User, each: int, *, start: int = 0) -> None:
    """Give a learner cards about two topics, with their vectors."""
    give_cards(
        user,
        *(
            NewCard(question=topic.format(f"word{number}"), answer="Yes")
            for topic in TOPICS
            for number in range(start, start + each)
        ),
    )
    embedding.embed_all(owner_id=user.id)


class CardMapTests(TestCase):
    def setUp(self) -> None:
        self.now = timezone.now()

    def bring_up(self, user: User | None = None, *, later: int = 0) -> CardMap | None:
        now = self.now + timedelta(minutes=later)
        return card_map.bring_up(owner_id=(user or self.alice).id, now=now)

    def made(self, each: int = 10) -> Layout:
        give_topics(self.alice, each)
        self.bring_up()
        make_map(str(self.alice.id))
        return Layout(CardMap.objects.get(owner=self.alice))

    def test_there_is_none_of_a_few_cards(self) -> None:
        self.assertIsNone(self.bring_up())
        give_topics(self.alice, 2)
        self.assertIsNone(self.bring_up())
        self.assertFalse(CardMap.objects.exists())

    def test_the_worker_makes_it_of_all_cards_and_names_regions(self) -> None:
        give_topics(self.bob, 4)
        made = self.made()
        self.assertEqual((made.row.status, made.version), (Status.DONE, 1))
        ids, _ = store.vectors(self.alice.id)
        self.assertEqual({each.decode() for each in made.id_texts.tolist()}, set(map(str, ids)))
        self.assertEqual(made.positions.shape, (20, 2))
        self.assertLessEqual(float(np.abs(made.positions).max()), 1.001)
        self.assertIn("capital", " ".join(each.name for each in made.regions))

    def test_it_stays_as_it_is_while_nothing_is_new(self) -> None:
        made = self.made()
        row = self.bring_up(later=10)
        assert row is not None
        self.assertEqual((row.status, row.version), (Status.DONE, made.version))

    def test_new_cards_are_placed_with_their_topic_at_once(self) -> None:
        before = self.made(12)
        give_topics(self.alice, 1, start=50)
        row = self.bring_up()
        assert row is not None
        after = Layout(row)
        self.assertEqual((row.status, row.version, len(after)), (Status.DONE, 2, 26))
        np.testing.assert_array_equal(after.positions[:24], before.positions)
        columns = store.columns(self.alice.id)
        texts = [card.question for card in columns.cards(columns.places_of(after.id_texts))]
        for new in (24, 25):
            far = ((after.positions[:24] - after.positions[new]) ** 2).sum(axis=1)
            self.assertEqual(texts[int(far.argmin())][:8], texts[new][:8])

    def test_in_a_large_collection_the_worker_places_them(self) -> None:
        self.made(12)
        give_topics(self.alice, 1, start=50)
        with mock.patch.object(card_map, "PLACED_AT_ONCE_MOST", 20):
            row = self.bring_up(later=10)
        assert row is not None
        self.assertEqual(row.status, Status.WORKING)
        make_map(str(self.alice.id))
        row.refresh_from_db()
        self.assertEqual((row.status, row.version, len(Layout(row))), (Status.DONE, 2, 26))
        self.assertEqual(row.laid_out, 24)

    def test_once_a_tenth_is_new_all_are_laid_out_anew_turned_as_before(self) -> None:
        before = self.made(12)
        give_topics(self.alice, 2, start=50)
        row = self.bring_up(later=10)
        assert row is not None
        self.assertEqual(row.status, Status.WORKING)
        make_map(str(self.alice.id))
        row.refresh_from_db()
        after = Layout(row)
        self.assertEqual((row.laid_out, len(after)), (28, 28))
        at = {each: n for n, each in enumerate(after.id_texts.tolist())}
        moved = after.positions[[at[each] for each in before.id_texts.tolist()]]
        # The topics lie on the sides on which they lay.
        agree = np.sum(
            (moved - moved.mean(axis=0)) * (before.positions - before.positions.mean(axis=0))
        )
        self.assertGreater(float(agree), 0)

    def test_deleted_cards_are_gone_and_many_of_them_make_a_new_map(self) -> None:
        self.made(12)
        ids, _ = store.vectors(self.alice.id)
        for card_id in ids[:5]:
            delete_card(owner_id=self.alice.id, card_id=card_id, now=self.now)
        row = self.bring_up(later=10)
        assert row is not None
        self.assertEqual(row.status, Status.WORKING)
        make_map(str(self.alice.id))
        row.refresh_from_db()
        self.assertEqual(len(Layout(row)), 19)

    def test_another_embedding_model_makes_a_new_map(self) -> None:
        self.made()
        CardMap.objects.update(vectors="another-model")
        row = self.bring_up(later=10)
        assert row is not None
        self.assertEqual((row.status, row.version), (Status.WORKING, 1))

    def test_cards_without_vectors_yet_are_waited_for(self) -> None:
        give_cards(self.alice, *(NewCard(question=f"Question {n}", answer="a") for n in range(8)))
        self.bring_up()
        make_map(str(self.alice.id))
        row = self.bring_up()
        assert row is not None
        self.assertEqual((row.status, row.version), (Status.DONE, 0))
        again = self.bring_up(later=10)
        assert again is not None
        self.assertEqual(again.status, Status.WORKING)

    def test_a_failure_is_told_and_tried_again_when_asked(self) -> None:
        give_topics(self.alice, 5)
        self.bring_up()
        with (
            mock.patch.object(layout, "lay_out_points", side_effect=MemoryError),
            self.assertRaises(MemoryError),
        ):
            make_map(str(self.alice.id))
        row = self.bring_up(later=10)
        assert row is not None
        self.assertEqual((row.status, row.error), (Status.FAILED, card_map.BROKEN))
        card_map.request(owner_id=self.alice.id, now=self.now)
        full = OSError(errno.ENOSPC, "No space left on device")
        with mock.patch.object(layout, "lay_out_points", side_effect=full):
            self.assertRaises(OSError, make_map, str(self.alice.id))
        row.refresh_from_db()
        self.assertEqual((row.status, row.error), (Status.FAILED, DISK_FULL))
        card_map.request(owner_id=self.alice.id, now=self.now)
        make_map(str(self.alice.id))
        row.refresh_from_db()
        self.assertEqual(row.status, Status.DONE)

    def test_one_whose_worker_died_is_failed(self) -> None:
        give_topics(self.alice, 5)
        self.bring_up()
        row = self.bring_up(later=6)
        assert row is not None
        self.assertEqual((row.status, row.error), (Status.FAILED, card_map.INTERRUPTED))

    def test_a_job_that_another_has_taken_over_writes_nothing(self) -> None:
        give_topics(self.alice, 5)
        row = self.bring_up()
        assert row is not None
        stale = CardMap.objects.get(id=row.id)
        card_map.request(owner_id=self.alice.id, now=self.now + timedelta(minutes=6))
        # It notices while it works, if that takes longer than a heartbeat, or at the end.
        with contextlib.suppress(layout.Cancelled):
            card_map._bring_up(stale, timezone.now)
        row.refresh_from_db()
        self.assertEqual((row.status, row.version), (Status.WORKING, 0))

    def test_stopped_it_writes_nothing_and_stays_stopped_until_asked_for(self) -> None:
        old = self.made()
        give_topics(self.alice, 5)
        row = card_map.request(owner_id=self.alice.id, now=self.now)
        card_map.stop(owner_id=self.alice.id, now=self.now)
        with contextlib.suppress(layout.Cancelled):
            card_map._bring_up(row, timezone.now)
        again = self.bring_up()
        assert again is not None
        self.assertEqual((again.status, again.version), (Status.STOPPED, old.version))
        self.assertEqual(bytes(again.positions), bytes(old.row.positions))

    def test_it_goes_with_the_account_and_is_not_exported(self) -> None:
        self.made()
        self.assertNotIn(CardMap, account_export.exported_models())
        self.alice.delete()
        self.assertFalse(CardMap.objects.exists())
