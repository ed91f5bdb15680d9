"""Texts with gaps are shown as Anki shows them: which fields a card has, and what follows them."""

import unittest
from unittest import mock

from flashcards.domain import card_sides
from flashcards.exchange import note_identity
from flashcards.exchange.anki.notes import Skipped, Words, words_of
from flashcards.exchange.anki.records import Note, NoteType, Template
from flashcards.store import cards
from tests.flashcards.exchange.anki_packages import GAPS_APART, Package
from tests.flashcards.exchange.test_import_again import AgainTestCase

_FIELDS = ("One", "Two", "Extra")
_BOTH = "{{cloze:One}}<br>{{cloze:Two}}"


def made(
    fields: list[str], front: str, back: str, ordinals: list[int]
) -> tuple[list[Words], list[Skipped]]:
    kind = NoteType(1, "Any", True, False, _FIELDS, (Template(0, "", front, back),))
    return words_of(Note(1, "x", 1, (), tuple(fields), ""), kind, ordinals)


class FieldsTests(unittest.TestCase):
    def test_a_field_is_on_the_cards_alone_whose_numbers_it_has(self) -> None:
        # As the add-on Cloze Overlapper has it: what one field asks, the next one shows.
        fields = ["{{c1::a}} … …", "a {{c2::b}} …", "{{c1::whole}} {{c2::text}}"]
        front = "{{cloze:One}}{{cloze:Two}}{{cloze:Extra}}"
        found, skipped = made(fields, front, front, [0, 1])
        self.assertEqual(skipped, [])
        self.assertEqual(
            [(words.key, words.question, words.extra) for words in found],
            [
                ("", "{{c1::a}} … …{{c1::whole}} {{c2::text}}", ""),
                ("1", "a {{c2::b}} …{{c1::whole}} {{c2::text}}", ""),
            ],
        )
        self.assertEqual([dict(words.ordinals) for words in found], [{0: 1}, {1: 2}])

    def test_fields_with_the_same_numbers_or_without_any_stay_together(self) -> None:
        for other in ("{{c1::b}} {{c2::c}}", "no gap", ""):
            with self.subTest(other):
                found, skipped = made(["{{c1::a}} {{c2::b}}", other], _BOTH, _BOTH, [0, 1])
                self.assertEqual((len(found), skipped), (1, []))
                self.assertEqual(dict(found[0].ordinals), {0: 1, 1: 2})

    def test_a_field_of_which_no_card_comes_is_in_the_note(self) -> None:
        ((words,), _) = made(["{{c1::a}}", "{{c2::other}}"], _BOTH, _BOTH, [0])
        self.assertEqual((words.question, words.answer), ("{{c1::a}}", ""))
        self.assertIn("other", words.extra)


class AnswerTests(unittest.TestCase):
    def test_what_a_condition_on_the_text_shows_is_on_the_answer(self) -> None:
        shape = "{{{{#One}}}}{}{{{{/One}}}}{{{{^One}}}}none{{{{/One}}}}"
        for field, shown in (("{{c1::a}}", "label more"), ("<br>", "none")):
            with self.subTest(field):
                fields = [field, "{{c1::b}}", "more"]
                back = "{{cloze:Two}}" + shape.format("label {{Extra}}")
                ((words,), _) = made(fields, "{{cloze:One}}{{cloze:Two}}", back, [0])
                self.assertEqual(words.answer, shown)
                self.assertEqual("more" in words.answer + words.extra, True)

    def test_gaps_that_the_answer_alone_has_are_shown_without_their_marks(self) -> None:
        back = "{{cloze:One}}<hr id=answer>{{cloze:Two}}"
        fields = ["{{c1::a}}", "x {{c1::<b>y</b>::hint}} {{c2::{{c1::z}}}}"]
        ((words,), _) = made(fields, "{{cloze:One}}", back, [0])
        self.assertEqual(words.answer.removeprefix("---").strip(), "x **y** z")


class EmptyTests(unittest.TestCase):
    def test_a_field_is_empty_as_in_anki(self) -> None:
        kind = NoteType(
            1, "", False, False, _FIELDS,
            (Template(0, "", "{{One}}", "{{#Two}}full{{/Two}}{{^Two}}empty{{/Two}}"),),
        )  # fmt: skip
        for field, answer in (
            ("", "empty"), (" \t\n<br><BR /></div><div/>", "empty"), ("&nbsp;", "full"),
            ("\xa0", "full"), ("<p></p>", "full"), ("<div class=x></div>", "full"), ("0", "full"),
        ):  # fmt: skip
            with self.subTest(field):
                found, _ = words_of(Note(1, "x", 1, (), ("q", field), ""), kind, [0])
                self.assertEqual(found[0].answer, answer)

    def test_what_is_no_text_of_a_field_shown_as_text_is_in_the_note(self) -> None:
        kind = NoteType(1, "", False, False, _FIELDS, (Template(0, "", "{{One}}", "{{text:Two}}"),))
        for field, kept in (
            ("<input value=typed>", "typed"),
            ("<img src=x.png>", "](\ue010x.png\ue011)"),
            ("word <img src=x.png>", "](\ue010x.png\ue011)"),
            ("[sound:x.mp3] word", "](\ue010x.mp3\ue011)"),
            ("<a href='https://example.org/there'>word</a>", "example.org/there"),
        ):
            with self.subTest(field):
                found, _ = words_of(
                    Note(1, "x", 1, (), ("q", field), ""), kind, [0],
                    lambda source, alt: f"![{alt}](\ue010{source}\ue011)",
                )  # fmt: skip
                self.assertIn(kept, found[0].extra)


class AgainTests(AgainTestCase):
    def test_what_was_one_note_stays_one_and_what_is_apart_stays_apart(self) -> None:
        package = Package()
        note = package.note(GAPS_APART, "{{c1::a}}", "a {{c2::b}}")
        package.card(note, 0)
        package.card(note, 1)

        def fronts() -> list[str]:
            found = sorted(cards.for_owner(self.alice), key=lambda card: card.ordinal)
            return [card_sides.front(card) for card in found]

        row = self.upload(package)
        self.take(row)
        self.assertEqual(fronts(), ["**[…]**", "a **[…]**"])
        again = self.import_(package)
        self.assertEqual((again["imported"], again["same"]), (0, 2))
        self.undo(row)
        # As earlier versions imported it.
        with mock.patch.object(note_identity, "was_one", return_value=True, autospec=True):
            self.assertEqual(self.import_(package)["restored"], 1)
        before = fronts()
        again = self.import_(package)
        self.assertEqual((again["imported"], fronts()), (0, before))
        self.assert_sound()
