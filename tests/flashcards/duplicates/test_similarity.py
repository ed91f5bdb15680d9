"""Two cards ask for the same fact, or for another one of the same topic, or for nothing alike."""

import json
from pathlib import Path

from flashcards.domain.card_sides import Draft
from flashcards.duplicates import similarity
from flashcards.duplicates.similarity import CardText
from memoryloop.embeddings import get_embedder
from tests.base import TestCase

PAIRS = Path(__file__).parents[2] / "benchmarks" / "duplicate_pairs.jsonl"


def score(a: CardText, b: CardText) -> float:
    texts = [a.ask, b.ask, f"{a.ask}\n{a.answer}", f"{b.ask}\n{b.answer}"]
    ask_a, ask_b, whole_a, whole_b = get_embedder().embed(texts)
    return similarity.likeness(a, b, asked=float(ask_a @ ask_b), whole=float(whole_a @ whole_b))


class LikenessTests(TestCase):
    def test_other_words_for_the_same_fact_are_the_same(self) -> None:
        for a, b in (
            (("When did the war end?", "1918"), ("In which year was the war over?", "In 1918")),
            (("What is H2O?", "Water"), ("What is H2O?", "Water")),
            (
                ("What is osmosis?", "The diffusion of water, from low to high concentration"),
                ("What is Osmosis", "Movement through a membrane."),
            ),
        ):
            self.assertGreater(score(CardText(*a), CardText(*b)), similarity.SAME)

    def test_another_fact_of_the_same_topic_is_not(self) -> None:
        for a, b in (
            (("When did the war begin?", "1914"), ("When did the war end?", "1918")),
            (("Capital of Spain?", "Madrid"), ("Capital of Portugal?", "Lisbon")),
            (("What is 6 times 7?", "42"), ("What is 6 times 8?", "48")),
            (("Is a list mutable?", "Yes"), ("Is a tuple mutable?", "No")),
        ):
            self.assertLess(score(CardText(*a), CardText(*b)), similarity.SAME)

    def test_it_does_not_matter_which_comes_first(self) -> None:
        a, b = (
            CardText("When did the EU begin?", "1993"),
            CardText("Start of the European Union?", "1993"),
        )
        self.assertAlmostEqual(score(a, b), score(b, a))

    def test_no_text_is_too_odd(self) -> None:
        for odd in (
            CardText("", ""),
            CardText("…", "?"),
            CardText("```", "$$"),
            CardText("²³", "±"),
            CardText("EU", "US"),
        ):
            self.assertGreaterEqual(score(odd, CardText("What?", "That")), 0.0)

    def test_a_gap_is_what_it_asks_for(self) -> None:
        card = Draft(kind="cloze", question="{{c1::Paris}} is {{c2::in France}}.", answer="")
        self.assertEqual(similarity.text_of(card), CardText("… is in France.", "Paris"))

    def test_numbers_are_the_same_however_they_are_written(self) -> None:
        for text in ("ninety-five", "95", "Ninety five"):
            self.assertEqual(similarity.words_of(text).numbers, {"95"})
        self.assertEqual(similarity.words_of("10²³").numbers, {"1023"})

    def test_there_is_a_weight_for_each_feature(self) -> None:
        self.assertEqual(len(similarity.WEIGHTS), len(similarity.FEATURES))

    def test_the_labelled_pairs_are_many_and_none_is_there_twice(self) -> None:
        lines = PAIRS.read_text().splitlines()
        rows = [json.loads(line) for line in lines]
        self.assertGreaterEqual(len(rows), 400)
        self.assertEqual(len({json.dumps([row["a"], row["b"]]) for row in rows}), len(rows))
        self.assertEqual({row["label"] for row in rows}, {"same", "near", "unrelated"})
