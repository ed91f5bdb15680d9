"""An import whose disk fills up half way stays under way, and goes on once there is room."""

import errno
from datetime import timedelta
from typing import Any
from unittest import mock

import psycopg
from django.db import OperationalError
from django.utils import timezone

from flashcards.cards import jobs
from flashcards.exchange import import_job
from flashcards.exchange.import_choice import Choice
from flashcards.models import CardImport
from flashcards.tasks import import_cards
from memoryloop import disk_space
from tests.flashcards.exchange.anki_packages import Package
from tests.flashcards.exchange.test_anki_import import ImportTestCase

SENTENCE = "The server’s disk is full. What was imported so far is kept"


def full_database() -> OperationalError:
    error = OperationalError("could not extend file")
    error.__cause__ = psycopg.errors.DiskFull("could not extend file")
    return error


ERRORS = (
    OSError(errno.ENOSPC, "No space left on device"),
    RuntimeError("lance error: LanceError(IO): No space left on device (os error 28), fs.rs:1"),
    full_database(),
)


class FullDiskTests(ImportTestCase):
    def begun(self) -> list[CardImport]:
        """Return imports that were started, of a package and of a text."""
        package = Package()
        package.basic("Who wrote the first program?", "Ada Lovelace")
        text = b"question,answer\nWhat is a cell?,A unit of life.\n"
        rows = [self.upload(package), self.receive("cards.csv", text)]
        for row in rows:
            import_job.start(
                owner_id=row.owner_id, import_id=row.id, choice=Choice(), now=timezone.now()
            )
        return rows

    def test_it_stays_under_way_and_the_worker_is_asked_later(self) -> None:
        for row in self.begun():
            for error in ERRORS:
                with (
                    self.subTest(file=row.name, error=repr(error)),
                    mock.patch.object(import_job, "_write", side_effect=error),
                    mock.patch.object(jobs, "request_import", autospec=True) as asked,
                ):
                    with self.assertRaises(type(error)):
                        import_cards(import_id=str(row.id))
                    row.refresh_from_db()
                    self.assertEqual((row.status, row.error), ("working", ""))
                    # At once it would fail again.
                    asked.assert_not_called()
                    import_job.resume(timezone.now() + import_job.HEARTBEAT + timedelta(minutes=1))
                    asked.assert_any_call(row.owner_id, row.id)
            self.take_on(row)
        self.assertEqual(len(self.cards()), 2)
        self.assert_sound()

    def test_another_fault_is_told_as_before(self) -> None:
        row = self.begun()[1]
        with (
            mock.patch.object(import_job, "_write", side_effect=KeyError),
            self.assertRaises(KeyError),
        ):
            import_cards(import_id=str(row.id))
        row.refresh_from_db()
        self.assertEqual((row.status, row.error), ("failed", import_job.BROKEN))

    def test_the_page_says_so_while_the_disk_is_full(self) -> None:
        self.log_in()
        row = self.begun()[1]
        fragment = {"HX-Request": "true", "HX-Target": "import-progress"}
        headers: list[dict[str, Any]] = [{}, fragment]
        for each in headers:
            for free, counted in ((0, 1), (disk_space.FULL_BYTES, 0)):
                with mock.patch.object(disk_space, "free_bytes", return_value=free):
                    response = self.client.get(f"/cards/import/{row.id}/", headers=each)
                self.assertContains(response, SENTENCE, count=counted)
