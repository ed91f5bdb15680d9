"""Files that are too large to be looked into within a request."""

from unittest import mock

from django.core.files.uploadedfile import SimpleUploadedFile

from flashcards.exchange import uploads
from flashcards.exchange.text.reader import TextFile
from flashcards.models import CardImport
from flashcards.tasks import import_cards
from tests.flashcards.exchange.anki_packages import Package
from tests.flashcards.exchange.test_anki_import import ImportTestCase

LINES = 40_000
LARGE = b"".join(b"question %d\tanswer\n" % number for number in range(LINES))


class LargeFileTests(ImportTestCase):
    def send(self, content: bytes = LARGE, name: str = "large.txt") -> CardImport:
        """Send a file as the page does, and return its import."""
        self.log_in()
        with mock.patch.object(TextFile, "wholes", autospec=True) as read:
            response = self.client.post(
                "/cards/import/", {"file": SimpleUploadedFile(name, content)}
            )
        self.assertEqual(response.status_code, 302)
        self.assertFalse(read.called, "the request reads no line")
        return CardImport.objects.get()

    def work(self, row: CardImport) -> CardImport:
        import_cards(import_id=str(row.id))
        row.refresh_from_db()
        return row

    def page(self, row: CardImport) -> str:
        return self.client.get(f"/cards/import/{row.id}/").content.decode()

    def test_the_worker_looks_into_it_and_the_page_says_how_far_it_is(self) -> None:
        row = self.send()
        self.assertTrue(row.is_looked_into)
        self.assertIn("Reading the file", self.page(row))
        seen: list[str] = []
        inspect = uploads._inspect

        def watched(row: CardImport, note: object) -> object:
            def tell(lines: int) -> None:
                note(lines)  # type: ignore[operator]
                seen.append(self.page(row))

            return inspect(row, tell)

        with mock.patch("flashcards.exchange.uploads._inspect", watched):
            self.work(row)
        self.assertGreater(len(seen), 2)
        self.assertIn("lines read", seen[-1])
        self.assertEqual((row.status, row.done, row.total), ("ready", 0, LINES))
        self.assertIn("40,000 notes", self.page(row))
        fragment = self.client.get(
            f"/cards/import/{row.id}/",
            headers={"HX-Request": "true", "HX-Target": "import-progress"},
        )
        self.assertEqual(fragment["HX-Refresh"], "true")

    def test_then_it_is_imported_as_any_other(self) -> None:
        with mock.patch.dict(uploads.LOOK_AT_ONCE_BYTES, {"text": 10_000}):
            row = self.work(self.send(LARGE[:20_000]))
        report = self.take(row)
        self.assertEqual(report["imported"], row.contents["notes"])

    def test_what_cannot_be_read_is_said_and_can_be_tried_again(self) -> None:
        row = self.work(self.send(b'one\t"two' + LARGE * 2))
        self.assertEqual(row.status, "failed")
        self.assertIn("quotation mark", self.page(row))
        self.client.post(f"/cards/import/{row.id}/start/")
        row.refresh_from_db()
        self.assertTrue(row.is_looked_into)
        self.assertEqual(self.work(row).status, "failed")

    def test_it_can_be_discarded_meanwhile(self) -> None:
        row = self.send()
        self.client.post(f"/cards/import/{row.id}/discard/")
        self.assertFalse(CardImport.objects.exists())
        import_cards(import_id=str(row.id))
        self.assertFalse(CardImport.objects.exists())

    def test_nothing_is_imported_before_the_learner_chose(self) -> None:
        row = self.work(self.send())
        self.work(row)
        self.assertEqual(row.status, "ready")
        self.assertEqual(self.cards(), {})

    def test_a_large_package_is_looked_into_by_the_worker_too(self) -> None:
        package = Package()
        with mock.patch.dict(uploads.LOOK_AT_ONCE_BYTES, {"anki": 10}):
            row = self.upload(package)
        self.assertTrue(row.is_looked_into)

    def test_a_small_file_is_looked_into_at_once(self) -> None:
        row = self.receive("small.txt", b"one\ttwo\n")
        self.assertEqual((row.status, row.total), ("ready", 1))
