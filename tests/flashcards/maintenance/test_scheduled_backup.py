"""The backup of every night: when it is due, what it leaves, and what becomes of one that fails."""

import errno
import json
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import psycopg
from django.db import connection
from django.test import SimpleTestCase, TransactionTestCase, override_settings
from django.utils import timezone

from accounts.models import User
from flashcards.maintenance import (
    backup,
    backup_places,
    health,
    restore,
    scheduled_backup,
    verify_backup,
)
from flashcards.maintenance.backup import BackupError
from flashcards.maintenance.backup_places import BEFORE_UPGRADE, NIGHTLY, Folder
from flashcards.models import BackupStatus, CardRow
from flashcards.store import checkpoint_all
from memoryloop.postgres import dump
from memoryloop.server.health import FailingError
from tests.engines import by_engine
from tests.factories import stored_card
from tests.flashcards.store.buckets import BUCKET, s3_server
from tests.flashcards.store.installations import Elsewhere
from tests.flashcards.store.processes import database_url

NOW = datetime(2026, 12, 31, 12, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


class DueTests(SimpleTestCase):
    def test_it_is_due_once_each_night_and_again_after_an_hour_if_it_failed(self) -> None:
        class Case(NamedTuple):
            why: str
            now: str
            due: bool
            began: str = "2026-03-01T00:00"
            made: str = ""
            tried: str = ""
            failing: str = ""

        for case in (
            Case("first night is the next one", "2026-03-01T23:59", False, "2026-03-01T03:30"),
            Case("and then it is due", "2026-03-02T03:00", True, "2026-03-01T03:30"),
            Case("not before its hour", "2026-03-02T02:59", False, made="2026-03-01T03:00"),
            Case("at its hour", "2026-03-02T03:00", True, made="2026-03-01T03:00"),
            Case("made", "2026-03-02T23:00", False, made="2026-03-02T03:00"),
            Case("made by hand before", "2026-03-02T03:00", True, made="2026-03-02T02:59"),
            Case("missed, by day", "2026-03-09T15:00", True, made="2026-03-01T03:00"),
            Case("over a year's end", "2027-01-01T03:00", True, made="2026-12-31T03:01"),
            *(
                Case(
                    f"failed {minutes} minutes ago",
                    f"2026-03-02T{3 + minutes // 60:02}:{minutes % 60:02}",
                    minutes >= 60,
                    made="2026-03-01T03:00",
                    tried="2026-03-02T03:00",
                    failing="2026-03-02T03:00",
                )
                for minutes in (0, 59, 60, 90)
            ),
            Case(
                "failed by hand after it was made",
                "2026-03-02T15:00",
                True,
                made="2026-03-02T03:00",
                tried="2026-03-02T13:00",
                failing="2026-03-02T13:00",
            ),
            Case(
                "failed, and the clock was set back",
                "2026-03-02T03:00",
                True,
                tried="2031-01-01T00:00",
                failing="2031-01-01T00:00",
            ),
            Case("the clock was years ahead", "2026-03-02T03:00", True, made="2031-01-01T00:00"),
            Case("another machine's is ahead", "2026-03-02T03:01", False, made="2026-03-02T03:05"),
        ):
            times = {
                "began_at": case.began,
                "made_at": case.made,
                "tried_at": case.tried,
                "failing_since": case.failing,
            }
            status = BackupStatus(
                **{name: at(text) if text else None for name, text in times.items()}
            )
            with self.subTest(case.why):
                self.assertIs(scheduled_backup.is_due(status, at(case.now), 3), case.due)

    def test_errors_of_the_system_are_sentences(self) -> None:
        for error, words in (
            (OSError(errno.ENOSPC, "No space left on device"), "The disk of /b is full"),
            (OSError(errno.EDQUOT, "Disk quota exceeded"), "The disk of /b is full"),
            (
                OSError("[Errno 28] Error writing: No space left on device"),
                "The disk of /b is full",
            ),
            (
                dump.DumpError("pg_dump failed (1): could not write: No space left on device"),
                "The disk of /b is full",
            ),
            (PermissionError(errno.EACCES, "Permission denied"), "/b cannot be written: give"),
            (OSError(errno.EROFS, "Read-only file system"), "/b cannot be written: give"),
            (OSError(errno.EIO, "Input/output error"), "in /b failed: Input/output error."),
        ):
            with self.subTest(error=error):
                self.assertIn(words, backup.in_words(error, "/b"))


class ScheduledBackupTestCase(TransactionTestCase):
    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="memoryloop-nightly-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)
        self.place = Folder(self.folder / "backups")
        changed = override_settings(
            BACKUPS_SCHEDULED=True,
            BACKUP_PLACE=str(self.place.root),
            BACKUP_HOUR=3,
            BACKUP_DAILY=2,
            BACKUP_WEEKLY=0,
            BACKUP_MONTHLY=0,
            DATA_DIR=self.folder,
            MEDIA_ROOT=self.folder / "media",
        )
        changed.enable()
        self.addCleanup(changed.disable)
        self.alice = User.objects.create_user("alice@example.org")
        for _ in range(3):
            stored_card(self.alice)
        checkpoint_all()
        # Where there is a journal, it waits in it.
        stored_card(self.alice)

    def run_at(self, now: datetime, meanwhile: Callable[[], None] = lambda: None) -> bool:
        return scheduled_backup.run(lambda: now, meanwhile)

    def names(self) -> list[str]:
        return [each.name for each in self.place.stored(NIGHTLY)]

    def status(self) -> BackupStatus:
        return BackupStatus.objects.get()

    def assert_failed(self, words: str) -> None:
        self.assertIn(words, self.status().error)
        self.assertIsNotNone(self.status().failing_since)
        self.assertEqual(list((self.place.root / NIGHTLY).glob("*.partial")), [])


class ScheduledBackupTests(ScheduledBackupTestCase):
    def test_night_after_night_one_is_made_verified_and_older_ones_go(self) -> None:
        clock = mock.Mock(return_value=NOW)
        go_on = mock.Mock()
        # The first look notes when it was; the first night is the next one.
        self.assertFalse(scheduled_backup.run_if_due(clock, go_on))
        self.assertEqual(health.check_backup(), "none yet")
        for night in range(3):
            clock.return_value = NOW + timedelta(days=night + 1)
            self.assertTrue(scheduled_backup.run_if_due(clock, go_on))
            self.assertFalse(scheduled_backup.run_if_due(clock, go_on))
        self.assertTrue(go_on.called)
        self.assertEqual(self.names(), ["2027-01-03T120000Z", "2027-01-02T120000Z"])
        self.assertEqual(health.check_backup(), "ok")
        newest = self.place.stored(NIGHTLY)[0]
        self.assertEqual(newest.made_at, NOW + timedelta(days=3))
        self.assertTrue(newest.is_verified)
        counts = newest.manifest.counts
        self.assertEqual(
            (counts["flashcards"], counts["pending"]), by_engine(lancedb=(3, 1), postgresql=(4, 0))
        )
        folder = Path(newest.address)
        self.assertEqual(folder.stat().st_mode & 0o777, 0o700)
        self.assertEqual((folder / "verified.json").stat().st_mode & 0o777, 0o600)
        # As `backup` writes it: what restores those restores these.
        restore.verify(folder, restore.read_manifest(folder))

    def test_switched_off_none_is_made_and_health_says_so(self) -> None:
        with override_settings(BACKUPS_SCHEDULED=False):
            self.assertFalse(scheduled_backup.run_if_due(lambda: NOW, mock.Mock()))
            self.assertEqual(health.check_backup(), "off")
        self.assertFalse(BackupStatus.objects.exists())

    def test_what_cannot_be_read_back_is_not_kept_and_replaces_nothing(self) -> None:
        with override_settings(BACKUP_DAILY=1):
            self.assertTrue(self.run_at(NOW))
            # The cards are all there.
            read = {CardRow._meta.db_table: 4}
            with mock.patch.object(dump, "count_rows", autospec=True, return_value=read):
                self.assertFalse(self.run_at(NOW + timedelta(days=1)))
        self.assertEqual(self.names(), ["2026-12-31T120000Z"])
        self.assert_failed("0 rows of accounts_user and there were 1: it is damaged")

    def test_a_damaged_file_is_noticed_even_if_the_manifest_agrees_with_it(self) -> None:
        self.assertTrue(self.run_at(NOW))
        (stored,) = self.place.stored(NIGHTLY)
        folder = Path(stored.address)
        cards = by_engine(lancedb={"flashcards.arrow": 400}, postgresql={})
        for name, cut in {"postgresql.dump": 2_000, **cards}.items():
            with self.subTest(name):
                file = folder / name
                whole = file.read_bytes()
                file.write_bytes(whole[:-cut])
                manifest = restore.parse_manifest(folder)
                with self.assertRaisesRegex(BackupError, "has changed since the backup was made"):
                    verify_backup.verify(folder, manifest)
                manifest.files[name] = backup.describe(file)
                with self.assertRaisesRegex(BackupError, "cannot be read back"):
                    verify_backup.verify(folder, manifest)
                file.write_bytes(whole)
        manifest = restore.parse_manifest(folder)
        manifest.counts["review_logs"] = 7
        with self.assertRaisesRegex(BackupError, "0 rows of review_logs and there were 7"):
            verify_backup.verify(folder, manifest)

    def test_without_room_nothing_is_begun_and_it_is_said(self) -> None:
        self.assertTrue(self.run_at(NOW))
        usage = shutil.disk_usage(self.folder)._replace(free=10_000_000)
        with mock.patch.object(shutil, "disk_usage", autospec=True, return_value=usage):
            self.assertFalse(self.run_at(NOW + timedelta(days=1)))
        self.assert_failed("has 10 MB left, and a backup needs")
        self.assertEqual(len(self.names()), 1)
        # The worker tries again each hour, and is well again once there is room.
        self.assertRegex(health.check_backup(), "^failed since 2027-01-01 12:00 UTC$")
        self.assertTrue(self.run_at(NOW + timedelta(days=1, hours=1)))
        self.assertEqual(health.check_backup(), "ok")

    def test_a_disk_that_fills_up_meanwhile_leaves_nothing(self) -> None:
        full = OSError(errno.ENOSPC, "No space left on device")
        with mock.patch.object(backup, "describe", autospec=True, side_effect=full):
            self.assertFalse(self.run_at(NOW))
        self.assert_failed(f"The disk of {self.place.root / NIGHTLY} is full")
        self.assertEqual(self.names(), [])

    def test_a_full_disk_of_postgresql_is_not_called_that_of_the_backups(self) -> None:
        full = psycopg.errors.DiskFull("could not extend file")
        with mock.patch.object(backup, "describe", autospec=True, side_effect=full):
            self.assertFalse(self.run_at(NOW))
        self.assert_failed("PostgreSQL’s disk is full")

    def test_a_place_that_is_none_is_named(self) -> None:
        (self.folder / "file").write_text("")
        with override_settings(BACKUP_PLACE=str(self.folder / "file")):
            self.assertFalse(self.run_at(NOW))
        self.assertIn(str(self.folder / "file"), self.status().error)

    def test_health_fails_after_a_day_of_failures_and_names_no_place(self) -> None:
        BackupStatus.objects.create(
            failing_since=timezone.now() - timedelta(days=2), error="/secret/place is full"
        )
        with self.assertRaisesRegex(FailingError, r"^failed since \d{4}-\d\d-\d\d \d\d:\d\d UTC$"):
            health.check_backup()

    def test_one_is_made_at_a_time(self) -> None:
        with psycopg.connect(database_url()) as other:
            other.execute("SELECT pg_advisory_lock(%s)", [scheduled_backup._LOCK])
            self.assertFalse(self.run_at(NOW))
            self.assertFalse(BackupStatus.objects.exists())
            other.execute("SELECT pg_advisory_unlock(%s)", [scheduled_backup._LOCK])
            self.assertTrue(self.run_at(NOW))

    def test_when_the_worker_stops_it_leaves_nothing_and_is_made_another_time(self) -> None:
        for calls in range(4):
            meanwhile = mock.Mock(side_effect=[*[None] * calls, scheduled_backup.Stopped])
            self.assertFalse(self.run_at(NOW, meanwhile))
            self.assertEqual(list((self.place.root / NIGHTLY).iterdir()), [])
        self.assertFalse(BackupStatus.objects.exists())

    def test_what_was_cut_off_looks_not_whole_and_goes_with_the_next(self) -> None:
        self.assertTrue(self.run_at(NOW))
        nightly = self.place.root / NIGHTLY
        whole = nightly / self.names()[0]
        # Killed while it was written, and killed before it was verified.
        shutil.copytree(whole, nightly / "2026-12-30T030000Z.partial")
        shutil.copytree(whole, nightly / "2026-12-31T130000Z")
        (nightly / "2026-12-31T130000Z" / "verified.json").unlink()
        self.dated(nightly / "2026-12-31T130000Z", NOW + timedelta(hours=1))
        self.assertEqual(len(self.names()), 2)
        self.assertTrue(self.run_at(NOW + timedelta(days=1)))
        self.assertEqual(self.names(), ["2027-01-01T120000Z", "2026-12-31T120000Z"])
        self.assertEqual(len(list(nightly.iterdir())), 2)

    def dated(self, folder: Path, moment: datetime) -> None:
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["made_at"] = moment.isoformat()
        (folder / "manifest.json").write_text(json.dumps(manifest))

    def test_the_room_it_takes_is_that_of_the_last_one_and_of_the_images(self) -> None:
        first = scheduled_backup.expected_bytes(self.place)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            self.assertGreaterEqual(first, cursor.fetchone()[0] // 2)
        self.assertTrue(self.run_at(NOW))
        (stored,) = self.place.stored(NIGHTLY)
        (self.folder / "media").mkdir()
        (self.folder / "media" / "image.png").write_bytes(b"x" * 5_000)
        self.assertEqual(
            scheduled_backup.expected_bytes(self.place), stored.manifest.bytes * 5 // 4 + 5_000
        )


class BucketTests(ScheduledBackupTestCase):
    def test_in_a_bucket_they_are_kept_verified_rotated_and_restored(self) -> None:
        with s3_server() as environment, override_settings(**self.bucket(environment)):
            for night in range(3):
                self.assertTrue(self.run_at(NOW + timedelta(days=night)), self.errors())
            place = backup_places.place()
            stored = place.stored(NIGHTLY)
            self.assertEqual(
                [each.address for each in stored],
                [f"s3://{BUCKET}/nights/nightly/2027-01-0{day}T120000Z" for day in (2, 1)],
            )
            self.assertTrue(all(each.is_verified for each in stored))
            self.assertEqual(place.stored(BEFORE_UPGRADE), [])
            # Nothing stays behind on the disk.
            self.assertEqual([path.name for path in (self.folder / "backups").iterdir()], [])
            elsewhere = Elsewhere(self.folder / "elsewhere")
            self.addCleanup(elsewhere.remove)
            elsewhere.environment |= {**environment, "LANCEDB_URI": str(self.folder / "lance")}
            said = json.loads(elsewhere.manage("restore", "--json", stored[0].address))
            waiting = by_engine(lancedb=1, postgresql=0)
            self.assertEqual((said["clean"], said["cards"], said["pending"]), (True, 4, waiting))
            self.assert_cut_off_is_no_backup()
            with override_settings(BACKUP_PLACE="s3://no-such-bucket/nights"):
                self.assertFalse(self.run_at(NOW + timedelta(days=4)))
            self.assert_failed("cannot be used: there is no such bucket")
        with override_settings(**self.bucket(environment)):
            self.assertFalse(self.run_at(NOW + timedelta(days=5)))
        self.assert_failed(f"s3://{BUCKET}/nights cannot be used: its server does not answer")

    def assert_cut_off_is_no_backup(self) -> None:
        """Without its manifest, as an upload that was cut off leaves it, it goes with the next."""
        place: Any = backup_places.place()
        gone = place.stored(NIGHTLY)[0]
        place.files.delete_file(f"{gone.address.removeprefix('s3://')}/manifest.json")
        self.assertEqual(len(place.stored(NIGHTLY)), 1)
        place.clear_leftovers(NIGHTLY)
        self.assertEqual(len(place._folders(NIGHTLY)), 1)

    def bucket(self, environment: dict[str, str]) -> dict[str, Any]:
        return {
            "BACKUP_PLACE": f"s3://{BUCKET}/nights",
            "LANCEDB_STORAGE_OPTIONS": {
                "aws_access_key_id": environment["AWS_ACCESS_KEY_ID"],
                "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
                "aws_region": environment["AWS_REGION"],
                "aws_endpoint": environment["AWS_ENDPOINT_URL"],
            },
        }

    def errors(self) -> str:
        status = BackupStatus.objects.first()
        return status.error if status else ""
