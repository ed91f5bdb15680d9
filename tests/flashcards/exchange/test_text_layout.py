"""Text files: how their columns are found, as Anki reads them and as people write them."""

import tempfile
from pathlib import Path
from typing import Any

from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from flashcards.domain.records import Kind
from flashcards.exchange.anki.notes import words_of
from flashcards.exchange.text.layout import Layout, Role, Text, guess
from flashcards.exchange.text.reader import TextFile

F, B, X = Role.FRONT, Role.BACK, Role.EXTRA


class ReadTestCase(SimpleTestCase):
    def read(self, text: str, layout: Layout | None = None) -> TextFile:
        with tempfile.NamedTemporaryFile() as file:
            file.write(text.encode())
            file.flush()
            return TextFile(Path(file.name), layout=layout)

    def notes(self, text: str, layout: Layout | None = None) -> list[tuple[Any, ...]]:
        """Return (kind, question, answer, numbers of cards) of what a file becomes."""
        read = self.read(text, layout)
        found = []
        for chunk in read.wholes(after=0):
            for whole in chunk:
                ordinals = [card.ordinal for card in whole.cards]
                made, _ = words_of(whole.note, read.note_types[whole.note.type_id], ordinals)
                found += [(w.kind, w.question, w.answer, list(w.ordinals.values())) for w in made]
        return found

    def sides(self, text: str, layout: Layout | None = None) -> list[tuple[str, str]]:
        return [(question, answer) for _, question, answer, _ in self.notes(text, layout)]


class SeparatorTests(ReadTestCase):
    def test_it_is_found(self) -> None:
        for separator, text in (
            ("\t", "a, b: c\td; e\nf\tg\n"),
            (";", "a, b;c: d\ne;f, g\n"),
            ("|", "a, b|c; d\ne|f\n"),
            ("|", "What is 1, 2, 3 | numbers\nWhat: is it | it\n"),
            (",", "a,b: c\nd,e\n"),
            (":", "Haus: house\nHund: dog\n"),
            (";;", "a, b;;c\nd;;e: f\n"),
            ("||", "a;;b||c\nd||e\n"),
            ("::", "a::b\nc::d\n"),
            ("=>", "a => b, c\nd => e\n"),
            (";", "a;;b\nc;d;e\n"),
            (";", "a;;b\nc;;d;x\n"),
            # The first field has two lines, and the separator is in none but the last.
            (";", '"one\ntwo, three";x\n"four, five\nsix";y\n'),
            (",", '"one\n\ntwo; three",x\nb,y\n'),
            ("\t", "no separator: at all. http://x.org/\nand, here\n, ,\n"),
        ):
            with self.subTest(text):
                self.assertEqual(guess(Text.of(text)).separator, separator)

    def test_the_head_names_it_as_a_word_or_by_its_characters(self) -> None:
        for said, separator in (
            ("tab", "\t"), ("Tab", "\t"), ("\t", "\t"), ("\\t", "\t"), ("Comma", ","),
            ("comma", ","), ("semicolon", ";"), ("Pipe", "|"), ("|", "|"), ("colon", ":"),
            (":", ":"), ("space", " "), (" ", " "), (";;", ";;"), ("<->", "<->"), ("%%%", "%%%"),
        ):  # fmt: skip
            with self.subTest(said):
                text = f"#separator:{said}\na{separator}b\n"
                self.assertEqual(guess(Text.of(text)).separator, separator)
                self.assertEqual(self.sides(text), [("a", "b")])

    @given(
        st.sampled_from([";;", "||", "<->", "\t", "|", ":", "%%%"]),
        st.lists(
            st.tuples(
                st.text("ab ;|:<->%\n", min_size=1, max_size=6),
                st.text("ab ;|:<->%\n", max_size=6),
            ),
            min_size=1,
            max_size=4,
        ),
    )
    def test_what_stands_in_quotation_marks_is_no_separator(
        self, separator: str, pairs: list[tuple[str, str]]
    ) -> None:
        text = f"#separator:{separator}\n"
        text += "".join(f'"{front}"{separator}"{back}"\n' for front, back in pairs)
        rows = [row for row in self.read_rows(text, separator) if any(row)]
        self.assertEqual(rows, [list(pair) for pair in pairs])

    def read_rows(self, text: str, separator: str) -> list[list[str]]:
        return list(Text.of(text).rows(separator))


class HeadTests(ReadTestCase):
    def test_comments_are_no_cards(self) -> None:
        text = '# my words\n#1: a list\n#separator:comma\n# more\na,b\n#c,d\n"#e",f\n"g\n#h",i\n'
        read = self.read(text)
        self.assertEqual(self.sides(text), [("a", "b"), ("#e", "f"), ("g  \n#h", "i")])
        self.assertEqual((read.count_notes(), read.comments), (3, 4))

    def test_the_columns_of_a_head(self) -> None:
        for text, roles in (
            ("a;b;c\n", (F, B, X)),
            ("#columns:Front;Back;Tags\n#separator:semicolon\na;b;c\n", (F, B, Role.TAGS)),
            ("#separator:semicolon\n#columns:Tags;Back;Front\na;b;c\n", (Role.TAGS, B, F)),
            ("#separator:pipe\n#columns:Guid|Expression|Meaning|Deck\nx|a|b|D\n",
             (Role.GUID, F, B, Role.DECK)),
            ("#notetype column:1\n#deck column:2\n#tags column:5\nBasic;D;a;b;t\n",
             (Role.TYPE, Role.DECK, F, B, Role.TAGS)),
            ("#guid column:3\na;b;g\n", (F, B, Role.GUID)),
            ("#tags column:9\na;b\n", (F, B, X, X, X, X, X, X, Role.TAGS)),
            ("#tags column:0\n#deck column:x\na;b\n", (F, B)),
            ("Tags;Question;Answer;Source\nt;a;b;s\n", (Role.TAGS, F, B, X)),
            ("Definition,Term\nb,a\n", (B, F)),
            ("one\ntwo\n", (F,)),
        ):  # fmt: skip
            with self.subTest(text):
                self.assertEqual(guess(Text.of(text)).roles, roles)

    def test_the_names_of_the_note_types(self) -> None:
        for name, third, kind, cards in (
            ("Basic", "x", Kind.BASIC, [1]),
            ("Basic (type in the answer)", "x", Kind.BASIC, [1]),
            ("Basic (and reversed card)", "", Kind.REVERSED, [1, 2]),
            ("Basic (optional reversed card)", "", Kind.BASIC, [1]),
            ("Basic (optional reversed card)", "y", Kind.REVERSED, [1, 2]),
            ("Einfach (und umgekehrte Karte)", "", Kind.REVERSED, [1, 2]),
            ("Lückentext", "", Kind.CLOZE, [1, 2]),
            ("Cloze", "", Kind.CLOZE, [1, 2]),
            ("", "", Kind.CLOZE, [1, 2]),
        ):
            front = "{{c1::a}} {{c2::b}}" if kind is Kind.CLOZE else "a"
            for text in (
                f"#notetype:{name}\n#separator:tab\n{front}\tback\t{third}\n",
                f"#notetype column:1\n#separator:tab\n{name}\t{front}\tback\t{third}\n",
            ):
                with self.subTest(text):
                    self.assertEqual(self.notes(text), [(kind, front, "back", cards)])
        (note,) = next(
            iter(self.read("#notetype:Basic (optional reversed card)\na;b;y\n").wholes(after=0))
        )
        self.assertEqual(note.note.fields, ("a", "b"))

    def test_lines_of_html_are_known_without_a_head(self) -> None:
        for cell, is_html in (
            ("<b>a</b>", True), ("a<br>b", True), ("a<br/>b", True), ("<div>a</div>", True),
            ('<img src="x.png">', True), ("a&nbsp;b", True), ("3 &lt; 4", True),
            ("<SPAN style='color:red'>a</SPAN>", True), ("&#233;", True), ("<i>a\nb</i>", True),
            ("a < b and c > d", False), ("What does <b> do?", False), ("AT&T", False),
            ("List<String> x", False), ("</b>", False), ("<vector>", False), ("a & b;", False),
        ):  # fmt: skip
            with self.subTest(cell):
                quoted = f'"{cell}"' if "\n" in cell else cell
                self.assertEqual(guess(Text.of(f"{quoted}\tb\n")).is_html, is_html)
        self.assertEqual(self.sides("<b>a</b>\tx\n"), [("**a**", "x")])
        self.assertEqual(self.sides("#html:false\n<b>a</b>\tx\n"), [(r"\<b>a\</b>", "x")])
        self.assertTrue(guess(Text.of("#html:true\na\tb\n")).is_html)


class ChosenTests(ReadTestCase):
    def test_a_chosen_layout_comes_before_what_the_file_says(self) -> None:
        text = "#separator:comma\n#html:true\n#tags column:1\nx,a<b>,c;d\n"
        layout = Layout(",", False, False, (Role.BACK, Role.FRONT, Role.IGNORED))
        self.assertEqual(self.sides(text, layout), [("a\\<b>", "x")])
        self.assertEqual(Layout.from_json(layout.as_json()), layout)
        only = Layout(";", True, False, (Role.IGNORED, Role.FRONT))
        self.assertEqual(self.sides("x;a\ny;b\n", only), [("a", ""), ("b", "")])

    def test_two_columns_of_tags_and_one_row_of_names(self) -> None:
        layout = Layout(";", False, True, (Role.TAGS, Role.FRONT, Role.TAGS, Role.EXTRA))
        (chunk,) = self.read("T;F;U;Source\na b;q;c;p. 7\n", layout).wholes(after=0)
        self.assertEqual(chunk[0].note.tags, ("a", "b", "c"))
        self.assertEqual(chunk[0].note.fields, ("q", "", "p. 7"))
