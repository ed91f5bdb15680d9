"""A package of Anki becomes cards here: words, decks, tags, images, and every review."""

import io
import tempfile
import unicodedata
import uuid
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import quote

import PIL.Image
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from flashcards import store
from flashcards.cards import folding, trash
from flashcards.cards.cards import delete_card, edit_card
from flashcards.domain.records import Flashcard, Kind, Rating, ReviewLog, State
from flashcards.exchange import import_job, uploads
from flashcards.exchange.anki import collection
from flashcards.exchange.anki.notes import NO_SHAPE
from flashcards.exchange.import_choice import Choice
from flashcards.exchange.media import FILE_DAMAGED, NO_SOUND
from flashcards.maintenance import check
from flashcards.models import CardImport, Deck
from flashcards.review.ratings import review_card
from flashcards.store import StoreError, cards, review_logs
from flashcards.tasks import import_cards
from tests.base import TestCase
from tests.flashcards.exchange import anki_packages
from tests.flashcards.exchange.anki_packages import CREATED, Package

DAY = timedelta(days=1)


def png() -> bytes:
    stream = io.BytesIO()
    PIL.Image.new("RGB", (2, 3), "red").save(stream, "PNG")
    return stream.getvalue()


class ImportTestCase(TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        kept = self.settings(EXCHANGE_ROOT=self.folder / "exchange")
        kept.enable()
        self.addCleanup(kept.disable)

    def upload(
        self, package: Package, form: str = "anki21", owner: User | None = None
    ) -> CardImport:
        content = package.write(self.folder / "deck.apkg", form).read_bytes()
        return self.receive("deck.apkg", content, owner)

    def receive(self, name: str, content: bytes, owner: User | None = None) -> CardImport:
        return uploads.receive(
            owner_id=(owner or self.alice).pk,
            upload=SimpleUploadedFile(name, content),
            now=timezone.now(),
        )

    def take(self, row: CardImport, **choice: Any) -> dict[str, Any]:
        import_job.start(
            owner_id=row.owner_id, import_id=row.id, choice=Choice(**choice), now=timezone.now()
        )
        return self.take_on(row)

    def take_on(self, row: CardImport) -> dict[str, Any]:
        row.refresh_from_db()
        while row.status == "working":
            import_cards(import_id=str(row.id))
            row.refresh_from_db()
        self.assertEqual((row.status, row.error), ("done", ""))
        report: dict[str, Any] = row.report
        return report

    def import_(self, package: Package, form: str = "anki21", **choice: Any) -> dict[str, Any]:
        return self.take(self.upload(package, form), **choice)

    def undo(self, row: CardImport) -> None:
        import_job.undo(owner_id=row.owner_id, import_id=row.id, now=timezone.now())
        import_cards(import_id=str(row.id))
        row.refresh_from_db()
        self.assertEqual(row.status, "undone")

    def cards(self, owner: User | None = None) -> dict[str, Flashcard]:
        found = cards.for_owner(owner or self.alice)
        return {f"{card.question}#{card.ordinal}": card for card in found}

    def logs(self, card: Flashcard) -> list[ReviewLog]:
        found = review_logs.for_owner(self.alice).filter(flashcard_id=card.id)
        return sorted(found, key=lambda log: log.sequence)

    def assert_sound(self) -> None:
        """The store is sound once the worker has folded what is to be folded."""
        folding.fold_outdated(owner_id=self.alice.pk)
        found = [f for f in check.check().findings if not f.kind.startswith("index")]
        self.assertEqual(found, [])


class MediaNameTests(ImportTestCase):
    def test_an_image_is_found_by_its_name_in_any_form(self) -> None:
        composed, apart = (unicodedata.normalize(form, "Bücher が.png") for form in ("NFC", "NFD"))
        self.assertNotEqual(composed, apart)
        for number, (stored, shown) in enumerate(
            [
                (composed, apart), (apart, composed), (apart, apart),
                (composed, quote(apart)), (apart, quote(composed)), ("50%.png", "50%.png"),
                ("a&b.png", "a&amp;b.png"),
            ]
        ):  # fmt: skip
            with self.subTest(number):
                package = Package(media={stored: png()})
                package.basic(f"{number} <img src='{shown}'>", "answer")
                owner = User.objects.create_user(f"{number}@example.org", "correct horse battery")
                row = self.upload(package, "anki21b", owner)
                self.take(row)
                (card,) = cards.for_owner(owner)
                self.assertIn("](/media/", card.question)

    def test_a_damaged_file_is_left_out_alone(self) -> None:
        package = Package(media={"whole.png": png(), "bad.png": png()})
        package.basic("<img src='whole.png'>", "<img src='bad.png'>")
        path = package.write(self.folder / "deck.apkg", "anki21")
        with zipfile.ZipFile(path) as bundle:
            entry = bundle.getinfo("1")
        content = bytearray(path.read_bytes())
        content[entry.header_offset + 50] ^= 0xFF
        report = self.take(self.receive("deck.apkg", bytes(content)))
        self.assertEqual((report["imported"], report["images"]), (1, 1))
        self.assertEqual(report["left_out"][FILE_DAMAGED]["examples"], ["bad.png"])


class EveryFormatTests(ImportTestCase):
    def test_each_of_the_three_formats_brings_the_same(self) -> None:
        package = Package(media={"a cell.png": png(), "other.mp3": b"x"})
        studied = package.basic(
            "What is <b>this</b>?<br><img src='a cell.png'>",
            "A cell [sound:cell.mp3]",
            "Biology::Cells",
            tags="leech school::year1",
            type=2, queue=2, due=24, ivl=2, factor=2300, flags=3,
        )  # fmt: skip
        last = package.studied(studied)
        note = package.note(anki_packages.REVERSED, "uno", "one")
        package.card(note, 0, "Spanish")
        package.card(note, 1, "Spanish", queue=-1)
        for form, owner in zip(
            ("anki2", "anki21", "anki21b"), (self.alice, self.bob, self.charlie), strict=True
        ):
            with self.subTest(form=form):
                row = self.upload(package, form, owner)
                contents = row.contents
                self.assertEqual((contents["cards"], contents["reviews"]), (3, 5))
                self.assertEqual((contents["images"], contents["audio"]), (1, 1))
                self.assertEqual(
                    [deck[1:] for deck in contents["decks"]],
                    [["Biology::Cells", 1], ["Spanish", 2]],
                )
                report = self.take(row)
                self.assertEqual((report["imported"], report["reviews"]), (3, 5))
                self.assertEqual((report["images"], report["skipped"]), (1, {}))
                self.assertEqual(
                    {NO_SOUND: 1}, {r: n["count"] for r, n in report["left_out"].items()}
                )
                cards = self.cards(owner)
                card = next(card for name, card in cards.items() if "this" in name)
                self.assertRegex(
                    card.question, r"^What is \*\*this\*\*\?  \n!\[\]\(/media/\w{64}\.png\)$"
                )
                self.assertEqual(card.answer, "A cell")
                self.assertEqual(card.tags, ("leech", "school::year1"))
                (deck,) = Deck.objects.filter(id__in=card.deck_ids)
                self.assertEqual((deck.name, card.flag), ("Biology::Cells", 3))
                self.assertEqual((card.state, card.last_review), (State.REVIEW, last))
                self.assertEqual(card.due.date(), (CREATED + 24 * DAY).date())
                self.assertEqual((card.reps, card.lapses), (5, 1))
                self.assertEqual(card.created_at.replace(microsecond=0), CREATED)
                one, two = cards["uno#1"], cards["uno#2"]
                self.assertEqual((one.note_id, one.kind), (two.note_id, Kind.REVERSED))
                self.assertEqual((one.suspended, two.suspended), (False, True))
        self.assert_sound()


class NoteTypeTests(ImportTestCase):
    def test_every_note_type_becomes_what_it_asks(self) -> None:
        package = Package()
        gaps = package.note(
            anki_packages.CLOZE, "{{c1::Paris}} is in {{c2::<i>France</i>::land}}", "A city"
        )
        for ordinal in (0, 1):
            package.card(gaps, ordinal)
        inside = package.note(anki_packages.CLOZE, "{{c1::a {{c2::b}} c}}", "")
        for ordinal in (0, 1):
            package.card(inside, ordinal)
        package.card(package.note(anki_packages.TYPED, "typed?", "yes"))
        peru = package.note(anki_packages.CAPITALS, "Peru", "Lima", "By the sea", "Atlas")
        for ordinal in (0, 1, 7):
            package.card(peru, ordinal)
        package.card(package.note(anki_packages.OCCLUSION, "{{c1::image-occlusion:rect}}", "x.png"))
        package.card(package.note(anki_packages.BASIC, "<br>", "no question"))
        package.card(package.note(99, "no type"))
        report = self.import_(package)
        cards = self.cards()
        cloze = "{{c1::Paris}} is in {{c2::*France*::land}}"
        self.assertEqual(cards[f"{cloze}#2"].answer, "A city")
        self.assertEqual(cards[f"{cloze}#1"].note_id, cards[f"{cloze}#2"].note_id)
        self.assertEqual({"{{c1::a {{c2::b}} c}}#1", "{{c1::a {{c2::b}} c}}#2"} - set(cards), set())
        self.assertEqual(cards["typed?#1"].answer, "yes")
        capital = cards["The capital of **Peru**?#1"]
        self.assertEqual(
            (capital.answer, capital.extra), ("Lima  \nBy the sea", "**Source:** Atlas")
        )
        self.assertEqual(cards["Lima is the capital of what?#1"].answer, "Peru")
        self.assertEqual(report["imported"], 7)
        reasons = {reason: each["count"] for reason, each in report["skipped"].items()}
        self.assertEqual(sum(reasons.values()), 4)
        self.assertEqual(report["skipped"]["its question is empty"]["examples"], ["no question"])
        self.assertIn(NO_SHAPE, reasons)
        self.assert_sound()


class AgainTests(ImportTestCase):
    def test_the_same_package_again_changes_only_what_changed_there(self) -> None:
        package = Package(media={"x.png": png()})
        package.basic("one <img src=x.png>", "1", guid="a")
        package.basic("two", "2", guid="b")
        package.basic("three", "3", guid="c", type=2, queue=2, due=10, ivl=5)
        self.import_(package)
        before = self.cards()
        # Here: one is edited, three is reviewed, two goes into the bin.
        one = next(card for name, card in before.items() if name.startswith("one"))
        edit_card(
            owner_id=self.alice.pk, card_id=one.id, question="mine", answer="1", now=timezone.now()
        )
        delete_card(owner_id=self.alice.pk, card_id=before["two#1"].id, now=timezone.now())
        three = review_card(
            owner_id=self.alice.pk, card_id=before["three#1"].id, review_id=uuid.uuid4(),
            sequence=before["three#1"].sequence, rating=Rating.GOOD, now=timezone.now(),
        ).card  # fmt: skip
        # There: three has other words, and there is a new note.
        package.notes[2] = (*package.notes[2][:6], "drei\x1f3", *package.notes[2][7:])
        package.basic("four", "4", guid="d")
        # Without its media, it is still the same note.
        package.media = {}
        report = self.import_(package)
        counts = {name: report[name] for name in ("imported", "updated", "same", "restored")}
        self.assertEqual(counts, {"imported": 1, "updated": 1, "same": 1, "restored": 1})
        after = self.cards()
        self.assertEqual(set(after), {"mine#1", "two#1", "drei#1", "four#1"})
        self.assertEqual(after["drei#1"].id, three.id)
        self.assertEqual(after["drei#1"].due, three.due)
        self.assertEqual(len(self.logs(after["drei#1"])), 2)
        self.assert_sound()
        # And undone, all is as it was.
        row = CardImport.objects.first()
        assert row is not None
        import_job.undo(owner_id=self.alice.pk, import_id=row.id, now=timezone.now())
        import_cards(import_id=str(row.id))
        self.assertEqual(set(self.cards()), {"mine#1", "three#1"})
        self.assert_sound()

    def test_what_is_chosen_is_imported_and_undone_with_its_decks(self) -> None:
        package = Package()
        package.studied(package.basic("one", "1", "A::B", type=2, queue=2, due=24, ivl=2))
        package.basic("two", "2", "C")
        row = self.upload(package)
        wanted = [int(deck[0]) for deck in row.contents["decks"] if deck[1] == "A::B"]
        self.take(row, deck_ids=frozenset(wanted), keep_schedule=False, parent="From Anki")
        (card,) = self.cards().values()
        self.assertEqual((card.question, card.state, self.logs(card)), ("one", State.NEW, []))
        (deck,) = Deck.objects.all()
        self.assertEqual((deck.name, card.deck_ids), ("From Anki::A::B", (deck.id,)))
        import_job.undo(owner_id=self.alice.pk, import_id=row.id, now=timezone.now())
        with self.captureOnCommitCallbacks(execute=True):
            import_cards(import_id=str(row.id))
        row.refresh_from_db()
        self.assertEqual((row.status, self.cards(), Deck.objects.count()), ("undone", {}, 0))
        self.assertFalse(uploads.folder_of(row).exists())
        with self.assertRaises(import_job.NotNow):
            import_job.undo(owner_id=self.alice.pk, import_id=row.id, now=timezone.now())

    def test_undone_and_imported_again_the_decks_are_there_with_their_cards(self) -> None:
        package = Package()
        package.basic("one", "1", "A::B")
        package.basic("two", "2", "C")
        package.basic("three", "3")
        for _ in range(2):
            row = self.upload(package)
            self.take(row)
            self.assertEqual({d.name for d in Deck.objects.all()}, {"A::B", "C"})
            in_deck = {q: Deck.objects.get(id=c.deck_ids[0]).name
                       for q, c in self.cards().items() if c.deck_ids}  # fmt: skip
            self.assertEqual(in_deck, {"one#1": "A::B", "two#1": "C"})
            self.undo(row)
            self.assertEqual((self.cards(), Deck.objects.count()), ({}, 0))
        # From the trash, too.
        deleted = cards.for_owner(self.alice).with_deleted()
        trash.restore(owner_id=self.alice.pk, card_ids=[card.id for card in deleted])
        self.assertEqual({d.name for d in Deck.objects.all()}, {"A::B", "C"})
        self.assert_sound()

    def test_a_worker_that_died_is_followed_by_one_that_goes_on(self) -> None:
        package = Package()
        for number in range(5):
            package.basic(f"q{number}", "a")
        row = self.upload(package)
        write = import_job._write
        written: list[tuple[Any, ...]] = []

        def dying(*step: Any) -> bool:
            if written:
                raise _Died
            written.append(step)
            return write(*step)

        with mock.patch.object(collection, "CHUNK_NOTES", 2):
            with mock.patch.object(import_job, "_write", dying), self.assertRaises(_Died):
                self.take(row)
            row.refresh_from_db()
            self.assertEqual((row.status, row.done), ("failed", 2))
            self.assertIn("is kept", row.error)
            self.assertEqual(len(self.cards()), 2)
            report = self.take(row)
        self.assertEqual(report["imported"], 5)
        self.assertEqual(len(self.cards()), 5)
        self.assert_sound()

    def test_while_the_card_store_is_away_it_is_not_asked_for_again_at_once(self) -> None:
        package = Package()
        package.basic("one", "1")
        row = self.upload(package)
        import_job.start(
            owner_id=row.owner_id, import_id=row.id, choice=Choice(), now=timezone.now()
        )
        away = mock.patch.object(store, "settle_batches", side_effect=StoreError("Away."))
        asked = mock.patch("flashcards.cards.jobs.request_import", autospec=True)
        with away, asked as request, self.assertRaises(StoreError):
            import_cards(import_id=str(row.id))
        request.assert_not_called()
        row.refresh_from_db()
        self.assertEqual(row.status, "working")
        self.assertEqual(self.take_on(row)["imported"], 1)

    def test_deleting_the_account_removes_the_file(self) -> None:
        package = Package()
        package.basic("one", "1")
        row = self.upload(package, owner=self.bob)
        self.assertTrue(uploads.folder_of(row).exists())
        with self.captureOnCommitCallbacks(execute=True):
            self.bob.delete()
        self.assertFalse(uploads.folder_of(row).exists())


class _Died(Exception):
    """Stands for a worker that is killed."""


class PageTests(ImportTestCase):
    def test_from_the_file_to_the_report_and_back(self) -> None:
        self.log_in()
        self.assertContains(self.client.get("/cards/import/"), "From Anki, in three steps")
        package = Package(media={"x.mp3": b"x"})
        package.basic("one", "1", "A")
        package.card(package.note(anki_packages.BASIC, "", "x"), 0, "B")
        content = package.write(self.folder / "deck.apkg").read_bytes()
        page = self.client.post(
            "/cards/import/", {"file": SimpleUploadedFile("deck.apkg", content)}, follow=True
        )
        self.assertContains(page, "2 cards of 2 notes")
        self.assertContains(page, ", 1 sound.")
        row = CardImport.objects.get()
        url = reverse("flashcards:import", args=[row.id])
        page = self.client.post(f"{url}start/", {"schedule": "keep"})
        self.assertContains(page, "Choose at least one deck.", status_code=422)
        ids = [deck[0] for deck in row.contents["decks"]]
        page = self.client.post(f"{url}start/", {"decks": ids, "schedule": "keep"}, follow=True)
        self.assertContains(page, "Waiting for the worker")
        headers = {"HX-Request": "true", "HX-Target": "import-progress"}
        self.assertNotContains(self.client.get(url, headers=headers), "<html")
        import_cards(import_id=str(row.id))
        self.assertEqual(self.client.get(url, headers=headers).headers["HX-Refresh"], "true")
        page = self.client.get(url)
        self.assertContains(page, "1 card: its question is empty.")
        self.assertContains(page, "Undo the import")
        page = self.client.post(f"{url}undo/", follow=True)
        self.assertContains(page, "Moving the cards to the trash")
        import_cards(import_id=str(row.id))
        self.assertContains(self.client.get(url), "The import is undone")
        self.assertContains(self.client.get("/cards/import/"), "deck.apkg")

    def test_a_file_that_is_not_wanted_and_one_that_is_none(self) -> None:
        self.log_in()
        page = self.client.post("/cards/import/", {"file": SimpleUploadedFile("x.apkg", b"x")})
        self.assertContains(page, "This is not an Anki package", status_code=422)
        self.assertContains(self.client.post("/cards/import/"), "Choose a file", status_code=422)
        package = Package()
        package.basic("one", "1")
        row = self.upload(package)
        page = self.client.post(
            reverse("flashcards:import", args=[row.id]) + "discard/", follow=True
        )
        self.assertContains(page, "Nothing was imported")
        self.assertFalse(CardImport.objects.exists())
        broken = self.upload(package)
        (uploads.folder_of(broken) / "file").unlink()
        self.client.post(
            reverse("flashcards:import", args=[broken.id]) + "start/",
            {"decks": "1", "schedule": "keep"},
        )
        import_cards(import_id=str(broken.id))
        page = self.client.get(reverse("flashcards:import", args=[broken.id]))
        self.assertContains(page, "The file is no longer here")
        self.assertContains(page, "Try again")
