"""Numbers and formulas are the same however they are written, and others are others."""

from django.test import SimpleTestCase

from flashcards.duplicates import formulas
from flashcards.duplicates.words import language_of, values_shared, words_of

SAME_NUMBERS = [
    ("9,81 m/s²", "9.81"),
    ("8,849 m", "8.849 km"),
    ("299 792 458 m/s", "about 300,000 km/s"),
    ("6,022·10²³", "6.022e23"),
    ("$6{,}022 \\cdot 10^{23}$", "6.022·10^23"),
    ("zweiunddreißig", "32"),
    ("hundertachtzig", "180"),
    ("cent quatre-vingts", "180"),
    ("quatre-vingt-dix-sept", "97"),
    ("cinquante-six", "56"),
    ("doscientos seis", "206"),
    ("treinta y dos", "32"),
    ("fifty-six", "56"),
    ("two thousand", "2000"),
    ("9.11.1989", "9 November 1989"),
    ("14/07/1789", "le 14 juillet 1789"),
    ("about 28", "28.35"),
    ("Elizabeth II", "Elizabeth the second"),
]
OTHER_NUMBERS = [
    ("1914", "1918"),
    ("1910", "1914"),
    ("20 %", "19 %"),
    ("7", "8"),
    ("100", "0"),
    ("3.14", "2.72"),
]
SAME_FORMULAS = [
    ("$F = ma$", "Force equals mass times acceleration"),
    ("½mv²", "half the mass times the speed squared"),
    (r"$\frac{1}{2} m v^2$", "ein halb mal Masse mal Geschwindigkeit zum Quadrat"),
    (r"$\frac{d}{dx}\sin x$", "d/dx sin(x)"),
    ("$c^2 = a^2 + b^2$", "c² = a² + b²"),
    (r"$\rho = \frac{m}{V}$", "$\\rho$ = m/V"),
    ("$U = R I$", "U = RI"),
    (r"$\pi r^2$", "pi times r squared"),
    ("a al cuadrado más b al cuadrado", "$a^2 + b^2$"),
    ("moins b plus ou moins racine de b carré", r"$-b \pm \sqrt{b^2}$"),
]
NO_FORMULAS = ["The first Roman emperor", "A dog", "", "El perro y el gato", "Was ist das?"]


class NumberTests(SimpleTestCase):
    def share(self, one: str, other: str) -> float:
        a, b = (words_of(formulas.read(text)).values for text in (one, other))
        return values_shared(a, b)

    def test_the_same_numbers(self) -> None:
        for one, other in SAME_NUMBERS:
            with self.subTest(one=one, other=other):
                self.assertEqual(self.share(one, other), 1.0)

    def test_other_numbers(self) -> None:
        for one, other in OTHER_NUMBERS:
            with self.subTest(one=one, other=other):
                self.assertEqual(self.share(one, other), 0.0)

    def test_no_number_breaks_it(self) -> None:
        for odd in (
            "9" * 500,
            "1e99999",
            "0",
            "0,000",
            "1.2.3.4",
            "٣٤",
            "½",
            "❶",
            "x➋³",
            "10^" + "9" * 50,
            "1e100",
            "1e-100",
            "1e308",
            "1e-308",
            "1e999",
            "1e-999",
            "9" * 39 + "e100",
        ):
            for other in (odd, "1", "1e100", "1e-100", "9" * 39 + "e100", "1e308", "1e-308"):
                with self.subTest(odd=odd, other=other):
                    self.share(odd, other)


class FormulaTests(SimpleTestCase):
    def test_the_same_in_signs_and_in_words(self) -> None:
        for one, other in SAME_FORMULAS:
            with self.subTest(one=one, other=other):
                a, b = formulas.signs_of(one), formulas.signs_of(other)
                self.assertGreaterEqual(formulas.likeness(a, b), 0.85, (a, b))

    def test_prose_is_no_formula(self) -> None:
        for text in NO_FORMULAS:
            self.assertEqual(formulas.signs_of(text), ())

    def test_what_is_no_latex_is_read_all_the_same(self) -> None:
        for odd in ("\\", "\\frac", "\\frac{", "}{", "\\frac{1}{2", "{" * 500, "\\sqrt" * 200):
            formulas.read(odd)
            formulas.signs_of(odd)

    def test_the_language_of_a_text(self) -> None:
        for language, text in (
            ("en", "What is the capital of Spain?"),
            ("de", "Was ist die Hauptstadt von Spanien?"),
            ("es", "¿Cuál es la capital de España?"),
            ("fr", "Quelle est la capitale de l'Espagne ?"),
            ("", "Madrid"),
        ):
            self.assertEqual(language_of(text), language)
