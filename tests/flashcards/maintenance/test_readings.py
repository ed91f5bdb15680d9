"""What the card store and the backups show to whoever watches."""

from datetime import timedelta

from django.db import connection
from django.test import TransactionTestCase
from django.utils import timezone

from accounts.models import User
from flashcards import store
from flashcards.maintenance import readings
from flashcards.models import BackupStatus, JournalEntry, StoreVersions
from tests.engines import InLanceDB
from tests.factories import flashcard
from tests.factories import store as put
from tests.flashcards.store.postgres.card_rows import card_row, review_row
from tests.memoryloop.server.test_readings import values


class JournalTests(InLanceDB, TransactionTestCase):
    def test_the_journal_tells_how_much_is_pending_and_since_when(self) -> None:
        alice = User.objects.create_user("alice@example.org")
        put(flashcard(alice), flashcard(alice))
        JournalEntry.objects.update(created_at=timezone.now() - timedelta(minutes=20))
        put(flashcard(alice))
        with self.assertNumQueries(1):
            found = list(readings.read_journal())
        self.assertEqual(values(found, readings.PENDING), {(): 3})
        self.assertAlmostEqual(values(found, readings.OLDEST)[()], 1200, delta=60)

        self.assertEqual(values(readings.read_store(), readings.ROWS), {})
        store.checkpoint_all()
        self.assertEqual([each.value for each in readings.read_journal()], [0, 0])
        with self.assertNumQueries(1):
            found = list(readings.read_store())
        self.assertEqual(values(found, readings.ROWS), {("flashcards",): 3, ("review_logs",): 0})
        self.assertEqual(values(found, readings.CHECKPOINTS), {(): 1})
        self.assertLess(values(found, readings.CHECKPOINT)[()], 60)


class ReadingTests(TransactionTestCase):
    def test_rows_in_postgresql_are_told_without_counting_them(self) -> None:
        alice = User.objects.create_user("alice@example.org")
        StoreVersions.objects.create(engine=StoreVersions.Engine.POSTGRESQL, checkpoints=7)
        with connection.cursor() as cursor:
            # What an earlier test deleted is told first, or it would count against these.
            cursor.execute("SELECT pg_stat_force_next_flush()")
            cursor.execute("SELECT pg_stat_reset()")
        for _ in range(3):
            row = card_row(alice)
        review_row(alice, row)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_force_next_flush()")
        with self.assertNumQueries(2):
            found = list(readings.read_store())
        rows = {("flashcards",): 3, ("review_logs",): 1}
        self.assertEqual(values(found, readings.POSTGRESQL_ROWS), rows)
        self.assertEqual(len(found), 2)

    def test_the_backups_tell_how_old_the_last_is_and_whether_they_fail(self) -> None:
        self.assertEqual(list(readings.read_backups()), [])
        now = timezone.now()
        BackupStatus.objects.create(made_at=now - timedelta(days=2), failing_since=now)
        with self.assertNumQueries(1):
            found = list(readings.read_backups())
        self.assertEqual(values(found, readings.FAILING), {(): 1})
        self.assertAlmostEqual(values(found, readings.BACKUP)[()], 2 * 86_400, delta=60)
