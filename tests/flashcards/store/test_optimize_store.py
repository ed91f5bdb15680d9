"""optimize_store leaves one fragment, all indexes and no old versions, and every row."""

import json
import time
from datetime import timedelta
from io import StringIO
from unittest import mock

from django.core.management import call_command
from django.core.management.base import CommandError

from flashcards.maintenance import check
from flashcards.models import JournalEntry, StoreVersions
from flashcards.store import cards, review_logs
from flashcards.store.lance import tables
from flashcards.store.maintenance import checkpoint, optimize
from flashcards.store.rows.schema import FLASHCARDS, REVIEW_LOGS, SCHEMA_VERSION
from tests.base import TestCase
from tests.engines import InLanceDB
from tests.factories import review_log, store, stored_card


class OptimizeStoreTests(InLanceDB, TestCase):
    def setUp(self) -> None:
        for _ in range(4):
            card = stored_card(self.alice)
            store(card, logs=(review_log(card, sequence=0),))
            checkpoint.run()
        # Waits in the journal.
        stored_card(self.alice)
        self.cards = list(cards.for_owner(self.alice))

    def drop_an_index(self) -> None:
        with checkpoint.exclusive() as recorded:
            table = tables.for_writing(FLASHCARDS)
            (index,) = (i for i in table.list_indices() if i.columns == ["due"])
            table.drop_index(index.name)
            recorded.flashcards = table.version

    def test_it_compacts_prunes_and_mends_indexes_and_keeps_every_row(self) -> None:
        self.drop_an_index()
        found, logs = optimize.optimize_fully(timedelta(0))
        self.assertEqual((found.table, found.after.rows), ("flashcards", 5))
        self.assertEqual((logs.table, logs.after.rows), ("review_logs", 4))
        for done in (found, logs):
            self.assertGreater(done.before.fragments, 1)
            self.assertLess(done.after.fragments, done.before.fragments)
            self.assertLess(done.after.versions, done.before.versions)
        self.assertEqual(found.indexes_made, ["due"])
        self.assertEqual(JournalEntry.objects.count(), 0)
        self.assertEqual(list(cards.for_owner(self.alice)), self.cards)
        self.assertEqual(review_logs.for_owner(self.alice).count(), 4)
        kinds = {finding.kind for finding in check.check().findings}
        self.assertEqual(kinds & {"index_missing", "index_behind", "duplicate_cards"}, set())

    def test_the_worker_tends_what_is_due_and_readers_keep_what_they_have(self) -> None:
        checkpoint.run()
        self.assertFalse(optimize.optimize_if_due())
        self.drop_an_index()
        checkpoints = StoreVersions.objects.get().checkpoints
        self.assertTrue(optimize.optimize_if_due())
        self.assertFalse(optimize.optimize_if_due())
        with mock.patch.object(optimize, "UNINDEXED_ROWS_MOST", 2):
            for _ in range(3):
                stored_card(self.alice)
            checkpoint.run()
            self.assertTrue(optimize.optimize_if_due())
        # Only the checkpoint is counted: what is tended has the same rows as before.
        self.assertEqual(StoreVersions.objects.get().checkpoints, checkpoints + 1)
        self.assertEqual(cards.for_owner(self.alice).count(), 8)

    def test_after_one_that_took_long_the_worker_rests(self) -> None:
        checkpoint.run()
        last = optimize.LastRun(ended=time.monotonic(), seconds=60)
        with mock.patch.object(optimize, "_last", last):
            self.drop_an_index()
            self.assertFalse(optimize.optimize_if_due())
            last.ended -= optimize.REST * 60
            self.assertTrue(optimize.optimize_if_due())
            # That one was quick.
            self.drop_an_index()
            self.assertTrue(optimize.optimize_if_due())

    def test_what_it_leaves_is_recorded(self) -> None:
        optimize.optimize_fully()
        recorded = StoreVersions.objects.get()
        self.assertEqual(recorded.flashcards, tables.for_writing(FLASHCARDS).version)
        self.assertEqual(recorded.review_logs, tables.for_writing(REVIEW_LOGS).version)
        self.assertEqual(recorded.schema, SCHEMA_VERSION)

    def test_old_versions_are_kept_as_long_as_asked(self) -> None:
        before = len(tables.for_writing(FLASHCARDS).list_versions())
        cards, _ = optimize.optimize_fully(timedelta(hours=1))
        self.assertGreaterEqual(cards.after.versions, before)

    def test_the_command_tells_people_and_machines(self) -> None:
        out, progress = StringIO(), StringIO()
        call_command("optimize_store", "--keep-versions", "0", stdout=out, stderr=progress)
        self.assertRegex(out.getvalue(), r"flashcards: 5 rows, fragments 5 → \d, versions \d+ →")
        self.assertIn("Compacting review_logs", progress.getvalue())
        out = StringIO()
        call_command("optimize_store", "--json", stdout=out)
        self.assertEqual([t["after"]["rows"] for t in json.loads(out.getvalue())], [5, 4])

    def test_a_number_of_hours_below_zero_is_refused(self) -> None:
        for hours in ("-1", "soon", "nan"):
            with self.assertRaisesRegex(CommandError, "is not a number of hours"):
                call_command("optimize_store", f"--keep-versions={hours}")


class EmptyStoreTests(TestCase):
    def test_an_empty_store_is_said_to_be_empty(self) -> None:
        out = StringIO()
        call_command("optimize_store", stdout=out, verbosity=0)
        self.assertEqual(out.getvalue(), "The card store is empty.\n")
