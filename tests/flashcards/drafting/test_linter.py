"""What makes a card hard to learn is said; a good card is left alone."""

from unittest import TestCase

from flashcards.domain.records import Kind
from flashcards.drafting.grounding import UNPLACED, UNSUPPORTED, check
from flashcards.drafting.linter import lint

WEAK = {
    "list": [
        ("What does a cell contain?", "- a nucleus\n- mitochondria\n- ribosomes"),
        ("Which four bases are in DNA?", "Adenine, thymine, guanine and cytosine"),
        ("Name three kinds of rock.", "Igneous rocks"),
        ("What are the four chambers of the heart?", "The atria"),
        ("Nenne drei Planeten.", "Merkur, Venus und Mars"),
        ("¿Qué produce el páncreas?", "Insulina, glucagón y jugo pancreático"),
        ("Quels sont les trois pouvoirs ?", "Le pouvoir législatif"),
    ],
    "several_facts": [
        ("When did the war begin and when did it end?", "1939–1945"),
        ("What is iron? Why does it rust?", "A metal"),
        ("What is osmosis?", "Water moves. It needs a membrane. Salt stays where it was."),
        ("What does the heart do?", "It pumps the blood; it gives a signal to the lungs"),
        ("Wann und wo wurde Goethe geboren?", "1749 in Frankfurt"),
        ("¿Quién inventó el teléfono y cuándo lo patentó?", "Bell"),
        ("Quand et où Voltaire est-il né ?", "En 1694 à Paris"),
    ],
    "yes_no": [
        ("Is water wet?", "It makes things wet"),
        ("What about Pluto, a planet?", "No, a dwarf planet"),
        ("Does iron rust in air?", "Yes"),
        ("True or false: whales are fish.", "They are mammals"),
        ("Schwimmt Eis auf Wasser?", "Es ist leichter"),
        ("¿Viven los pingüinos en el Polo Norte?", "Viven en el sur"),
        ("¿El Sol es una estrella?", "De tipo G"),
        ("Peut-on entendre un son dans le vide ?", "Il faut un milieu"),
    ],
    "answer_in_question": [
        ("What is the capital city Paris the capital of, France?", "Paris, France"),
        ("Which organ, the heart, pumps blood?", "The heart"),
        ("What do pollinators that pollinate flowers do?", "They pollinate flowers"),
        ("Was misst ein Luftdruckmesser?", "Den Luftdruck"),
        ("¿Qué miden los termómetros que miden la temperatura?", "La temperatura"),
        ("Quel fleuve, la Loire, traverse Nantes ?", "La Loire"),
    ],
    "vague": [
        ("What does this mean?", "Nothing"),
        ("According to the text, what is osmosis?", "Diffusion of water"),
        ("Why is this process important?", "It feeds the plant"),
        ("When did he publish the book?", "1859"),
        ("What are its parts called?", "Chambers"),
        ("Which of the above is largest?", "Jupiter"),
        ("What causes that?", "Heat"),
        ("What about it?", "It grows"),
        ("Explain photosynthesis.", "Plants turn light into sugar"),
        ("Why is it important?", "The cell would burst"),
        ("What should you know about DNA?", "It is a double helix"),
        ("What happened next?", "The army retreated"),
        ("Erkläre die Photosynthese.", "Aus Licht wird Zucker"),
        ("Warum ist das wichtig?", "Sonst platzt die Zelle"),
        ("Wann hat er das Buch veröffentlicht?", "1859"),
        ("¿Por qué es importante?", "La célula muere"),
        ("¿Cuándo lo publicó?", "En 1859"),
        ("Décrivez la cellule.", "Elle a un noyau"),
        ("Comment ça marche ?", "Par la pression"),
        ("Quand l'a-t-il publié ?", "En 1859"),
    ],
    "long": [
        ("What is " + "very " * 40 + "long?", "This one"),
        ("What is long?", "word " * 41),
    ],
}
GOOD = [
    ("What is osmosis?", "The movement of water through a membrane"),
    ("Who inoculated James Phipps in 1796?", "Edward Jenner"),
    ("Why does iron rust?", "Because it reacts with oxygen and water"),
    ("Is a whale a fish or a mammal?", "A mammal"),
    ("What is the capital of France?", "Paris"),
    ("What does DNA stand for?", "Deoxyribonucleic acid"),
    ("What theorem says that the sum of the squares equals that of the hypotenuse?", "Pythagoras’"),
    ("What does `[x for x in this]` build in Python?", "A list"),
    ("What did Newton show that light is made of?", "Colours"),
    ("What is the difference between TCP and UDP?", "TCP resends what is lost; UDP never does so"),
    ("¿Cuál es la capital de España?", "Madrid"),
    ("日本の首都はどこですか？", "東京"),
    ("", ""),
    ("Which year did World War II begin?", "1939"),
    ("Why is it dangerous to mix bleach and ammonia?", "Toxic gas forms"),
    ("Explain why iron rusts.", "It reacts with oxygen and water"),
    ("Why do antibiotics not help against flu?", "Flu is a virus; antibiotics act on bacteria"),
    (
        "What is a catalyst?",
        "A substance that speeds up a reaction, so that it takes less energy, "
        "without being used up or changed by it, which is why a little of it is enough",
    ),
    ("What is the Spanish word for “color”?", "color"),
    ("Pluriel de « cheval »", "chevaux"),
    ("What is the capital of Tunisia?", "Tunis"),
    ("Quelle vitamine manque dans le scorbut ?", "La vitamine C"),
    ("Crime, délit, contravention : laquelle est la plus grave ?", "Le crime"),
    ("Was ist Osmose?", "Die Bewegung von Wasser durch eine halbdurchlässige Membran"),
    ("Was ist das Grundgesetz?", "Die deutsche Verfassung"),
    ("Was macht ein Compiler?", "Er übersetzt Quelltext in Maschinen- oder Zwischencode."),
    ("Was ist der Dopplereffekt?", "Änderung der Frequenz, wenn sich Quelle und Ohr nähern"),
    ("Wie viele Planeten gibt es?", "Acht"),
    ("¿Por qué hay estaciones?", "Por la inclinación del eje de la Tierra"),
    ("¿Qué lago navegable está a mayor altura?", "El Titicaca, entre Perú y Bolivia"),
    ("Que s'est-il passé en mai 1968 ?", "Une révolte étudiante"),
    ("Qu'ont apporté les lois Jules Ferry ?", "L'école gratuite"),
    ("Où la Seine prend-elle sa source ?", "Au plateau de Langres"),
    ("obsolete", "no longer in use"),
]
TEXT = (
    "Iron rusts because it reacts with oxygen. In 1796 Jenner inoculated 1,200 people. "
    "水は東へ流れる。"
)


class LintTests(TestCase):
    def test_every_weakness_is_named(self) -> None:
        for code, cards in WEAK.items():
            for question, answer in cards:
                with self.subTest(question):
                    found = lint(question, answer, Kind.BASIC)
                    self.assertIn(code, [finding.code for finding in found])

    def test_a_good_card_is_left_alone(self) -> None:
        for question, answer in GOOD:
            with self.subTest(question):
                self.assertEqual(lint(question, answer, Kind.BASIC), [])

    def test_gaps_have_rules_of_their_own(self) -> None:
        for text, code in (
            ("{{c1::Paris}} is Paris.", "answer_in_question"),
            ("{{c1::Paris is the capital}}", "answer_in_question"),
            ("This is {{c1::important}}.", "vague"),
            ("So {{c1::" + "many " * 13 + "}} words hide here.", "several_facts"),
            ("word " * 61 + "{{c1::gap}}", "long"),
        ):
            with self.subTest(text):
                self.assertIn(code, [finding.code for finding in lint(text, "", Kind.CLOZE)])
        for text in (
            "The capital of France is {{c1::Paris}}.",
            "{{c1::Adenine}} pairs with {{c2::thymine}}.",
            "Euler wrote $e^{ {{c1::i\\pi}} }$.",
        ):
            with self.subTest(text):
                self.assertEqual(lint(text, "", Kind.CLOZE), [])

    def test_each_sentence_says_what_to_do(self) -> None:
        for cards in WEAK.values():
            for question, answer in cards:
                for finding in lint(question, answer, Kind.BASIC):
                    self.assertRegex(finding.sentence, r"^[“A-Z].+: .+\.$|^[“A-Z].+\.$")

    def test_hostile_text_costs_little(self) -> None:
        for text in (
            "a, " * 1_600,
            "? and what " * 400,
            "(" * 5_000,
            "this " * 1_000,
            "{{c1::" * 800,
        ):
            lint(text[:1_000], text[:5_000], Kind.BASIC)
            lint(text[:1_000], text[:5_000], Kind.CLOZE)


class GroundingTests(TestCase):
    def check(self, answer: str, words: str | None = "Iron rusts because", **fields: str) -> object:
        start = TEXT.index(words) if words else None
        end = start + len(words) if words and start is not None else None
        question = fields.get("question", "Q?")
        return check(question, answer, fields.get("kind", Kind.BASIC), TEXT, start, end)

    def test_what_the_passage_says_is_supported_in_other_forms_too(self) -> None:
        self.assertIsNone(self.check("It reacts with oxygen"))
        self.assertIsNone(self.check("Reacting with oxygen"))
        self.assertIsNone(self.check("1200 people", "In 1796"))
        self.assertIsNone(self.check("東へ", "水は"))
        self.assertIsNone(self.check("", question="{{c1::Iron}} rusts.", kind=Kind.CLOZE))

    def test_what_it_does_not_say_is_marked(self) -> None:
        self.assertIs(self.check("Acid rain dissolves copper"), UNSUPPORTED)
        self.assertIs(self.check("1,300 people", "In 1796"), UNSUPPORTED)
        self.assertIs(
            self.check("", question="{{c1::Copper}} rusts.", kind=Kind.CLOZE), UNSUPPORTED
        )

    def test_a_draft_without_a_passage_is_marked(self) -> None:
        self.assertIs(self.check("It reacts with oxygen", None), UNPLACED)
