"""One note that cannot be taken is refused by its name; text that cannot be stored is made so."""

import json
import sqlite3
from unittest import mock

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from flashcards.exchange import import_choice, uploads
from flashcards.exchange.anki import collection, notes
from flashcards.exchange.anki.package import BadPackage
from flashcards.models import Deck
from tests.flashcards.exchange import anki_packages
from tests.flashcards.exchange.anki_packages import BASIC, TYPES, Package
from tests.flashcards.exchange.test_anki_import import ImportTestCase, png

FORMS = ("anki2", "anki21", "anki21b")


class LargeNoteTests(ImportTestCase):
    def test_a_note_that_is_too_large_is_refused_by_its_name_and_the_rest_comes(self) -> None:
        package = Package()
        package.basic("before", "1")
        package.basic("<b>the large one</b>", "x" * (collection.VALUE_MAX_BYTES + 1))
        package.basic("between", "2")
        package.card(package.note(anki_packages.REVERSED, "another", "ü" * 9_000_000))
        package.basic("after", "3")
        for form, owner in zip(FORMS, (self.alice, self.bob, self.charlie), strict=True):
            with self.subTest(form=form):
                row = self.upload(package, form, owner)
                self.assertEqual(row.contents["notes"], 5)
                report = self.take(row)
                self.assertEqual(report["imported"], 3)
                skipped = {reason: each["examples"] for reason, each in report["skipped"].items()}
                self.assertEqual(skipped, {notes.TOO_LARGE: ["the large one", "another"]})
                self.assertEqual(set(self.cards(owner)), {"before#1", "between#1", "after#1"})

    def test_notes_that_are_large_together_are_read_in_smaller_chunks(self) -> None:
        package = Package()
        for number in range(10):
            package.basic(f"note {number}", "x" * 1_000)
        with mock.patch.object(collection, "CHUNK_CHARACTERS", 3_000):
            path = package.database(self.folder / "collection")
            with collection.Collection(path) as opened:
                chunks = [[whole.note.fields[0] for whole in c] for c in opened.wholes(after=0)]
        names = [name for chunk in chunks for name in chunk]
        self.assertEqual(names, [f"note {number}" for number in range(10)])
        self.assertLess(max(map(len, chunks)), 5)

    def test_ids_that_do_not_grow_end_the_import(self) -> None:
        path = Package().database(self.folder / "collection")
        db = sqlite3.connect(path)
        db.executescript(
            "DROP TABLE notes; CREATE TABLE notes (id text, guid, mid, tags, flds, data);"
            "INSERT INTO notes VALUES ('a', '', 11, '', 'x', '')"
        )
        db.close()
        with collection.Collection(path) as opened, self.assertRaises(BadPackage):
            list(opened.wholes(after=0))


class NamesTests(ImportTestCase):
    def test_names_that_cannot_be_kept_are_told(self) -> None:
        long = "Long::" + "x" * 300
        package = Package()
        for number, deck in enumerate(
            ["A*B", "A-B", f"{long}::one", f"{long}::two", "short", "ﬁn", "fin", "Default"]
        ):
            package.basic(f"q{number}", "a", deck, tags=f"{'t' * 120} {'t' * 121} other")
        report = self.import_(package)
        told = {reason: each["examples"] for reason, each in report["left_out"].items()}
        self.assertEqual(told[import_choice.NAME_SHARED], ["A-B", f"{long}::two", "ﬁn"])
        self.assertEqual(told[import_choice.NAME_CUT], [f"{long}::one"])
        self.assertEqual(report["left_out"][notes.TAG_CUT]["count"], 8)
        self.assertEqual(self.cards()["q0#1"].tags, ("t" * 100, "other"))
        self.assertEqual(Deck.objects.filter(owner=self.alice).count(), 4)

    def test_of_names_that_are_kept_nothing_is_told(self) -> None:
        package = Package()
        for deck in ("A", "A::B", "a::C", "x" * 200, "Default"):
            package.basic(deck, "a", deck, tags=f"{'t' * 100} {'u' * 100}")
        self.assertEqual(self.import_(package)["left_out"], {})
        self.assertEqual(self.import_(package)["left_out"], {})


class StorableTests(ImportTestCase):
    def test_nul_and_half_characters_anywhere_in_a_package_are_left_out(self) -> None:
        name, is_cloze, fields, templates = TYPES[BASIC]
        shown = [(front + "\0", back + "\0") for front, back in templates]
        types = {**TYPES, BASIC: (f"{name}\0", is_cloze, [*fields, "Source\0"], shown)}
        package = Package(media={"a\0b.png": png(), "x\0.mp3": b"x"})
        package.basic(
            "What\0 is <img src='a\0b.png'> &#0; <img src='%00c.png'>?",
            "it\0",
            "Bio\0logy::Ce\0lls",
            tags="ta\0g other",
            guid="gu\0id",
        )
        package.card(package.note(BASIC, "two", "2", "at\0las"), 0, "\0")
        package.card(package.note(BASIC, "\0", "\0"), 0, "\0::\0")
        with mock.patch.dict(TYPES, types):
            for form, owner in zip(FORMS, (self.alice, self.bob, self.charlie), strict=True):
                with self.subTest(form=form):
                    report = self.import_to(package, form, owner)
                    self.assertEqual((report["imported"], report["images"]), (2, 1))
                    cards = self.cards(owner)
                    self.assertEqual(cards["two#1"].extra, "**Source:** atlas")
                    (card,) = (card for name, card in cards.items() if "What is" in name)
                    self.assertEqual((card.answer, card.tags), ("it", ("tag", "other")))
                    (deck,) = Deck.objects.filter(owner=owner)
                    self.assertEqual(deck.name, "Biology::Cells")

    def import_to(self, package: Package, form: str, owner: object) -> dict[str, object]:
        return self.take(self.upload(package, form, owner))  # type: ignore[arg-type]

    def test_half_characters_in_the_older_schemas_names(self) -> None:
        package = Package()
        package.basic("one", "1", "Deck")
        path = package.database(self.folder / "collection")
        db = sqlite3.connect(path)
        (models, decks) = db.execute("SELECT models, decks FROM col").fetchone()
        models = json.dumps(json.loads(models)).replace('"Basic"', '"Ba\\ud800sic\\u0000"')
        decks = decks.replace('"Deck"', '"De\\udfffck\\u0000"')
        db.execute("UPDATE col SET models = ?, decks = ?", (models, decks))
        db.commit()
        db.close()
        with collection.Collection(path) as opened:
            self.assertEqual(opened.note_types[BASIC].name, "Basic")
            self.assertIn("Deck", opened.decks.values())

    def test_nul_in_a_text_file_and_in_the_names_of_files(self) -> None:
        content = b"#separator:tab\n#deck:De\0ck\n#tags:t\0ag\nu\0no\to\0ne\n"
        row = self.receive("wo\0rds.txt", content)
        report = self.take(row)
        self.assertEqual((row.name, report["imported"]), ("words.txt", 1))
        card = self.cards()["uno#1"]
        self.assertEqual((card.answer, card.tags), ("one", ("tag",)))
        self.log_in()
        page = self.client.post(
            "/cards/import/", {"file": SimpleUploadedFile("x\0.txt", content)}, follow=True
        )
        self.assertContains(page, "Deck")

    def test_one_long_field_of_a_text_file_is_refused_alone(self) -> None:
        row = self.receive("x.csv", b"one,1\nlong," + b"x" * 1_100_000 + b"\ntwo,2\n")
        uploads.look_into(row, timezone.now)
        report = self.take(row)
        self.assertEqual(report["imported"], 2)
        self.assertEqual(report["skipped"][notes.TOO_LONG]["examples"], ["long"])
