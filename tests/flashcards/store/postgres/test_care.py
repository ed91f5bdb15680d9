"""PostgreSQL's tables are looked after: read, counted, checked, mended, vacuumed, restored."""

import tempfile
import uuid
from datetime import timedelta
from pathlib import Path

import psycopg
from django.db import IntegrityError, connection, transaction
from django.db.models.deletion import Collector
from django.test import TransactionTestCase

from accounts.models import User
from flashcards.models import CardRow, CardVector, ReviewRow, StoreVersions
from flashcards.store.errors import StoreError
from flashcards.store.postgres.care import backup, health, indexes, optimize, upgrades
from flashcards.store.rows.schema import SCHEMA_VERSION
from tests.base import TestCase
from tests.flashcards.store.postgres.card_rows import card_row, review_row
from tests.flashcards.store.processes import database_url

EVERY = uuid.UUID(int=0), uuid.UUID(int=2**128 - 1)


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        (rows,) = cursor.fetchone()
    return int(rows)


class HealthTests(TestCase):
    def setUp(self) -> None:
        self.rows = [card_row(self.alice) for _ in range(3)]
        review_row(self.alice, self.rows[0])

    def test_the_state_counts_rows_of_everybody_and_nothing_is_pending(self) -> None:
        card_row(self.bob, deleted_at=self.rows[0].created_at)
        status = health.status()
        self.assertEqual(
            [(t.name, t.rows) for t in status.tables], [("flashcards", 4), ("review_logs", 1)]
        )
        self.assertEqual((status.pending, status.schema), (0, SCHEMA_VERSION))
        self.assertGreater(status.tables[0].bytes or 0, 8_192)
        self.assertEqual(backup.count_rows(), 5)

    def test_a_table_that_cannot_be_read_is_a_sentence(self) -> None:
        health.check_readable()
        with transaction.atomic():
            execute("ALTER TABLE flashcards_reviewlog RENAME TO elsewhere")
            (cards, logs) = health.status().tables
            self.assertEqual((cards.rows, logs.rows), (3, None))
            self.assertIn("cannot be read right now", logs.error)
            with self.assertRaisesRegex(StoreError, "cannot be read"), transaction.atomic():
                health.check_readable()
            transaction.set_rollback(True)

    def test_a_new_database_without_tables_has_no_rows(self) -> None:
        with transaction.atomic():
            for name in ("cardvector", "reviewlog", "flashcard"):
                execute(f"ALTER TABLE flashcards_{name} RENAME TO gone_{name}")
            self.assertEqual(backup.count_rows(), 0)
            transaction.set_rollback(True)

    def test_a_card_that_is_not_found_by_its_words_is_told(self) -> None:
        self.assertEqual(health.find_differing_images(*EVERY), [])
        CardRow.objects.filter(pk=self.rows[1].pk).update(question="Changed past the store?")
        self.assertEqual(health.find_differing_images(*EVERY), [self.rows[1].pk])
        self.assertEqual(health.find_differing_images(EVERY[1], EVERY[1]), [])

    def test_what_another_engine_could_lack_is_never_lacking(self) -> None:
        self.assertEqual(health.find_missing_rows() + health.find_residue(), [])
        self.assertEqual((list(upgrades.needed()), list(upgrades.run())), ([], []))
        self.assertEqual(backup.recover(), 0)


class IndexTests(TestCase):
    def test_a_missing_index_is_told_and_made(self) -> None:
        self.assertEqual(list(indexes.find_faults()), [])
        execute("DROP INDEX card_by_due")
        execute("DROP INDEX review_by_time")
        for column in ("note_id", "flashcard_id"):
            (name,) = _names_of(column)
            execute(f'DROP INDEX "{name}"')
        found = [where for kind, where in indexes.find_faults() if kind == "index_missing"]
        self.assertEqual(
            sorted(found),
            [
                "flashcards_flashcard.card_by_due",
                "flashcards_flashcard.flashcards_flashcard_note_id",
                "flashcards_reviewlog.flashcards_reviewlog_flashcard",
                "flashcards_reviewlog.review_by_time",
            ],
        )
        self.assertTrue(optimize.optimize_if_due())
        self.assertEqual(list(indexes.find_faults()), [])
        self.assertFalse(optimize.optimize_if_due())


class UnusableIndexTests(TransactionTestCase):
    def test_an_index_whose_building_was_cut_off_is_told_and_made_anew(self) -> None:
        alice = User.objects.create_user("alice@example.org")
        for _ in range(2):
            card_row(alice, flag=3)
        with self.assertRaises(IntegrityError):
            execute(
                "CREATE UNIQUE INDEX CONCURRENTLY one_flag_ccnew ON flashcards_flashcard (flag)"
            )
        execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'card_by_tag'::regclass")
        found = [where for _, where in indexes.find_faults()]
        self.assertEqual(
            found,
            [
                "flashcards_flashcard.card_by_tag, which is not valid",
                "flashcards_flashcard.one_flag_ccnew, which is not valid",
            ],
        )
        optimize.optimize()
        self.assertEqual(list(indexes.find_faults()), [])
        self.assertNotIn("one_flag_ccnew", indexes.names([CardRow]))

    def test_two_processes_do_not_make_the_same_index(self) -> None:
        execute("DROP INDEX card_by_due")
        with psycopg.connect(database_url(), autocommit=True) as other:
            other.execute("SELECT pg_advisory_lock(%s)", [indexes._LOCK])
            self.assertEqual(indexes.mend(), [])
            other.execute("SELECT pg_advisory_unlock(%s)", [indexes._LOCK])
            self.assertEqual(indexes.mend(), ["card_by_due"])

    def test_dead_rows_are_cleared_away_and_what_was_done_is_told(self) -> None:
        self.assertEqual(optimize.optimize_fully(), [])
        alice = User.objects.create_user("alice@example.org")
        row = card_row(alice)
        review_row(alice, row)
        for flag in range(5):
            CardRow.objects.update(flag=flag)
        execute("SELECT pg_stat_force_next_flush()")
        said: list[str] = []
        cards, logs = optimize.optimize_fully(timedelta(0), said.append)
        self.assertEqual(
            (cards.table, cards.after.rows, cards.after.dead_rows), ("flashcards", 1, 0)
        )
        self.assertEqual((logs.table, logs.after.rows), ("review_logs", 1))
        self.assertEqual(said[2:], ["Vacuuming flashcards", "Vacuuming review_logs"])


class BackupTests(TestCase):
    def test_rows_are_counted_where_they_are_dumped_and_no_file_is_written(self) -> None:
        row = card_row(self.alice)
        review_row(self.alice, row)
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        for each in (backup.snapshot(), backup.older_snapshot()):
            with each as tables:
                rows = tables.write_files(folder, count)
            self.assertEqual(rows, {"flashcards": 1, "review_logs": 1})
            self.assertEqual(tables.schema, SCHEMA_VERSION)
        self.assertEqual(list(folder.iterdir()), [])
        self.assertEqual(backup.count_files(folder, count), rows)
        self.assertEqual(backup.bytes_on_disk(), 0)

    def test_what_was_restored_is_recorded_as_this_engines_and_read_anew(self) -> None:
        for recorded in (None, StoreVersions(flashcards=7, review_logs=8, store_id=uuid.uuid4())):
            StoreVersions.objects.all().delete()
            if recorded is not None:
                recorded.save()
            with backup.restore_files(Path(), ()) as record:
                execute(record)
            found = StoreVersions.objects.get()
            self.assertEqual(found.engine, "postgresql")
            self.assertEqual((found.flashcards, found.review_logs), (0, 0))
            # LanceDB's tables from before stay this installation's.
            self.assertEqual(found.store_id, recorded.store_id if recorded else None)
            before = found.rebuilt
            backup.claim()
            self.assertGreater(StoreVersions.objects.get().rebuilt, before)

    def test_an_error_takes_the_rows_back_with_the_transaction(self) -> None:
        row = card_row(self.alice)
        with self.assertRaises(KeyError), transaction.atomic(), backup.unchanged_on_error():
            ReviewRow.objects.all().delete()
            CardRow.objects.all().delete()
            raise KeyError
        self.assertEqual(CardRow.objects.get().pk, row.pk)


class OwnerTests(TransactionTestCase):
    def test_rows_go_with_their_owner_also_where_another_engine_serves(self) -> None:
        alice, bob = (User.objects.create_user(f"{name}@example.org") for name in ("alice", "bob"))
        for user in (alice, bob):
            row = card_row(user)
            review_row(user, row)
            CardVector.objects.create(card=row, owner=user, column="embedding_1", vector=[1, 2, 3])
        collected = Collector(using="default")
        collected.collect([alice])
        names = {model._meta.model_name for model in collected.data}
        self.assertEqual(names & {"cardrow", "reviewrow", "cardvector"}, set())
        alice.delete()
        for model in (CardRow, ReviewRow, CardVector):
            self.assertEqual([row.owner_id for row in model.objects.all()], [bob.pk])
        # Past Django as well.
        execute(f"DELETE FROM accounts_user WHERE id = '{bob.pk}'")
        self.assertEqual(CardRow.objects.count(), 0)


def _names_of(column: str) -> list[str]:
    return [each.name for each in indexes._there() if each.columns == (column,)]
