"""A text file becomes cards, or is refused in plain words."""

from pathlib import Path

from django.conf import settings

from accounts.models import User
from flashcards.domain.records import Kind
from flashcards.exchange.anki.package import BadPackage
from flashcards.exchange.text.reader import COLUMNS_CUT
from flashcards.models import CardImport, Deck
from tests.flashcards.exchange.test_anki_import import ImportTestCase


class TextTests(ImportTestCase):
    def test_a_spreadsheets_table_and_ankis_own_text(self) -> None:
        report = self.take(
            self.receive("words.csv", b'Front;Back;Tags\nuno;one;es num\n"a; <b>";"x\ny";\n')
        )
        self.assertEqual(report["imported"], 2)
        cards = self.cards()
        self.assertEqual((cards["uno#1"].answer, cards["uno#1"].tags), ("one", ("es", "num")))
        self.assertEqual(cards["a; \\<b>#1"].answer, "x  \ny")
        text = (
            "#separator:tab\n#html:true\n#notetype column:1\n#deck column:2\n#tags column:5\n"
            "Basic (and reversed card)\tES::A\t<b>dos</b>\ttwo\tes\n"
            "Cloze\tES\t{{c1::tres}} 3\t\t\n"
        )
        report = self.take(self.receive("anki.txt", text.encode("utf-16")))
        self.assertEqual(report["imported"], 3)
        cards = self.cards()
        self.assertEqual(cards["**dos**#2"].kind, Kind.REVERSED)
        self.assertEqual({deck.name for deck in Deck.objects.all()}, {"ES", "ES::A"})

    def test_a_quotation_mark_that_never_closes_takes_in_no_other_row(self) -> None:
        for text, line in (
            ('a\tb\n"c\td\ne\tf\n', 2),
            ('a\tb\nc\t"d\ne\tf', 2),
            ('#html:false\n"a\n\n', 2),
        ):
            with self.subTest(text), self.assertRaises(BadPackage) as caught:
                self.receive("x.txt", text.encode())
            self.assertIn(f"begins on line {line} of", caught.exception.sentence)
        for text, cards in (
            ('a\tb\n"c\nd"\te', 2),
            ('a\tb\n"c\nd"\n# e', 2),
            ('a\tb\nc\t"d', 2),
            ('a\tb\nc\t5" d\ne\t"f"\n', 3),
        ):
            with self.subTest(text):
                self.assertEqual(self.receive("x.txt", text.encode()).total, cards)

    def test_stray_bytes_of_windows_do_not_make_the_other_letters_wrong(self) -> None:
        utf_8, windows = "Größe\tSüden\nÄpfel\tfrüh\n", "naïve\tcafé\n"
        for name, content, expected in (
            ("utf-8 alone", utf_8.encode(), {"Größe#1", "Äpfel#1"}),
            ("windows alone", windows.encode("cp1252"), {"naïve#1"}),
            ("both", utf_8.encode() + "naïve\tcafe\n".encode("cp1252"),
             {"Größe#1", "Äpfel#1", "naïve#1"}),
            ("one letter each", "ö\t1\n".encode() + "ï\t2\n".encode("cp1252"), {"Ã¶#1", "ï#1"}),
        ):  # fmt: skip
            with self.subTest(name):
                owner = User.objects.create_user(f"{len(name)}@example.org", "x")
                self.take(self.receive("x.txt", content, owner))
                self.assertEqual(set(self.cards(owner)), expected)

    def test_columns_beyond_the_most_are_named_as_left_out(self) -> None:
        rows = [["a", "b"], ["wide", *"x" * 100], ["empty", "y", *[""] * 200]]
        text = "\n".join(map("\t".join, rows))
        report = self.take(self.receive("x.txt", text.encode()))
        self.assertEqual(report["imported"], 3)
        self.assertEqual(report["left_out"][COLUMNS_CUT], {"count": 1, "examples": ["line 2"]})

    def test_it_says_what_is_wrong_with_a_file(self) -> None:
        for name, content, said in (
            ("x.csv", b"", "no cards in it"),
            ("x.exe", b"x", "can be imported"),
            ("x.csv", b"MZ\xff\x00\x00", "not a text file"),
            ("x.apkg", b"not a zip", "not an Anki package"),
        ):
            with self.subTest(name=name), self.assertRaises(BadPackage) as caught:
                self.receive(name, content)
            self.assertIn(said, caught.exception.sentence)
        self.assertFalse(CardImport.objects.exists())
        left = Path(settings.EXCHANGE_ROOT)
        self.assertEqual(list(left.iterdir()) if left.exists() else [], [])
