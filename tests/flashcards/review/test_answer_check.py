"""Typed answers: which differences matter, where they are, and which rating they suggest."""

from typing import Any

from django.test import SimpleTestCase

from accounts.models import User
from flashcards.domain.records import Flashcard, Kind, Rating
from flashcards.review import answer_check
from flashcards.review.answer_check import Likeness
from tests.factories import flashcard

LEARNER = User(email="a@example.org")


def _card(answer: str, **fields: Any) -> Flashcard:
    return flashcard(LEARNER, answer=answer, **fields)


class CompareTests(SimpleTestCase):
    def test_case_accents_blanks_and_punctuation_do_not_matter(self) -> None:
        for typed, answer in (
            ("paris", "Paris"),
            ("  São   paulo ", "Sao Paulo"),
            ("uber alles", "Über alles!"),
            ("naïve", "naive"),
            ("the powerhouse", "**The** powerhouse"),
            ("42", "$42$"),
            ("ATP", "ATP (adenosine triphosphate)"),
            ("東京", "東京"),
        ):
            with self.subTest(typed):
                found = answer_check.compare(_card(answer), typed)
                self.assertTrue(found.is_right)
                self.assertIs(found.suggested, Rating.GOOD)
                self.assertEqual(found.parts, ())

    def test_a_slip_is_shown_letter_by_letter(self) -> None:
        found = answer_check.compare(_card("Mitochondrion"), "mitocondrium")
        self.assertIs(found.suggested, Rating.HARD)
        kinds = [(part.kind, part.text) for part in found.parts if part.kind != "same"]
        self.assertEqual(kinds, [("missing", "h"), ("extra", "um"), ("missing", "on")])
        self.assertEqual("".join(p.text for p in found.parts if p.kind != "extra"), found.expected)

    def test_a_wrong_digit_is_no_slip(self) -> None:
        found = answer_check.compare(_card("in July 1914"), "in July 1915")
        self.assertIs(found.suggested, Rating.AGAIN)
        likeness, suggested = answer_check.by_rules(found)
        self.assertIs(likeness, Likeness.NUMBERS_DIFFER)
        self.assertIs(suggested, Rating.AGAIN)

    def test_other_words_suggest_again_and_none_at_all_too(self) -> None:
        for typed in ("a kind of cheese", "", "   "):
            found = answer_check.compare(_card("The powerhouse of the cell"), typed)
            self.assertIs(found.suggested, Rating.AGAIN)

    def test_of_a_cloze_the_hidden_words_are_typed(self) -> None:
        text = "{{c1::Paris}} lies on the {{c2::Seine}}"
        found = answer_check.compare(_card("", question=text, kind=Kind.CLOZE, ordinal=2), "seine")
        self.assertTrue(found.is_right)

    def test_long_answers_are_compared_word_by_word(self) -> None:
        answer = "one two three " * 30
        found = answer_check.compare(_card(answer), answer.replace("two", "too", 1))
        kinds = [part.text.strip() for part in found.parts if part.kind != "same"]
        self.assertEqual(kinds, ["too", "two"])

    def test_hostile_lengths_are_cut(self) -> None:
        found = answer_check.compare(_card("x" * 5_000), "y" * 50_000)
        self.assertEqual(len(found.typed), answer_check.TYPED_MAX_CHARACTERS)
