"""No word of a note is lost without a word in the report, whatever its templates show."""

import dataclasses
import re
import unittest

from hypothesis import given, settings
from hypothesis import strategies as st

from flashcards.exchange.anki import notes
from flashcards.exchange.anki.notes import Place, Skipped, Words, words_of
from flashcards.exchange.anki.records import Note, NoteType, Template
from tests.flashcards.exchange import anki_packages
from tests.flashcards.exchange.anki_packages import Package
from tests.flashcards.exchange.test_anki_import import ImportTestCase

_FIELDS = ("Front", "Back", "Hint", "Say", "Extra")
_FILTERS = (
    "", "", "", "text:", "hint:", "type:", "tts en_US:", "furigana:", "kana:", "kanji:", "unknown:",
    "cloze:", "type:cloze:", "text:hint:",
)  # fmt: skip
_PIECES = (
    "{{{{{filter}{name}}}}}", "{{{{#{name}}}}}", "{{{{^{name}}}}}", "{{{{/{name}}}}}",
    "<script>var x = '{{{{{name}}}}}';</script>", "<!-- {{{{{name}}}}} -->", "{{{{FrontSide}}}}",
    '<div title="{{{{{name}}}}}">', "<hr id=answer>", "<b>", "</b>", "<ul><li>", "label ", "</div>",
    "<style>{{{{{name}}}}}</style>", "{{{{", "}}}}",
)  # fmt: skip
_piece = st.builds(
    lambda piece, name, filter_: piece.format(name=name, filter=filter_),
    st.sampled_from(_PIECES),
    st.sampled_from(_FIELDS),
    st.sampled_from(_FILTERS),
)
_template = st.lists(_piece, max_size=10).map("".join)
_shapes = (
    "", "<br>", "{}", "<span>{}<ul><li>{}</li></ul></span>", "{}[{}]", "<font color=red>{}</font>",
    "<table><b><tr><td>{}</td></tr></b></table>", "{{{{c1::{}::{}}}}}", "{{{{c2::{}}}}} {}",
    "{{{{c1::{} {{{{c2::{}}}}}}}}}", "<svg><text>{}</text></svg>", "{}<!--", "<i>{}", "{}<b",
)  # fmt: skip


def note_type(*sides: tuple[str, str], is_cloze: bool = False) -> NoteType:
    templates = tuple(Template(n, "", *side) for n, side in enumerate(sides))
    return NoteType(1, "Any", is_cloze, False, _FIELDS, templates)


def kept(
    fields: list[str], *sides: tuple[str, str], is_cloze: bool = False
) -> tuple[list[Words], list[Skipped]]:
    ordinals = list(range(max(len(sides), 2 if is_cloze else 1)))
    note = Note(1, "x", 1, (), tuple(fields), "")
    return words_of(note, note_type(*sides, is_cloze=is_cloze), ordinals)


class PropertyTests(unittest.TestCase):
    @settings(max_examples=300, deadline=None)
    @given(
        st.lists(st.sampled_from(_shapes), min_size=1, max_size=7),
        st.lists(st.tuples(_template, _template), min_size=1, max_size=3),
        st.booleans(),
    )
    def test_every_word_is_on_a_card_or_its_card_is_reported(
        self, shapes: list[str], sides: list[tuple[str, str]], is_cloze: bool
    ) -> None:
        fields = [
            shape.format(*(f"zw{number}n{part}wz" for part in range(2)))
            for number, shape in enumerate(shapes)
        ]
        found, skipped = kept(fields, *sides, is_cloze=is_cloze)
        if not found:
            self.assertTrue(skipped)
            return
        text = "".join(words.question + words.answer + words.extra for words in found)
        wanted = re.findall(r"zw\d+n\d+wz", " ".join(fields))
        self.assertEqual([word for word in wanted if word not in text], [])


class ShownTests(unittest.TestCase):
    def test_a_field_that_no_side_shows_is_in_the_note(self) -> None:
        back = "{{FrontSide}}<hr id=answer>{{Back}}"
        for front in (
            "{{Front}}{{#Hint}}{{hint:Hint}}{{/Hint}}",
            "{{Front}}{{#Hint}}{{type:Hint}}{{/Hint}}",
            "{{Front}}{{#Hint}}{{tts en_US:Hint}}{{/Hint}}",
            "{{Front}}{{#Hint}}<script>show('{{Hint}}')</script>{{/Hint}}",
            "{{Front}}{{#Hint}}<i class=there></i>{{/Hint}}",
            "{{Front}}<div data-hint='{{Hint}}'></div>",
            "{{Front}}<!-- {{Hint}} -->",
            "{{Front}}{{^Hint}}{{Hint}}{{/Hint}}",
        ):
            with self.subTest(front=front):
                ((words,), _) = kept(["ask", "say", "a hint"], (front, back))
                self.assertEqual((words.question, words.answer), ("ask", "say"))
                self.assertEqual(words.extra, "**Hint:** a hint")

    def test_a_field_that_is_shown_is_not_there_twice(self) -> None:
        for shape in ("{{Hint}}", "{{#Hint}}<b>{{Hint}}</b>{{/Hint}}", "{{text:Hint}}"):
            for hint in (
                "H<sub>2</sub>O",
                "a_b",
                "<ul><li>x</li></ul>",
                "\\(a<b>_1</b>\\)",
                "[1]: y",
            ):
                with self.subTest(shape=shape, hint=hint):
                    ((words,), _) = kept(["ask", "say", hint], ("{{Front}}", shape + "{{Back}}"))
                    self.assertEqual(words.extra, "")

    def test_a_template_shows_what_anki_knows_of_the_card(self) -> None:
        shown = "{{Front}} ({{Tags}}; {{Type}}; {{Deck}}; {{Subdeck}}; {{Card}}; {{CardFlag}})"
        kind = NoteType(1, "Words & <more>", False, False, ("Front",), (
            Template(0, "Forward", shown, "{{#CardFlag}}flagged{{/CardFlag}}{{#Tags}}!{{/Tags}}"),
            Template(1, "Other", shown, "{{^CardFlag}}plain{{/CardFlag}}"),
        ))  # fmt: skip
        note = Note(1, "x", 1, ("a", "b::c"), ("ask",), "")
        places = {0: Place("Top::Sub", 2), 1: Place("Top")}
        found, _ = words_of(note, kind, [0, 1], places=places)
        self.assertEqual(
            [(words.question, words.answer, words.extra) for words in found],
            [
                ("ask (a b::c; Words & \\<more>; Top::Sub; Sub; Forward; flag2)", "flagged!", ""),
                ("ask (a b::c; Words & \\<more>; Top; Top; Other; )", "plain", ""),
            ],
        )
        cloze = dataclasses.replace(kind, is_cloze=True, templates=(
            Template(0, "Cloze", "{{Deck}}: {{cloze:Front}}", "{{cloze:Front}} {{Tags}}"),
        ))  # fmt: skip
        note = dataclasses.replace(note, fields=("{{c1::a}} {{c2::b}}",))
        ((words,), _) = words_of(note, cloze, [0, 1], places=places)
        self.assertEqual(words.question, "Top::Sub: {{c1::a}} {{c2::b}}")
        self.assertIn("a b::c", words.answer)

    def test_a_video_is_left_out_and_reported(self) -> None:
        sides = ("{{Front}}", "{{FrontSide}}<hr id=answer>{{Back}}")
        ((words,), _) = kept(["ask [sound:ask.mp4]", "say[sound:say.mkv]", "[sound:x.avi]"], sides)
        self.assertEqual((words.question, words.answer, words.extra), ("ask", "say", ""))
        _, skipped = kept(["[sound:ask.mp4]", "say"], sides)
        self.assertEqual(skipped, [Skipped(0, notes.VIDEO_FRONT)])
        for field in ("[sound:ask.MP4]", "<video src=x>"):
            note = Note(1, "x", 1, (), (field, "[sound:a.mp3]"), "")
            self.assertEqual(notes.left_out(note), [notes.VIDEO])

    def test_fields_without_a_name_and_of_one_name_are_kept(self) -> None:
        fields = ["one", "two", "three", "four", "five", "six", "seven"]
        ((words,), _) = kept(fields, ("{{Front}}", "{{Back}}"))
        self.assertIn("**Field 7:** seven", words.extra)
        double = NoteType(1, "", False, False, ("A", "A"), (Template(0, "", "{{A}}", ""),))
        ((words,), _) = words_of(Note(1, "x", 1, (), ("one", "two"), ""), double, [0])
        self.assertEqual((words.question, words.extra), ("one", "**A 2:** two"))

    def test_a_side_that_templates_make_too_long_is_named(self) -> None:
        _, skipped = kept(["x" * 10_000, "y"], ("{{Front}}" * 3_000, "{{Back}}"))
        self.assertEqual(skipped, [Skipped(0, notes.TOO_LONG)])
        _, skipped = kept(["x " * 50_001, "y"], ("{{Front}}", "{{Back}}"))
        self.assertEqual(skipped, [Skipped(0, notes.TOO_LONG)])
        # Not for its markup, nor for the content of an image.
        image = f"<img src='data:image/png;base64,{'A' * 200_000}'>"
        ((words,), _) = words_of(
            Note(1, "x", 1, (), ("<div>x</div>" * 20_000, image), ""),
            note_type(("{{Front}}", "{{Back}}")),
            [0],
            lambda source, alt: f"![{alt}](\ue010{source}\ue011)",
        )
        self.assertEqual((words.question[:4], len(words.answer) > 200_000), ("x  \n", True))

    def test_gaps_in_gaps_and_gaps_of_several_numbers_are_one_note(self) -> None:
        gaps = NoteType(1, "", True, False, ("Text",), (Template(0, "", "{{cloze:Text}}", ""),))
        for text, ordinals in (
            ("{{c1::a {{c2::b}} c::hint}}", [0, 1]),
            ("{{c1,2::a}} {{c3::b}}", [0, 1, 2]),
            ("{{c1::<b>a {{c2::b}}</b>}}", [0, 1]),
        ):
            with self.subTest(text):
                found, skipped = words_of(Note(1, "x", 1, (), (text,), ""), gaps, [0, 1, 2])
                self.assertEqual([list(words.ordinals) for words in found], [ordinals])
                self.assertEqual(len(skipped), 3 - len(ordinals))


class ReportTests(ImportTestCase):
    def test_drawings_and_scripts_in_a_field_are_reported_by_the_note(self) -> None:
        package = Package()
        package.basic("the heart", "<svg><text>atrium</text></svg>")
        package.basic("pasted", "<!--StartFragment-->x<!--EndFragment-->")
        package.basic("scripted", "x<script>y</script>")
        package.basic("a lot", "word " * 30_000)
        report = self.import_(package)
        examples = {reason: each["examples"] for reason, each in report["left_out"].items()}
        self.assertEqual(examples, {notes.DRAWING: ["the heart"], notes.HIDDEN: ["scripted"]})
        self.assertEqual(report["skipped"][notes.TOO_LONG]["examples"], ["a lot"])
        self.assertEqual(self.cards()["the heart#1"].answer, "[drawing] atrium")

    def test_the_words_of_an_image_that_is_missing_stay(self) -> None:
        package = Package()
        package.card(package.note(anki_packages.BASIC, "<img src=x.png alt='the [left] ear'>", "y"))
        self.import_(package)
        self.assertEqual(set(self.cards()), {"[image: the (left) ear, x.png]#1"})
