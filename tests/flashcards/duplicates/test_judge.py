"""Two cards are the same, the reverse of one another, easily confused, or neither."""

import json
from pathlib import Path

import numpy as np
from django.test import SimpleTestCase
from hypothesis import given, settings
from hypothesis import strategies as st

from flashcards.domain.card_sides import Draft
from flashcards.duplicates import judge as judging
from flashcards.duplicates.card_text import CardText, drafted, text_of
from flashcards.duplicates.cosines import cosines
from flashcards.duplicates.features import Cosines, features
from flashcards.duplicates.judge import Verdict, judge
from flashcards.duplicates.overlaps import compare
from flashcards.duplicates.words import words_of

PAIRS = Path(__file__).parents[2] / "benchmarks" / "data" / "duplicate_pairs.jsonl"
VERDICTS = {"same", "reversed", "confusable", "near", "unrelated"}

# (verdict, one card, the other): what the judge must tell apart in each language.
TABLE = [
    ("same", ("When did the war end?", "1918"), ("In which year was the war over?", "In 1918")),
    ("same", ("What is Newton's second law?", "$F = ma$"),
     ("How are force, mass and acceleration related?", "Force equals mass times acceleration")),
    ("same", ("Was ist die Ableitung von $\\sin x$?", "$\\cos x$"),
     ("Ableitung des Sinus", "Kosinus")),
    ("same", ("¿Cuánto vale g?", "9,81 m/s²"), ("aceleración de la gravedad: g", "9.81 m/s^2")),
    ("same", ("Altitude du mont Blanc ?", "4 806 m"), ("mont Blanc : hauteur", "4806 mètres")),
    ("reversed", ("What is the capital of Australia?", "Canberra"),
     ("Canberra is the capital of which country?", "Australia")),
    ("reversed", ("el perro", "dog"), ("dog", "el perro")),
    ("reversed", ("Was ist Osmose?", "Diffusion von Wasser durch eine Membran"),
     ("Wie nennt man die Diffusion von Wasser durch eine Membran?", "Osmose")),
    ("confusable", ("What happens at the anode?", "Oxidation"),
     ("What happens at the cathode?", "Reduction")),
    ("confusable", ("Was ist die Hauptstadt der Slowakei?", "Bratislava"),
     ("Was ist die Hauptstadt von Slowenien?", "Ljubljana")),
    ("confusable", ("Qu'est-ce que la tachycardie ?", "Un pouls de plus de 100 par minute"),
     ("Qu'est-ce que la bradycardie ?", "Un pouls de moins de 60 par minute")),
    ("near", ("Who wrote Faust?", "Goethe"), ("Where was Goethe born?", "In Frankfurt")),
    ("near", ("¿Qué órgano produce la bilis?", "El hígado"),
     ("¿Cuál es la moneda de Honduras?", "El lempira")),
]  # fmt: skip


def judged(one: tuple[str, str], other: tuple[str, str]) -> Verdict:
    return compare([(drafted(*one), drafted(*other))])[0].verdict


class VerdictTests(SimpleTestCase):
    def test_each_verdict_in_each_language(self) -> None:
        for verdict, one, other in TABLE:
            with self.subTest(one=one, other=other):
                found = judged(one, other)
                if verdict == "near":
                    self.assertIn(found, (Verdict.NEAR, Verdict.UNRELATED))
                else:
                    self.assertEqual(found, verdict)
                self.assertEqual(judged(other, one), found)

    def test_two_answers_to_one_question_are_the_same(self) -> None:
        self.assertEqual(judged(("What is H2O?", "Water"), ("what is h2o", "Ice")), "same")

    def test_a_reversed_note_asks_what_its_other_card_asks(self) -> None:
        card = Draft("reversed", "el perro", "dog", ordinal=2)
        self.assertEqual(text_of(card), CardText("dog", "el perro"))

    def test_nothing_is_said_of_what_has_no_words(self) -> None:
        image = ("![](/media/a.png)", "![](/media/b.png)")
        for odd in (("", ""), image, ("", "42"), ("…", ""), ("$$", "$$"), ("²³", "±")):
            self.assertNotEqual(judged(odd, ("What is the answer?", "42")), "same")
            self.assertNotEqual(judged(odd, odd), "reversed")
        self.assertEqual(judged(image, image), "unrelated")

    def test_long_and_right_to_left_texts_are_judged(self) -> None:
        long = ("What is it? " * 1_700, "An answer of many words. " * 800)
        arabic = ("ما عاصمة مصر؟", "القاهرة")
        self.assertIn(judged(long, arabic), Verdict)
        self.assertEqual(judged(arabic, ("ما هي عاصمة مصر؟", "القاهرة")), "same")

    @settings(max_examples=50, deadline=None)
    @given(*[st.text(max_size=60) for _ in range(4)])
    def test_the_order_of_two_cards_makes_no_difference(
        self, ask: str, answer: str, other_ask: str, other_answer: str
    ) -> None:
        a, b = drafted(ask, answer), drafted(other_ask, other_answer)
        near, turned = Cosines(0.6, 0.4, 0.3, 0.2), Cosines(0.6, 0.4, 0.2, 0.3)
        one, other = features(a, b, near), features(b, a, turned)
        self.assertEqual(one.keys(), other.keys())
        for name, value in one.items():
            self.assertAlmostEqual(value, other[name], msg=name)
            self.assertTrue(0.0 <= value <= 1.0, name)
        self.assertEqual(judge(a, b, near).verdict, judge(b, a, turned).verdict)

    def test_a_side_is_embedded_once(self) -> None:
        pair = (CardText("A question?", "An answer"), CardText("A question?", "Another"))
        one, other = cosines([pair, pair])
        self.assertEqual(one, other)
        self.assertAlmostEqual(one.asks, 1.0, places=4)


class WeightsTests(SimpleTestCase):
    def test_there_is_a_weight_for_each_feature(self) -> None:
        a = CardText("a", "b")
        self.assertEqual(
            set(judging.weights().names), set(features(a, a, Cosines(0.0, 0.0, 0.0, 0.0)))
        )

    def test_a_chance_near_the_bound_is_borderline(self) -> None:
        bound = judging.weights().same
        for chance, close in ((bound, True), (0.99, False)):
            rest = (1 - chance) / 3
            decided = judging.decide(np.array([chance, rest, rest, rest]), 0.5)
            self.assertEqual((decided.verdict, decided.is_borderline), (Verdict.SAME, close))

    def test_the_labelled_pairs_are_many_and_none_is_there_twice(self) -> None:
        rows = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]
        self.assertGreaterEqual(len(rows), 1_500)
        self.assertEqual(
            len({json.dumps([row["first"], row["second"]]) for row in rows}), len(rows)
        )
        self.assertEqual({row["verdict"] for row in rows}, VERDICTS)
        self.assertEqual({row["language"] for row in rows}, {"en", "de", "es", "fr"})


class TextTests(SimpleTestCase):
    def test_a_gap_is_what_it_asks_for(self) -> None:
        card = Draft(kind="cloze", question="{{c1::Paris}} is {{c2::in France}}.", answer="")
        self.assertEqual(text_of(card), CardText("… is in France.", "Paris"))

    def test_small_words_and_accents_do_not_count(self) -> None:
        self.assertEqual(words_of("the Élysée").stems, words_of("elysee").stems)
