"""The switch from one engine to the other: every row arrives, and what is odd is told."""

import dataclasses
import uuid
from datetime import timedelta
from unittest import mock

import numpy as np
from django.db import connection, connections, transaction
from django.db.models import F
from django.test import TransactionTestCase
from procrastinate.jobs import Job

from accounts.models import User
from flashcards import store, tasks
from flashcards.cards.cards import create_cards
from flashcards.domain.answer_codes import QUARTER_MICROS
from flashcards.domain.records import Flashcard, NewCard, Rating, ReviewLog
from flashcards.domain.study_day import micros
from flashcards.maintenance import check, switch_store
from flashcards.models import (
    JournalEntry,
    ReviewTotals,
    StoreSwitch,
    StoreVersions,
    UnplacedReview,
)
from flashcards.review.ratings import review_card, undo_review
from flashcards.store import Change, engines
from flashcards.store.lance import tables
from flashcards.store.rows import codec
from flashcards.store.rows.schema import REVIEW_LOGS
from flashcards.store.switch import rows
from memoryloop.postgres import extensions
from tests.factories import NOW, flashcard, review_log
from tests.flashcards.store.switch.switching import LANCEDB, POSTGRESQL, SwitchTestCase

ODD = ("\\.", "a\n\\.\nb", "tab\tand \\N", "'; --", "\U0001d54f e\u0301 \u202e", "\u0001", '"{},')


def whole(
    owner: User,
) -> tuple[dict[uuid.UUID, Flashcard], dict[uuid.UUID, ReviewLog], dict[uuid.UUID, bytes]]:
    """Return all that the engine that serves has of a learner."""
    store.clear_cache()
    cards = {card.id: card for card in store.cards.for_owner(owner).with_deleted()}
    logs = {log.id: log for log in store.review_logs.for_owner(owner)}
    vectors = {i: v.tobytes() for i, v in zip(*store.vectors(owner.pk), strict=True)}
    return cards, logs, vectors


class SwitchHelpers(SwitchTestCase):
    def write(self, *changes: Change) -> None:
        with transaction.atomic():
            for owner_id in {change.card.owner_id for change in changes}:
                store.lock_owner(owner_id)
            store.write(changes)

    def fill(self, owner: User, cards: int) -> None:
        """Write cards of every kind, some with a vector, some reviewed, some in the trash."""
        key = store.read_vector_sets().serving.key
        width = store.read_vector_sets().serving.dimensions
        numbers = np.random.default_rng(1)
        changes = []
        for number in range(cards):
            card = flashcard(
                owner,
                question=f"{ODD[number % len(ODD)]} {number}",
                tags=("a", ODD[number % len(ODD)]) if number % 3 else (),
                deck_ids=(uuid.uuid4(), uuid.uuid4()) if number % 2 else (),
                embedding_model=key if number % 4 else "",
                deleted_at=NOW if number % 11 == 0 else None,
                buried_until=NOW + timedelta(microseconds=1) if number % 5 == 0 else None,
            )
            vector = (numbers.standard_normal(width) / 20).astype(np.float32)
            changes.append(Change(card, vector=vector if number % 4 else None))
        self.write(*changes)
        for change in changes[1 : cards // 4]:
            if change.card.deleted_at is None:
                self.rate(change.card)

    def rate(self, card: Flashcard, sequence: int = 0) -> None:
        review_card(
            owner_id=card.owner_id,
            card_id=card.id,
            review_id=uuid.uuid4(),
            sequence=sequence,
            rating=Rating.GOOD,
            now=NOW + timedelta(days=1 + sequence),
        )


class SwitchTests(SwitchHelpers):
    def test_totals_of_an_earlier_version_are_counted_anew_before(self) -> None:
        cards = [flashcard(self.alice) for _ in range(2)]
        self.write(*map(Change, cards))
        for card in cards:
            self.rate(card)
        store.checkpoint_all()
        # They were by the hour.
        ReviewTotals.objects.update(quarter=F("quarter") - F("quarter") % 4)
        StoreVersions.objects.update(totals_are_fine=False)
        wanted = {micros(log.reviewed_at) for log in store.review_logs.for_owner(self.alice)}
        switch_store.run(POSTGRESQL)
        totals = store.answer_totals(self.alice.pk)
        assert totals is not None
        self.assertEqual(totals.counts.sum(), 2)
        self.assertEqual(set(totals.quarters.tolist()), {each // QUARTER_MICROS for each in wanted})

    def test_all_rows_go_there_and_back_and_stay_the_same(self) -> None:
        self.fill(self.alice, 120)
        self.fill(self.bob, 30)
        undo_review(owner_id=self.bob.pk, undo_id=uuid.uuid4(), now=NOW + timedelta(days=1))
        before = whole(self.alice), whole(self.bob)
        self.assertTrue(before[0][2])
        totals = store.answer_totals(self.alice.pk)
        assert totals is not None
        with mock.patch.multiple(rows, PART_CARDS=40, PART_REVIEWS=1000):
            there = switch_store.run(POSTGRESQL)
        self.assertEqual(engines.name(), POSTGRESQL)
        self.assertEqual((there.cards, there.not_folded, there.left_out), (150, 0, 0))
        self.assertEqual(StoreSwitch.objects.get().parts, 4)
        self.assertEqual((whole(self.alice), whole(self.bob)), before)
        after = store.answer_totals(self.alice.pk)
        assert after is not None
        self.assertEqual(after.counts.sum(), totals.counts.sum())
        self.assertFalse(JournalEntry.objects.exists())
        # What is written from now on goes back as well, and what is erased stays away.
        cards = [card for card in store.cards.for_owner(self.alice) if card.sequence == 0]
        self.rate(cards[0])
        self.rate(cards[0], sequence=1)
        with transaction.atomic():
            store.lock_owner(self.alice.pk)
            store.erase_cards([cards[1]])
        before = whole(self.alice), whole(self.bob)
        back = switch_store.run(LANCEDB)
        self.assertEqual(engines.name(), LANCEDB)
        self.assertEqual((back.cards, back.reviews), (149, len(before[0][1]) + len(before[1][1])))
        self.assertEqual((whole(self.alice), whole(self.bob)), before)
        self.assertNotIn(cards[1].id, before[0][0])
        self.assertEqual(check.check().findings, [])
        self.rate(cards[2])
        store.checkpoint_all()
        self.assertEqual(len(whole(self.alice)[1]), len(before[0][1]) + 1)

    def test_what_changes_while_the_rows_are_copied_comes_along(self) -> None:
        self.fill(self.alice, 40)
        self.fill(self.bob, 20)
        for target in (POSTGRESQL, LANCEDB):
            cards = [card for card in store.cards.for_owner(self.alice) if card.sequence == 0]
            done: list[switch_store.Progress] = []

            def change(
                progress: switch_store.Progress,
                cards: list[Flashcard] = cards,
                done: list[switch_store.Progress] = done,
            ) -> None:
                if progress.sentence != "Making indexes":
                    return
                done.append(progress)
                self.rate(cards[0])
                self.write(Change(dataclasses.replace(cards[1], question="Other words")))
                create_cards(
                    owner_id=self.alice.pk, cards=[NewCard(question="New", answer="A")], now=NOW
                )
                with transaction.atomic():
                    store.lock_owner(self.alice.pk)
                    store.erase_cards([cards[2]])
                if bob := User.objects.filter(email="bob@example.org").first():
                    bob.delete()

            with self.subTest(target=target):
                switched = switch_store.run(target, tell=change)
                self.assertEqual(len(done), 1)
                self.assertGreaterEqual(switched.moved_last, 4)
                found, logs, _ = whole(self.alice)
                self.assertEqual(found[cards[0].id].sequence, 1)
                self.assertEqual(found[cards[1].id].question, "Other words")
                self.assertNotIn(cards[2].id, found)
                self.assertIn(cards[0].id, {log.flashcard_id for log in logs.values()})
                self.assertEqual(store.cards.all_owners().with_deleted().count(), len(found))
                self.assertEqual(check.check().findings, [])

    def test_odd_rows_are_kept_or_told(self) -> None:
        self.fill(self.alice, 8)
        card, lost = flashcard(self.alice), flashcard(self.alice)
        stranger = flashcard(self.alice, owner_id=uuid.uuid4())
        orphan = review_log(lost)
        with transaction.atomic():
            store.lock_owner(self.alice.pk)
            nul = dataclasses.replace(card, question="a\x00b", tags=("t\x00",))
            store.write_many(self.alice.pk, [nul, stranger], [orphan])
        store.checkpoint_all()
        twice = review_log(card)
        logs = tables.for_writing(REVIEW_LOGS)
        logs.add(codec.to_table(REVIEW_LOGS, [twice, twice]))
        StoreVersions.objects.update(review_logs=logs.version)
        done = switch_store.run(POSTGRESQL)
        self.assertEqual((done.doubled, done.left_out, done.not_folded), (1, 1, 1))
        found, kept, _ = whole(self.alice)
        self.assertEqual((found[card.id].question, found[card.id].tags), ("ab", ("t",)))
        self.assertNotIn(stranger.id, found)
        self.assertEqual(
            (UnplacedReview.objects.get().id, len(kept)), (orphan.id, done.reviews - 1)
        )
        switch_store.run(LANCEDB)
        self.assertIn(orphan.id, whole(self.alice)[1])

    def test_a_store_that_was_never_written_is_switched(self) -> None:
        for target in (POSTGRESQL, LANCEDB):
            self.assertEqual(switch_store.run(target).cards, 0)
            self.assertEqual(engines.name(), target)
        self.fill(self.alice, 3)
        self.assertEqual(len(whole(self.alice)[0]), 3)

    def test_rows_left_of_an_earlier_time_are_replaced(self) -> None:
        self.fill(self.alice, 10)
        switch_store.run(POSTGRESQL)
        card = next(iter(store.cards.for_owner(self.alice).filter(sequence=0)))
        # As after a restore of a backup: the same change, with other words.
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE flashcards_flashcard SET answer = 'other' WHERE id = %s", [card.id]
            )
        before = whole(self.alice)
        switch_store.run(LANCEDB)
        self.assertEqual(whole(self.alice), before)

    def test_a_request_that_meets_the_switch_is_answered_by_the_new_engine(self) -> None:
        self.fill(self.alice, 8)
        self.client.force_login(self.alice)
        card = next(iter(store.cards.for_owner(self.alice).filter(sequence=0)))
        for target, before in ((POSTGRESQL, LANCEDB), (LANCEDB, POSTGRESQL)):
            with self.subTest(target=target):
                switch_store.run(target)
                # This process has not noticed yet.
                engines.remember(before)
                response = self.client.post(f"/review/{card.id}/suspend/")
                self.assertLess(response.status_code, 400)
                self.assertEqual(engines.name(), target)
                found = store.cards.for_owner(self.alice).get(id=card.id)
                self.assertTrue(found.suspended)
                changed = dataclasses.replace(found, suspended=False)
                self.write(Change(changed))
                engines.remember(before)
                self.assertEqual(self.client.get("/cards/").status_code, 200)
                # Whoever erases an account that is gone already notices, too.
                engines.remember(before)
                with self.assertRaises(store.EngineChanged), transaction.atomic():
                    engines.named(before).erase_owner(uuid.uuid4())

    def test_a_job_that_meets_the_switch_in_a_query_is_done_again_by_the_new_engine(self) -> None:
        self.fill(self.alice, 3)
        cards = store.cards.for_owner(self.alice).count()
        switch_store.run(POSTGRESQL)
        # This process has not noticed yet.
        engines.remember(LANCEDB)
        with self.assertRaises(store.EngineChanged) as met, transaction.atomic():
            store.cards.for_owner(self.alice).count()
        job = mock.create_autospec(Job, instance=True, attempts=1)
        self.assertIsNotNone(tasks.SWITCHED.get_retry_decision(exception=met.exception, job=job))
        self.assertEqual(store.cards.for_owner(self.alice).count(), cards)

    def test_the_old_store_is_kept_until_it_is_dropped(self) -> None:
        self.fill(self.alice, 6)
        with self.assertRaisesMessage(switch_store.SwitchError, "nothing is old"):
            switch_store.drop_old()
        switch_store.run(POSTGRESQL)
        before = whole(self.alice)
        self.assertEqual(switch_store.drop_old(), "LanceDB")
        self.assertFalse(tables.is_there(REVIEW_LOGS))
        self.assertEqual(whole(self.alice), before)
        switch_store.run(LANCEDB)
        self.assertEqual(switch_store.drop_old(), "PostgreSQL")
        self.assertEqual(whole(self.alice), before)


class RefusalTests(TransactionTestCase):
    """What cannot be switched says so in plain words, and nothing has switched."""

    def setUp(self) -> None:
        StoreVersions.objects.update_or_create(id=1, defaults={"engine": LANCEDB})
        engines.forget()
        self.addCleanup(engines.forget)
        self.alice = User.objects.create_user("alice@example.org")
        create_cards(owner_id=self.alice.pk, cards=[NewCard(question="Q", answer="A")] * 3, now=NOW)

    def assert_refused(self, words: str, target: str = POSTGRESQL) -> None:
        with self.assertRaisesMessage(store.StoreError, words):
            switch_store.run(target)
        engines.forget()
        self.assertEqual(engines.name(), LANCEDB)
        self.assertEqual(store.cards.for_owner(self.alice).count(), 3)

    def test_already_there(self) -> None:
        self.assert_refused("The cards are in LanceDB already.", LANCEDB)

    def test_two_at_once(self) -> None:
        other = connections.create_connection("default")
        try:
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(%s)", [0x4D4C_7377])
                self.assert_refused("Another switch is under way")
                cursor.execute("SELECT pg_advisory_unlock(%s)", [0x4D4C_7377])
        finally:
            other.close()
        self.assertEqual(switch_store.run(POSTGRESQL).cards, 3)
        switch_store.run(LANCEDB)

    def test_an_old_pgvector(self) -> None:
        with mock.patch.object(extensions, "may_index_vectors", autospec=True, return_value=False):
            self.assert_refused("pgvector 0.8.3 or later")

    def test_a_newer_schema(self) -> None:
        store.checkpoint_all()
        StoreVersions.objects.update(schema=99)
        with self.assertRaisesMessage(store.OtherSchema, "has schema 99"):
            switch_store.run(POSTGRESQL)

    def test_a_full_disk(self) -> None:
        target = "flashcards.store.switch.postgres_side.PostgresSide.replace"
        full = OSError(28, "No space left on device")
        with mock.patch(target, autospec=True, side_effect=full):
            self.assert_refused("The disk is full")
        self.assertEqual(switch_store.run(POSTGRESQL).cards, 3)
        switch_store.run(LANCEDB)

    def test_a_full_disk_of_postgresql(self) -> None:
        """While rows are copied, whose errors are not Django's, and while they are written."""
        with connection.cursor() as cursor:
            cursor.execute("""
                CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                RAISE 'could not extend file: No space left on device' USING ERRCODE = '53100';
                END $$;
                CREATE TRIGGER full_disk BEFORE INSERT ON flashcards_flashcard
                EXECUTE FUNCTION full_disk();
            """)
        self.addCleanup(self.make_room)
        self.assert_refused("The disk is full")
        with connection.cursor() as cursor:
            cursor.execute("""
                DROP TRIGGER full_disk ON flashcards_flashcard;
                CREATE TRIGGER full_disk BEFORE UPDATE ON flashcards_storeversions
                EXECUTE FUNCTION full_disk();
            """)
        self.assert_refused("The disk is full")
        self.make_room()
        self.assertEqual(switch_store.run(POSTGRESQL).cards, 3)
        switch_store.run(LANCEDB)

    def make_room(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION IF EXISTS full_disk CASCADE")

    def test_a_postgresql_that_goes_away(self) -> None:
        def end_connection(*_: object, **__: object) -> None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

        target = "flashcards.store.switch.postgres_side.PostgresSide.counts"
        with mock.patch(target, autospec=True, side_effect=end_connection):
            self.assert_refused("PostgreSQL went away.")
        self.assertEqual(switch_store.run(POSTGRESQL).cards, 3)
        switch_store.run(LANCEDB)
