"""LanceDB's tables are missing, older than recorded, or another installation's. Nothing is lost."""

import dataclasses
import io
import shutil
import uuid
from datetime import timedelta
from pathlib import Path
from unittest import mock

from django.conf import settings
from django.core.management import call_command
from django.db import transaction

from flashcards.cards.cards import delete_card
from flashcards.domain.records import Flashcard, Rating
from flashcards.maintenance import bulk_load, check
from flashcards.maintenance.health import check_card_store
from flashcards.models import JournalEntry, MovedEntry, ReviewTotals, StoreVersions
from flashcards.review.ratings import undo_review
from flashcards.store import (
    OtherStore,
    StoreError,
    cards,
    check_readable,
    clear_cache,
    erase_cards,
    lock_owner,
    recover,
    review_logs,
)
from flashcards.store.lance import tables
from flashcards.store.maintenance import checkpoint, recorded
from flashcards.store.rows.schema import FLASHCARDS
from memoryloop.server.health import FailingError
from tests.base import TestCase
from tests.engines import InLanceDB
from tests.factories import NOW, flashcard, review_log, stored_card
from tests.flashcards.given_cards import answer


class _Folder:
    """The test's LanceDB folder, moved and copied as an administrator might."""

    def __init__(self) -> None:
        self.path = Path(settings.LANCEDB_URI)
        self.copies = 0

    def copy(self) -> Path:
        self.copies += 1
        return Path(shutil.copytree(self.path, self.path.with_name(f"copy-{self.copies}")))

    def put_back(self, copy: Path | None) -> None:
        """Put a copy in the place of the folder; with None, nothing."""
        shutil.rmtree(self.path)
        if copy is not None:
            shutil.copytree(copy, self.path)
        clear_cache()
        tables.clear_cache()


class OtherStoreTests(InLanceDB, TestCase):
    def setUp(self) -> None:
        self.now = NOW + timedelta(hours=1)
        self.cards = [stored_card(self.alice) for _ in range(3)]
        self.review()
        checkpoint.run_until_empty()
        self.folder = _Folder()

    def review(self) -> None:
        self.now += timedelta(minutes=10)
        for card in self.cards:
            answer(cards.for_owner(self.alice).get(id=card.id), Rating.GOOD, now=self.now)

    def images(self) -> dict[uuid.UUID, Flashcard]:
        return {card.id: card for card in cards.for_owner(self.alice)}

    def assert_nothing_moves(self, sentence: str) -> None:
        """Check that reads and writes are refused, health says so, and the journal stays."""
        before = JournalEntry.objects.count()
        self.assertGreater(before, 0)
        for refused in (checkpoint.run, checkpoint.run_until_empty, check_readable, recover):
            if refused is recover and "older" in sentence:
                continue
            clear_cache()
            with self.subTest(refused.__module__), self.assertRaisesRegex(OtherStore, sentence):
                refused()
        with self.assertRaisesRegex(OtherStore, sentence):
            list(cards.for_owner(self.alice))
        self.assertEqual(JournalEntry.objects.count(), before)
        with self.assertRaisesRegex(FailingError, "what was saved is kept"):
            check_card_store()
        report = check.check(repair=True)
        self.assertEqual([finding.kind for finding in report.findings], ["unreadable"])
        self.assertFalse(report.is_clean)
        self.assertEqual(JournalEntry.objects.count(), before)

    def assert_all_is_well(self, reviews: int) -> None:
        checkpoint.run_until_empty()
        report = check.check()
        self.assertEqual((report.findings, report.cards, report.logs), ([], 3, reviews))

    def test_an_empty_folder_is_refused(self) -> None:
        copy = self.folder.copy()
        self.review()
        self.folder.put_back(None)
        self.assert_nothing_moves("has no table flashcards")
        self.folder.put_back(copy)
        self.assert_all_is_well(6)

    def test_one_table_that_is_missing_is_refused(self) -> None:
        copy = self.folder.copy()
        self.review()
        shutil.rmtree(self.folder.path / "flashcards.lance")
        clear_cache()
        tables.clear_cache()
        self.assert_nothing_moves("has no table flashcards")
        self.folder.put_back(copy)
        self.assert_all_is_well(6)

    def test_the_tables_of_another_installation_are_refused(self) -> None:
        copy = self.folder.copy()
        self.review()
        tables.write_store_id(uuid.uuid4())
        tables.clear_cache()
        self.assert_nothing_moves("belong to another PostgreSQL database")
        self.folder.put_back(copy)
        self.assert_all_is_well(6)

    def test_they_are_refused_also_after_their_id_could_not_be_read(self) -> None:
        tables.write_store_id(uuid.uuid4())
        tables.clear_cache()
        broken = mock.patch.object(tables, "read_store_id", side_effect=StoreError("Away."))
        with broken, self.assertRaises(StoreError):
            check_readable()
        with self.assertRaisesRegex(OtherStore, "belong to another PostgreSQL database"):
            check_readable()

    def test_an_empty_database_does_not_take_tables_that_have_an_owner(self) -> None:
        StoreVersions.objects.all().delete()
        stored_card(self.alice)
        with self.assertRaisesRegex(OtherStore, "belong to another PostgreSQL database"):
            checkpoint.run()
        self.assertEqual(JournalEntry.objects.count(), 1)

    def test_older_tables_are_refused_and_brought_up_to_date(self) -> None:
        copy = self.folder.copy()
        for _ in range(3):
            self.review()
            checkpoint.run_until_empty()
        undo_review(owner_id=self.alice.pk, undo_id=uuid.uuid4(), now=self.now)
        checkpoint.run_until_empty()
        totals = list(ReviewTotals.objects.order_by("pk").values())
        self.review()
        expected = self.images()
        self.folder.put_back(copy)
        self.assert_nothing_moves("older copy of its files put back")
        self.assertGreater(recover(), 9)
        self.assertEqual(self.images(), expected)
        self.assertEqual(list(ReviewTotals.objects.order_by("pk").values()), totals)
        self.assert_all_is_well(16)
        self.assertEqual(recover(), 0)
        self.review()
        self.assert_all_is_well(19)

    def test_tables_older_than_what_is_kept_are_refused(self) -> None:
        copy = self.folder.copy()
        self.review()
        checkpoint.run_until_empty()
        kept = MovedEntry.objects.order_by("id")
        first = kept.filter(flashcards=kept.last().flashcards)  # type: ignore[union-attr]
        MovedEntry.objects.exclude(id__in=first.values("id")).delete()
        self.review()
        checkpoint.run_until_empty()
        MovedEntry.objects.filter(id__in=first.values("id")[:3]).delete()
        self.folder.put_back(copy)
        with self.assertRaisesRegex(OtherStore, "put back a newer copy"):
            recover()

    def test_what_was_moved_is_kept_for_a_day(self) -> None:
        self.assertEqual(MovedEntry.objects.count(), 6)
        MovedEntry.objects.update(moved_at=NOW - timedelta(days=400))
        self.review()
        checkpoint.run()
        self.assertEqual(MovedEntry.objects.count(), 3)

    def test_cards_that_are_erased_do_not_come_back(self) -> None:
        copy = self.folder.copy()
        loaded = [flashcard(self.alice) for _ in range(3)]
        logs = [review_log(card) for card in loaded]
        loaded = [dataclasses.replace(card, sequence=1) for card in loaded]
        bulk_load.load_cards(owner_id=self.alice.pk, cards=loaded, logs=logs)
        checkpoint.run_until_empty()
        gone = [loaded[0], self.images()[self.cards[0].id]]
        for card in gone:
            delete_card(owner_id=self.alice.pk, card_id=card.id, now=self.now)
        with transaction.atomic():
            lock_owner(self.alice.pk)
            erase_cards(gone)
        checkpoint.run_until_empty()
        words = [str(image) for image in MovedEntry.objects.values_list("card", flat=True)]
        self.assertNotIn(self.cards[0].question, " ".join(words))
        self.folder.put_back(copy)
        recover()
        ids = {card.id for card in cards.for_owner(self.alice).with_deleted()}
        self.assertEqual(ids, {card.id for card in [*self.cards, *loaded]} - {c.id for c in gone})
        self.assertEqual(review_logs.for_owner(self.alice).count(), 4)

    def test_the_command_also_erases_accounts_that_went_since(self) -> None:
        bob = stored_card(self.bob)
        checkpoint.run_until_empty()
        copy = self.folder.copy()
        self.bob.delete()
        self.review()
        checkpoint.run_until_empty()
        self.folder.put_back(copy)
        call_command("recover_store", stdout=io.StringIO())
        found = tables.for_writing(FLASHCARDS).search().limit(99).to_arrow()["id"].to_pylist()
        self.assertNotIn(str(bob.id), found)
        self.assertEqual(len(found), 3)

    def test_a_store_from_before_there_were_ids_gets_one(self) -> None:
        StoreVersions.objects.update(store_id=None, flashcards_rows=None, review_logs_rows=None)
        shutil.rmtree(self.folder.path / "store.lance")
        tables.clear_cache()
        self.review()
        self.assert_all_is_well(6)
        found = StoreVersions.objects.get()
        self.assertEqual(found.store_id, tables.read_store_id())
        self.assertEqual((found.flashcards_rows, found.review_logs_rows), (3, 6))

    def test_fewer_rows_than_recorded_are_told(self) -> None:
        StoreVersions.objects.update(review_logs_rows=5)
        report = check.check()
        self.assertEqual([finding.kind for finding in report.findings], ["rows_missing"])
        self.assertEqual(report.findings[0].examples, ["review_logs: 3 rows of 5"])

    def test_a_claim_gives_both_stores_a_new_id(self) -> None:
        before = tables.read_store_id()
        recorded.claim()
        tables.clear_cache()
        self.assertNotEqual(tables.read_store_id(), before)
        self.assertFalse(MovedEntry.objects.exists())
        self.review()
        self.assert_all_is_well(6)
