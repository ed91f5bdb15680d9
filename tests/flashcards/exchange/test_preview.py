"""What the page promises of a file is what comes of it, for every kind of file."""

import csv
import io
import string
import uuid
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from flashcards.exchange.anki.package import BadPackage
from flashcards.exchange.import_notes import NO_CARD, TWICE
from flashcards.store import cards
from tests.base import HypothesisTestCase
from tests.flashcards.exchange import anki_packages
from tests.flashcards.exchange.anki_packages import CREATED, Package
from tests.flashcards.exchange.test_anki_import import ImportTestCase

cells = st.text(alphabet="ab ,;{}:c1\"'<é\n", max_size=6)
tables = st.lists(st.lists(cells, min_size=1, max_size=4), min_size=1, max_size=12)
heads = st.sampled_from(
    [
        "",
        "#guid column:1\n",
        "#tags column:3\n",
        "#deck column:2\n#tags column:1\n",
        "#html:true\n",
        "#notetype column:1\n",
        "#notetype:Basic (and reversed card)\n",
        "#columns:Front,Back,Id\n",
        "Front,Back,Id\n",
        "Id,Front,Back\n",
    ]
)
notes = st.lists(
    st.tuples(
        st.sampled_from([*anki_packages.TYPES, 99]),
        st.lists(st.sampled_from(["", "x", "{{c1::x}}", "<br>", "{{c1::a {{c2::b}}}}"]),
                 min_size=1, max_size=4),
        st.sampled_from("abcdef"),
        # The ordinals of its cards, some of them twice.
        st.lists(st.integers(0, 2), max_size=4),
    ),
    min_size=1,
    max_size=6,
)  # fmt: skip


class PreviewTests(ImportTestCase, HypothesisTestCase):
    def learner(self) -> User:
        return User.objects.create_user(f"{uuid.uuid4()}@example.org", "x" * 12)

    def assert_kept(self, name: str, content: bytes) -> None:
        owner = self.learner()
        try:
            row = self.receive(name, content, owner)
        except BadPackage as error:
            # Nothing is promised.
            self.assertIn("no cards", error.sentence)
            return
        promised = row.contents
        report = self.take(row)
        skipped = {reason: each["count"] for reason, each in report["skipped"].items()}
        twice = skipped.pop(TWICE, 0)
        self.assertEqual(promised["cards"], report["imported"] + sum(skipped.values()))
        self.assertEqual(promised["twice"], twice)
        self.assertEqual(promised["cards"], sum(deck[2] for deck in promised["decks"]))
        there = cards.for_owner(owner).count()
        self.assertEqual(report["imported"], there)
        self.assertEqual(row.done, row.total)
        # Reviews of cards that are there twice are among those skipped, and were not promised.
        reviews = report["reviews"] + report["reviews_skipped"]
        self.assertLessEqual(promised["reviews"], reviews)
        if not twice:
            self.assertEqual(promised["reviews"], reviews)

    @settings(max_examples=12, suppress_health_check=list(HealthCheck), deadline=None)
    @given(heads, tables)
    def test_of_a_text_file(self, head: str, table: list[list[str]]) -> None:
        stream = io.StringIO()
        csv.writer(stream).writerows([["q", "a"], *table, *table[:2]])
        self.assert_kept("words.csv", f"{head}{stream.getvalue()}".encode())

    @settings(max_examples=8, suppress_health_check=list(HealthCheck), deadline=None)
    @given(notes, st.sampled_from(["anki21", "anki21b"]))
    def test_of_a_package(
        self, given_notes: list[tuple[int, list[str], str, list[int]]], form: str
    ) -> None:
        package = Package()
        number = 0
        for type_id, fields, guid, ordinals in given_notes:
            note_id = package.note(type_id, *fields, guid=guid)
            for ordinal in ordinals:
                number += 1
                card_id = package.card(note_id, ordinal, f"deck {number % 3}")
                # Twice the same ordinal, and ids of their own.
                package.cards[-1] = (card_id * 100 + number, *package.cards[-1][1:])
                at = CREATED.replace(microsecond=number * 1_000)
                package.review(card_id * 100 + number, at, number % 5, 3, kind=number % 3)
        # A card and a review of what was deleted.
        package.card(1, 0)
        package.review(5, CREATED, 3, 1)
        path = package.write(self.folder / "deck.apkg", form)
        self.assert_kept("deck.apkg", path.read_bytes())


class TextNotesTests(ImportTestCase):
    def table(self, *lines: str, **choice: Any) -> dict[str, Any]:
        return self.take(self.receive("words.csv", "\n".join(lines).encode()), **choice)

    def test_lines_with_the_same_first_column_are_notes_of_their_own(self) -> None:
        row = self.receive("words.csv", b"noun,Hund\nnoun,Katze\nverb,gehen\nnoun, Hund\n")
        self.assertEqual((row.contents["cards"], row.contents["notes"]), (3, 3))
        self.assertEqual(row.contents["twice"], 1)
        report = self.take(row)
        self.assertEqual(report["imported"], 3)
        self.assertEqual(report["skipped"][TWICE]["count"], 1)
        answers = sorted(card.answer for card in cards.for_owner(self.alice))
        self.assertEqual(answers, ["Hund", "Katze", "gehen"])
        self.log_in()
        page = self.client.get(f"/cards/import/{self.receive('x.csv', b'a,b,,,').id}/")
        self.assertContains(page, "1 card of 1 note")
        again = self.table("noun,Katze", "noun,Hund", "noun,Maus")
        self.assertEqual((again["imported"], again["same"], again["updated"]), (1, 2, 0))

    def test_other_tags_or_another_deck_make_another_note_in_a_file_and_a_change_later(
        self,
    ) -> None:
        head = "#deck column:3\n#tags column:4"
        report = self.table(head, "a,b,X,t1", "a,b,Y,t1", "a,b,X,t2", "a,b,X,t1")
        self.assertEqual((report["imported"], report["skipped"][TWICE]["count"]), (3, 1))
        report = self.table(head, "a,b,X,t9")
        self.assertEqual((report["imported"], report["updated"]), (0, 1))
        self.assertIn(("t9",), [card.tags for card in cards.for_owner(self.alice)])

    def test_a_column_with_an_id_says_which_line_is_which(self) -> None:
        for head, one, other in (
            ("#guid column:1", "g1,q,a", "g1,q,b"),
            ("#columns:Guid,Front,Back", "g2,q,a", "g2,q,b"),
            ("Front,Back,ID", "q,a,7", "q,b,7"),
            ("id,question,answer", "7,q,a", "7,q,b"),
        ):
            with self.subTest(head=head):
                report = self.table(head, one, other)
                self.assertEqual((report["imported"], report["skipped"][TWICE]["count"]), (1, 1))
                report = self.table(head, other)
                self.assertEqual((report["imported"], report["updated"]), (0, 1))

    def test_another_file_that_counts_from_one_overwrites_nothing(self) -> None:
        self.table("id,front,back", "1,uno,one", "2,dos,two")
        report = self.table("id,front,back", "1,tres,three", "2,dos,2")
        self.assertEqual((report["imported"], report["updated"]), (1, 1))
        again = self.table("id,front,back", "1,tres,three", "1,uno,one")
        self.assertEqual((again["imported"], again["updated"]), (0, 0))
        self.assertEqual(set(self.cards()), {"uno#1", "dos#1", "tres#1"})

    def test_lines_of_an_earlier_version_are_known_again(self) -> None:
        """There the first column alone told them apart."""
        from flashcards.exchange.text import reader

        old = reader._first_column_guid(["noun"])
        self.table("#guid column:1", f"{old},noun,Hund")
        report = self.table("noun,Hund", "noun,Katze")
        self.assertEqual((report["same"], report["imported"]), (1, 1))

    def test_notes_without_a_card_are_named(self) -> None:
        package = Package()
        package.basic("one", "1")
        package.note(anki_packages.BASIC, "lost", "words")
        report = self.import_(package)
        self.assertEqual(report["left_out"][NO_CARD], {"count": 1, "examples": ["lost"]})

    def test_notes_without_a_guid_are_notes_of_their_own(self) -> None:
        package = Package()
        for number in range(3):
            package.basic(f"q{number}", "a")
            package.notes[-1] = (package.notes[-1][0], "", *package.notes[-1][2:])
        row = self.upload(package)
        self.assertEqual((row.contents["cards"], row.contents["twice"]), (3, 0))
        self.assertEqual(self.take(row)["imported"], 3)

    def test_a_large_table_has_no_limit_of_equal_words(self) -> None:
        lines = [f"same,words,{letter}" for letter in string.ascii_letters]
        upload = SimpleUploadedFile("x.csv", "\n".join(["#tags column:3", *lines]).encode())
        self.assertEqual(self.take(self.receive("x.csv", upload.read()))["imported"], 52)
