"""Packages of versions of Anki that are not known, of none, and those without a card."""

import sqlite3
import zipfile
from pathlib import Path

import zstandard
from django.urls import reverse

from flashcards.exchange.anki import notes
from flashcards.exchange.anki.package import DAMAGED, TOO_NEW, BadPackage
from flashcards.models import CardImport
from tests.flashcards.exchange import anki_packages
from tests.flashcards.exchange.anki_packages import Package, message
from tests.flashcards.exchange.test_anki_import import ImportTestCase

ADVICE = "Please update to the latest Anki version, then import the .colpkg/.apkg file again."
ADVICES = (
    ADVICE,
    "Bitte aktualisiere auf das neueste Anki und importiere die .colpkg/.apkg-Datei erneut.",
    "Ankiを最新バージョンに更新してから、.colpkg/.apkgファイルをもう一度インポートしてください。",
)


class VersionTests(ImportTestCase):
    def zipped(self, **entries: bytes) -> bytes:
        """Return a ZIP; a double underscore stands for the point in a name."""
        path = self.folder / "made.apkg"
        with zipfile.ZipFile(path, "w") as bundle:
            for name, content in entries.items():
                bundle.writestr(name.replace("__", "."), content)
        return path.read_bytes()

    def database(self, package: Package, *, new: bool = False, version: int | None = None) -> bytes:
        path = package.database(self.folder / "made.db", new=new)
        if version is not None:
            with sqlite3.connect(path) as db:
                db.execute("UPDATE col SET ver = ?", (version,))
            db.close()
        return Path(path).read_bytes()

    def advice(self, said: str = ADVICE) -> bytes:
        package = Package()
        package.basic(said, "")
        return self.database(package)

    def words(self) -> Package:
        package = Package()
        package.basic("uno", "one")
        return package

    def assert_refused(self, content: bytes, sentence: str) -> None:
        with self.assertRaises(BadPackage) as caught:
            self.receive("deck.apkg", content)
        self.assertEqual(caught.exception.sentence, sentence)
        self.assertFalse(CardImport.objects.exists())

    def test_what_a_newer_anki_wrote_is_refused_with_a_way_out(self) -> None:
        new = zstandard.compress(self.database(self.words(), new=True))
        for meta in (message({1: 4}), message({1: 99}), message({1: 0}), b"", message({2: 3})):
            with self.subTest(meta):
                self.assert_refused(
                    self.zipped(
                        meta=meta, collection__anki21b=new, collection__anki2=self.advice()
                    ),
                    TOO_NEW,
                )
        self.assert_refused(self.zipped(meta=message({1: 4}), collection__anki22=new), TOO_NEW)
        self.assert_refused(self.zipped(collection__anki22=new), TOO_NEW)
        self.assert_refused(self.zipped(meta=b"\xff\xff", collection__anki21b=new), DAMAGED)
        for version in (19, 100):
            old = self.database(self.words(), version=version)
            self.assert_refused(self.zipped(collection__anki21=old), TOO_NEW)
        later = zstandard.compress(self.database(self.words(), new=True, version=19))
        self.assert_refused(self.zipped(meta=message({1: 3}), collection__anki21b=later), TOO_NEW)

    def test_known_versions_are_read(self) -> None:
        for number, name in enumerate(("anki2", "anki21", "anki21b"), 1):
            content = self.database(self.words(), new=number == 3)
            entries = {"collection__anki2": self.advice()}
            entries[f"collection__{name}"] = zstandard.compress(content) if number == 3 else content
            with self.subTest(name):
                row = self.receive("deck.apkg", self.zipped(meta=message({1: number}), **entries))
                self.assertEqual(row.contents["cards"], 1)

    def test_the_advice_to_update_never_becomes_a_card(self) -> None:
        for said in ADVICES:
            for markup in (said, f"<div>{said}</div>"):
                with self.subTest(markup):
                    content = self.zipped(collection__anki2=self.advice(markup))
                    self.assert_refused(content, TOO_NEW)
        # An old Anki had imported it, and exported it with the rest.
        package = self.words()
        package.basic(ADVICE, "")
        package.basic("What is an .colpkg/.apkg of Anki?", "A package")
        report = self.import_(package)
        self.assertEqual(report["imported"], 2)
        self.assertEqual(report["skipped"][notes.PLACEHOLDER]["count"], 1)

    def test_a_package_without_cards_says_so_and_offers_no_import(self) -> None:
        self.log_in()
        without = Package()
        without.note(anki_packages.BASIC, "lost", "words")
        for package, said in ((Package(), "choose the deck"), (without, "1 note without a card")):
            for form in ("anki2", "anki21", "anki21b"):
                with self.subTest(said, form=form):
                    row = self.upload(package, form)
                    url = reverse("flashcards:import", args=[row.id])
                    page = self.client.get(url)
                    self.assertContains(page, "There are no cards in this file")
                    self.assertContains(page, said)
                    self.assertContains(page, "Discard the file")
                    self.assertNotContains(page, f'action="{url}start/"')
                    page = self.client.post(f"{url}start/", {"schedule": "keep"})
                    self.assertEqual(page.status_code, 422)
                    row.refresh_from_db()
                    self.assertEqual(row.status, "ready")
