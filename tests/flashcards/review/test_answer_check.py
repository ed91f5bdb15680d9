"""Typed answers: which differences matter, where they are, and which rating they suggest."""

from typing import Any
from unittest import mock

from django.test import SimpleTestCase

from accounts.models import User
from flashcards.domain.records import Flashcard, Kind, Rating
from flashcards.review import answer_check
from flashcards.review.answer_check import Likeness, Outcome
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

    def test_the_marks_of_kana_make_other_letters(self) -> None:
        for typed, answer in (("かっこう", "がっこう"), ("ハン", "パン"), ("はす", "バス")):
            with self.subTest(typed):
                self.assertFalse(answer_check.compare(_card(answer), typed).is_right)

    def test_articles_forms_order_and_ways_to_write_numbers_do_not_matter(self) -> None:
        for typed, answer in (
            ("mitochondria", "The mitochondrion"),
            ("Venus and Mercury", "Mercury and Venus"),
            ("8849 m", "8,849 metres"),
            ("9.81 m/s^2", "9,81 m/s²"),
            ("300000 km/s", "300 000 km/s"),
            ("twelve", "12"),
            ("100 degrees Celsius", "100 °C"),
            ("Gold, Rot und Schwarz", "Schwarz, Rot, Gold"),
            ("un chien", "le chien"),
            ("Shakespeare", "William Shakespeare"),
            ("東京です", "東京"),
            ("3776メートル", "3,776メートル"),
        ):
            with self.subTest(typed):
                found = answer_check.compare(_card(answer), typed)
                self.assertTrue(found.is_right, found.outcome)
                self.assertEqual(found.parts, ())

    def test_what_is_wrong_is_named(self) -> None:
        for typed, answer, outcome in (
            ("mitocondrion", "The mitochondrion", Outcome.TYPO),
            ("Wiliam Shakespear", "William Shakespeare", Outcome.TYPO),
            ("die Hund", "der Hund", Outcome.ARTICLE),
            ("la perro", "el perro", Outcome.ARTICLE),
            ("8,489 metres", "8,849 metres", Outcome.NUMBERS),
            ("in July 1915", "in July 1914", Outcome.NUMBERS),
            ("8,849 feet", "8,849 metres", Outcome.UNIT),
            ("9,81 km/h", "9,81 m/s²", Outcome.UNIT),
            ("it does not react with oxygen", "It reacts with oxygen", Outcome.NEGATION),
            ("sí vuelan", "No vuelan", Outcome.NEGATION),
            ("la lumière bleue n'est pas diffusée", "La lumière bleue est diffusée",
             Outcome.NEGATION),
            ("1914", "In July 1914", Outcome.PART),
            ("Mercury", "Mercury and Venus", Outcome.PART),
            ("8849", "8,849 metres", Outcome.PART),
            ("Mars and Venus", "Mercury and Venus", Outcome.DIFFERENT),
            ("Hg", "Ag", Outcome.DIFFERENT),
            ("HO2", "H2O", Outcome.DIFFERENT),
        ):  # fmt: skip
            with self.subTest(typed):
                self.assertIs(answer_check.compare(_card(answer), typed).outcome, outcome)

    def test_the_difference_is_shown_by_words(self) -> None:
        found = answer_check.compare(
            _card("Water moves through a membrane"), "water moves trough the membrane"
        )
        kinds = [(part.kind, part.text) for part in found.parts if part.kind != "same"]
        self.assertEqual(kinds, [("extra", "trough the"), ("missing", "through a")])
        kept = " ".join(part.text for part in found.parts if part.kind != "extra")
        self.assertEqual(kept, found.expected)

    def test_where_little_agrees_nothing_is_laid_over(self) -> None:
        found = answer_check.compare(_card("The powerhouse of the cell"), "a kind of cheese")
        self.assertEqual(found.parts, ())
        self.assertTrue(found.is_open)

    def test_a_word_or_two_is_no_other_name_by_being_near_it(self) -> None:
        found = answer_check.compare(_card("Canberra"), "Melbourne")
        self.assertIs(answer_check.by_rules(found)[1], Rating.AGAIN)

    def test_the_same_in_other_words_is_judged_in_the_learners_language(self) -> None:
        for typed, answer in (
            ("water moving through a semipermeable membrane",
             "The movement of water through a semipermeable membrane"),
            ("Wasser wandert durch eine halbdurchlässige Membran",
             "Die Bewegung von Wasser durch eine halbdurchlässige Membran"),
            ("植物が光で糖を作る", "植物が光を使って糖を作ること"),
        ):  # fmt: skip
            with self.subTest(typed):
                found = answer_check.compare(_card(answer), typed)
                self.assertIs(answer_check.by_rules(found)[1], Rating.GOOD)

    def test_what_the_words_tell_needs_no_vectors(self) -> None:
        found = answer_check.compare(_card("in July 1914"), "in July 1915")
        with mock.patch.object(answer_check, "get_embedder") as embedder:
            likeness, suggested = answer_check.by_rules(found)
        embedder.assert_not_called()
        self.assertIs(likeness, Likeness.UNKNOWN)
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
