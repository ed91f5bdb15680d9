"""What a passage says of something else supports no card, in the languages that the rules know."""

from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from flashcards.drafting import grounding
from flashcards.drafting.linter import Finding
from flashcards.drafting.numerals import numerals, readings

WHALES = (
    "The blue whale can reach a length of 30 metres and a mass of 190 tonnes. The fin whale grows "
    "to about 26 metres."
)
RIVERS = (
    "Der Rhein entspringt in den Schweizer Alpen und mündet nach 1.233 Kilometern in die Nordsee. "
    "Die Elbe ist 1.094 Kilometer lang und entspringt im Riesengebirge."
)
CELLS = (
    "La mitosis produce dos células hijas idénticas. La meiosis, en cambio, produce cuatro células."
)
WRITERS = (
    "Émile Zola, né à Paris en 1840, écrivit Germinal. Gustave Flaubert fut jugé en 1857 pour "
    "Madame Bovary."
)
SUPPORTED = (
    (WHALES, "How long can a blue whale become?", "30 m"),
    (WHALES, "A fin whale grows to about {{c1::26}} metres.", ""),
    (RIVERS, "Wie lang ist der Rhein?", "1233 km"),
    (RIVERS, "Wo entspringt die Elbe?", "Im Riesengebirge"),
    (CELLS, "¿Cuántas células produce la meiosis?", "4"),
    (WRITERS, "Qui écrivit Germinal ?", "Émile Zola"),
    (WRITERS, "Pour quel roman Flaubert fut-il jugé ?", "Madame Bovary"),
)
INVENTED = (
    (WHALES, "How long can a fin whale become?", "30 metres"),
    (WHALES, "A fin whale grows to about {{c1::200}} metres.", ""),
    (WHALES, "A fin whale grows to {{c1::200}} metres, or 200 m.", ""),
    (RIVERS, "Wie lang ist die Elbe?", "1.233 Kilometer"),
    (RIVERS, "Der Rhein ist {{c1::1.094}} Kilometer lang.", ""),
    (RIVERS, "Wo entspringt der Rhein?", "Im Riesengebirge"),
    (CELLS, "¿Cuántas células produce la mitosis?", "Cuatro"),
    (WRITERS, "Qui écrivit Germinal ?", "Gustave Flaubert"),
)


def _check(passage: str, question: str, answer: str) -> Finding | None:
    kind = "cloze" if "{{c" in question else "basic"
    return grounding.check(question, answer, kind, passage, 0, len(passage))


class GroundingTests(SimpleTestCase):
    def test_what_the_passage_says_is_supported(self) -> None:
        for passage, question, answer in SUPPORTED:
            with self.subTest(question):
                self.assertIsNone(_check(passage, question, answer))

    def test_values_names_and_subjects_that_are_swapped_are_caught(self) -> None:
        for passage, question, answer in INVENTED:
            with self.subTest(question, answer=answer):
                self.assertIs(_check(passage, question, answer), grounding.UNSUPPORTED)

    def test_a_number_is_read_as_each_language_writes_it(self) -> None:
        for one, other in (
            ("1.233", "1233"), ("1,233", "1233"), ("1 006", "1006"), ("1\u202f006", "1006"),
            ("4,18", "4.18"), ("1.234,50", "1234.5"), ("1,234.50", "1234.5"), ("007", "7"),
        ):  # fmt: skip
            with self.subTest(one):
                self.assertTrue(readings(one) & readings(other))
        self.assertFalse(readings("4,18") & readings("418"))
        self.assertFalse(readings("1.233") & readings("1094"))

    @given(st.text(max_size=200), st.text(max_size=60), st.text(max_size=60))
    def test_no_text_is_too_strange(self, passage: str, question: str, answer: str) -> None:
        _check(passage, question, answer)
        list(numerals(passage))
