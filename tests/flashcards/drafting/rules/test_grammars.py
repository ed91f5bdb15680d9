"""The grammars: what each language's rules ask, and what they leave alone."""

import time

import pytest

from flashcards.drafting import rules
from flashcards.drafting.candidates import Check
from flashcards.drafting.prose import Sentence
from flashcards.drafting.rules.drafts import GRAMMARS
from flashcards.drafting.rules.frame import (
    SENTENCE_CHARACTERS_MOST,
    Document,
    Grammar,
    Statement,
)

ASKED = {
    "en": [
        ("A catalyst is a substance that speeds up a reaction without being used up.",
         "What is a catalyst?", "A substance that speeds up a reaction without being used up."),
        ("Lava is magma that has reached the surface of the Earth.",
         "What is lava?", "Magma that has reached the surface of the Earth."),
        ("Antibodies are proteins that bind to foreign substances in the blood.",
         "What are antibodies?", "Proteins that bind to foreign substances in the blood."),
        ("Ada Lovelace was an English mathematician who wrote the first program.",
         "Who was Ada Lovelace?", "An English mathematician who wrote the first program."),
        ("Grace Hopper (December 9, 1906 – January 1, 1992) was an American computer scientist.",
         "When was Grace Hopper born?", "On December 9, 1906."),
        ("The harp seal, also known as the saddleback seal, is a seal of the northern seas.",
         "What is the harp seal?", "A seal of the northern seas."),
        ("Ada King, Countess of Lovelace (10 December 1815 – 1 May 1852), was an English writer.",
         "When was Ada King born?", "On 10 December 1815."),
        ("Marie Curie was the first woman to win a Nobel Prize.",
         "Who was the first woman to win a Nobel Prize?", "Marie Curie."),
        ("Mauna Loa is the largest active volcano on Earth.",
         "What is the largest active volcano on Earth?", "Mauna Loa."),
        ("The highest mountain in Africa is Kilimanjaro, which is a volcano.",
         "What is the highest mountain in Africa?", "Kilimanjaro."),
        ("The capital of Slovenia is Ljubljana.", "What is the capital of Slovenia?",
         "Ljubljana."),
        ("The movement of molecules along a gradient is called diffusion.",
         "What is the movement of molecules along a gradient called?", "Diffusion."),
        ("The cell nucleus was described by Robert Brown in 1831.",
         "Who described the cell nucleus?", "Robert Brown."),
        ("The cell nucleus was described by Robert Brown in 1831.",
         "When was the cell nucleus described?", "In 1831."),
        ("In 1674 Antonie van Leeuwenhoek discovered single-celled organisms.",
         "Who discovered single-celled organisms?", "Antonie van Leeuwenhoek."),
        ("Jan Ingenhousz, a Dutch physician, discovered in 1779 that plants need light.",
         "Who discovered in 1779 that plants need light?", "Jan Ingenhousz."),
        ("World War II began on 1 September 1939, when Germany invaded Poland.",
         "When did World War II begin?", "On 1 September 1939."),
        ("The European Central Bank is located in Frankfurt.",
         "Where is the European Central Bank located?", "In Frankfurt."),
        ("Leaves look green because chlorophyll reflects green light.",
         "Why do leaves look green?", "Because chlorophyll reflects green light."),
        ("A lack of vitamin C causes a disease of sailors.",
         "What causes a disease of sailors?", "A lack of vitamin C."),
        ("DNA stands for deoxyribonucleic acid.", "What does DNA stand for?",
         "Deoxyribonucleic acid."),
        ("A human cell contains 46 chromosomes.",
         "How many chromosomes does a human cell contain?", "46"),
    ],
    "de": [
        ("Die Osmose ist ein Vorgang, bei dem Wasser durch eine Membran strömt.",
         "Was ist die Osmose?", "Ein Vorgang, bei dem Wasser durch eine Membran strömt."),
        ("Arterien sind Gefäße, die das Blut vom Herzen wegführen.",
         "Was sind Arterien?", "Gefäße, die das Blut vom Herzen wegführen."),
        ("Melvin Calvin war ein amerikanischer Biochemiker, der in Kalifornien lehrte.",
         "Wer war Melvin Calvin?", "Ein amerikanischer Biochemiker, der in Kalifornien lehrte."),
        ("Paul Klee (* 18. Dezember 1879 in Bern; † 29. Juni 1940) war ein deutscher Maler.",
         "Wann wurde Paul Klee geboren?", "Am 18. Dezember 1879."),
        ("Clara Schumann, geborene Wieck, war eine deutsche Pianistin und Komponistin.",
         "Wer war Clara Schumann?", "Eine deutsche Pianistin und Komponistin."),
        ("Marie Curie war die erste Frau, die einen Nobelpreis erhielt.",
         "Wer war die erste Frau, die einen Nobelpreis erhielt?", "Marie Curie."),
        ("Der Buchdruck wurde um 1450 von Johannes Gutenberg erfunden.",
         "Wann wurde der Buchdruck erfunden?", "Um 1450."),
        ("Die Aorta ist die größte Arterie des menschlichen Körpers.",
         "Was ist die größte Arterie des menschlichen Körpers?", "Die Aorta."),
        ("Die Hauptstadt von Ungarn ist Budapest.", "Was ist die Hauptstadt von Ungarn?",
         "Budapest."),
        ("Unter Inflation versteht man den Anstieg des Preisniveaus einer Wirtschaft.",
         "Was versteht man unter Inflation?", "Den Anstieg des Preisniveaus einer Wirtschaft."),
        ("Der Vorgang, bei dem Wasser unter Licht gespalten wird, heißt Photolyse.",
         "Wie heißt der Vorgang, bei dem Wasser unter Licht gespalten wird?", "Photolyse."),
        ("Die Goldene Bulle wurde 1356 von Karl IV. erlassen.",
         "Von wem wurde die Goldene Bulle erlassen?", "Karl IV."),
        ("Die Goldene Bulle wurde 1356 von Karl IV. erlassen.",
         "Wann wurde die Goldene Bulle erlassen?", "1356"),
        ("Im Jahr 1779 entdeckte Jan Ingenhousz, dass Pflanzen bei Licht Sauerstoff abgeben.",
         "Wer entdeckte im Jahr 1779, dass Pflanzen bei Licht Sauerstoff abgeben?",
         "Jan Ingenhousz."),
        ("William Harvey beschrieb 1628 den großen Blutkreislauf.",
         "Wann beschrieb William Harvey den großen Blutkreislauf?", "1628"),
        ("Die Französische Revolution begann 1789 und veränderte ganz Europa.",
         "Wann begann die Französische Revolution?", "1789"),
        ("Die Humboldt-Universität liegt in Berlin.", "Wo liegt die Humboldt-Universität?",
         "In Berlin."),
        ("Blätter sind grün, weil Chlorophyll grünes Licht zurückwirft.",
         "Warum sind Blätter grün?", "Weil Chlorophyll grünes Licht zurückwirft."),
        ("Vitamin-C-Mangel führt zu einer Krankheit namens Skorbut.",
         "Was führt zu einer Krankheit namens Skorbut?", "Vitamin-C-Mangel."),
        ("Das menschliche Herz hat vier Klappen.",
         "Wie viele Klappen hat das menschliche Herz?", "Vier."),
    ],
    "es": [
        ("La mitosis es un proceso en el que una célula se divide en dos.",
         "¿Qué es la mitosis?", "Un proceso en el que una célula se divide en dos."),
        ("Los ribosomas son estructuras que fabrican proteínas en la célula.",
         "¿Qué son los ribosomas?", "Estructuras que fabrican proteínas en la célula."),
        ("Frida Kahlo (Coyoacán, 6 de julio de 1907 – 1954) fue una pintora mexicana.",
         "¿Quién fue Frida Kahlo?", "Una pintora mexicana."),
        ("Frida Kahlo (Coyoacán, 6 de julio de 1907 – 1954) fue una pintora mexicana.",
         "¿Cuándo nació Frida Kahlo?", "El 6 de julio de 1907."),
        ("El Aconcagua es la montaña más alta de América.",
         "¿Cuál es la montaña más alta de América?", "El Aconcagua."),
        ("La moneda de Perú es el sol.", "¿Cuál es la moneda de Perú?", "El sol."),
        ("El paso de agua a través de una membrana se llama ósmosis.",
         "¿Cómo se llama el paso de agua a través de una membrana?", "Ósmosis."),
        ("Se llama citoplasma al contenido de la célula que rodea el núcleo.",
         "¿A qué se llama citoplasma?", "Al contenido de la célula que rodea el núcleo."),
        ("Lima fue fundada en 1535 por Francisco Pizarro.", "¿Por quién fue fundada Lima?",
         "Francisco Pizarro."),
        ("Lima fue fundada en 1535 por Francisco Pizarro.", "¿Cuándo fue fundada Lima?",
         "En 1535."),
        ("En 1831, Robert Brown descubrió el núcleo de la célula.",
         "¿Quién descubrió el núcleo de la célula?", "Robert Brown."),
        ("La Revolución mexicana comenzó en 1910.", "¿Cuándo comenzó la Revolución mexicana?",
         "En 1910."),
        ("El lago Titicaca se encuentra entre Perú y Bolivia.",
         "¿Dónde se encuentra el lago Titicaca?", "Entre Perú y Bolivia."),
        ("Las plantas son verdes porque sus células contienen clorofila.",
         "¿Por qué las plantas son verdes?", "Porque sus células contienen clorofila."),
        ("La falta de vitamina C provoca la enfermedad del escorbuto.",
         "¿Qué provoca la enfermedad del escorbuto?", "La falta de vitamina C."),
        ("El corazón humano tiene cuatro válvulas.",
         "¿Cuántas válvulas tiene el corazón humano?", "Cuatro."),
    ],
    "fr": [
        ("L’osmose est le passage d’un solvant à travers une membrane.",
         "Qu’est-ce que l’osmose ?", "Le passage d’un solvant à travers une membrane."),
        ("Une enzyme est une protéine qui accélère une réaction chimique.",
         "Qu’est-ce qu’une enzyme ?", "Une protéine qui accélère une réaction chimique."),
        ("Les enzymes sont des protéines qui accélèrent les réactions.",
         "Que sont les enzymes ?", "Des protéines qui accélèrent les réactions."),
        ("Les Misérables est un roman de Victor Hugo.", "Qu’est-ce que Les Misérables ?",
         "Un roman de Victor Hugo."),
        ("Pierre Curie (15 mai 1859 – 19 avril 1906) était un physicien français.",
         "Quelle est la date de naissance de Pierre Curie ?", "Le 15 mai 1859."),
        ("Marie Curie, née le 7 novembre 1867 à Varsovie, est une physicienne polonaise.",
         "Quand est née Marie Curie ?", "Le 7 novembre 1867."),
        ("Le lac Baïkal est le lac le plus profond du monde.",
         "Quel est le lac le plus profond du monde ?", "Le lac Baïkal."),
        ("La monnaie du Japon est le yen.", "Quelle est la monnaie du Japon ?", "Le yen."),
        ("On appelle Terreur la période qui va de 1793 à 1794.", "Qu’appelle-t-on Terreur ?",
         "La période qui va de 1793 à 1794."),
        ("Le thermomètre à mercure a été inventé par Daniel Gabriel Fahrenheit en 1714.",
         "Par qui a été inventé le thermomètre à mercure ?", "Daniel Gabriel Fahrenheit."),
        ("Louis XVI fut exécuté le 21 janvier 1793.", "Quand fut exécuté Louis XVI ?",
         "Le 21 janvier 1793."),
        ("Henri Becquerel découvrit la radioactivité en 1896.",
         "Qui découvrit la radioactivité ?", "Henri Becquerel."),
        ("La Révolution française commença en 1789.",
         "Quand commença la Révolution française ?", "En 1789."),
        ("Le barrage des Trois-Gorges se trouve en Chine.",
         "Où se trouve le barrage des Trois-Gorges ?", "En Chine."),
        ("La glace flotte parce qu’elle est moins dense que l’eau.",
         "Pourquoi est-ce que la glace flotte ?", "Parce qu’elle est moins dense que l’eau."),
        ("Le manque de vitamine C provoque la maladie du scorbut.",
         "Qu’est-ce qui provoque la maladie du scorbut ?", "Le manque de vitamine C."),
        ("La France compte 18 régions.", "Combien de régions compte la France ?", "18"),
    ],
}  # fmt: skip


# One sentence may be too little to tell its language by.
AROUND = {
    "en": "There the others were, and that is all that there was.",
    "de": "Da waren die anderen, und das ist alles, was es dort gab.",
    "es": "Allí estaban los otros, y eso es todo lo que había por la noche.",
    "fr": "Là étaient les autres, et c’est tout ce qu’il y avait dans la nuit.",
}


@pytest.mark.parametrize(
    ("language", "text", "question", "answer"),
    [(language, *each) for language, asked in ASKED.items() for each in asked],
)
def test_it_asks(language: str, text: str, question: str, answer: str) -> None:
    cards = {card.question: card for card in rules.draft(f"{text} {AROUND[language]}")}

    assert question in cards, cards
    assert cards[question].answer == answer
    assert cards[question].check is Check.NONE


REFUSED = (
    # Pronouns and "this" that refer to another sentence.
    "It was the largest building of the whole town.",
    "This process is called osmosis by all who study it.",
    "He published nothing about it in London.",
    "Sie ist ein Vorgang, bei dem Wasser durch eine Membran strömt.",
    "Fue fundada por Francisco Pizarro en la costa.",
    "Elle fut prise le 14 juillet par la foule.",
    # "The city" is clear beside the sentence before only.
    "The city was founded by William Penn in a valley.",
    "Die Stadt wurde durch Heinrich Schulze gegründet.",
    "La ciudad fue fundada por Francisco Pizarro.",
    "La ville fut fondée par Samuel de Champlain.",
    # Opinions, and words that say nothing.
    "Inflation is an important topic for everybody in the world.",
    "Die Inflation ist ein wichtiges Thema für alle Menschen der Welt.",
    "La inflación es un tema importante para todos los países.",
    "L’inflation est un sujet important pour tous les pays.",
    "The question is a matter of taste for most of the people.",
    "Angola is a member of the United Nations and of the African Union.",
    # Orders and talk.
    "Look at the graph and remember the axis of the prices.",
    "Stellt euch das Blatt wie eine kleine Fabrik vor.",
    "Recuerda dibujar el esquema de la célula para el lunes.",
    "Réfléchissez bien aux causes de la guerre avant le devoir.",
    "Photosynthesis is a process that you should know for the exam.",
    # Questions, calls, quotations, shouting, data and markup.
    "What is a catalyst and what does it do in a reaction?",
    "Osmosis is a process that moves water through a membrane!",
    "“Osmosis is a process that moves water through a membrane,” she wrote.",
    "OSMOSIS IS A PROCESS THAT MOVES WATER THROUGH A MEMBRANE.",
    "<script>alert(1)</script> is a thing that runs code in a page.",
    "12 34 56 78 90 12 34 56 78.",
    # Clauses after "and", whose subject is not theirs.
    "Wheat and rye is a mixture that feeds the whole of the village.",
    "Plants grow and animals eat because the sun gives them light.",
    # "Who" without a person; a verb that is not a finding.
    "The Great American Puzzle Factory created a puzzle of the book.",
    "North Korea developed a rocket that flies to the moon.",
    # What is done to somebody is not what it is.
    "Ships are lifted 26 metres to Gatun Lake, a lake made by damming the Chagres River.",
    "Coins are weighed in a tray that hangs from the longer arm.",
    "Los barcos son elevados 26 metros hasta el lago Gatún, un lago que se formó al represar.",
    "Los huevos son depositados en nidos que la hembra construye con hierba.",
    "Les graines sont portées par le vent, un agent qui les disperse au loin.",
    "Die Schiffe sind gehoben in Kammern, die sich mit Wasser füllen.",
    # A place that is a time.
    "Die Paarungszeit-Phase liegt in den Monaten Januar und Februar.",
    # What somebody holds to be true, and what is no longer.
    "Today China is the largest producer of paper in the world.",
    "Heute ist Berlin die größte Stadt Deutschlands.",
    "Taggart is a peddler of influence who knows everybody.",
)


@pytest.mark.parametrize("text", REFUSED)
def test_it_refuses_what_it_is_not_sure_of(text: str) -> None:
    for around in ("", *AROUND.values()):
        assert rules.draft(f"{text} {around}") == []


def test_the_first_definition_counts_and_no_other_of_the_same() -> None:
    cards = rules.draft(
        "Osmosis is the movement of water through a membrane. The cell needs it. Osmosis is a "
        "process that keeps the pressure of every plant cell."
    )
    assert [card.answer for card in cards] == ["The movement of water through a membrane."]


@pytest.mark.parametrize(
    ("text", "question"),
    [
        # A name keeps its capital, a common noun does not.
        ("Django is a framework for the web that is written in Python.", "What is Django?"),
        ("Fermentation is a process by which yeast turns sugar into alcohol.",
         "What is fermentation?"),
        ("Central banks are institutions that issue the money of a country.",
         "What are central banks?"),
        ("A Lewis acid is a substance that accepts a pair of electrons.",
         "What is a Lewis acid?"),
    ],
)  # fmt: skip
def test_a_capital_stays_where_it_is_a_names(text: str, question: str) -> None:
    cards = rules.draft(f"{text} {AROUND['en']}")
    assert [card.question for card in cards] == [question]


def test_each_sentence_is_read_by_the_grammar_of_its_language() -> None:
    cards = rules.draft(
        "Osmosis is the movement of water through a membrane. Die Osmose ist der Durchgang von "
        "Wasser durch eine Membran. La ósmosis es el paso de agua a través de una membrana. "
        "L’osmose est le passage de l’eau à travers une membrane."
    )
    assert [card.question for card in cards] == [
        "What is osmosis?", "Was ist die Osmose?", "¿Qué es la ósmosis?",
        "Qu’est-ce que l’osmose ?",
    ]  # fmt: skip


BITS = (
    "Aa ", "Aa Bb ", "A. ", "Aa-", "Aa’", "IV ", "A" * 30, "a" * 30, "1900 ", "a, ", "von ", "und ",
    "by Ann Lee ", "wurde ", "fue fundado ", "a été fondé ", "is a ", "weil ", "because ", "qu’",
)  # fmt: skip


@pytest.mark.parametrize("grammar", GRAMMARS.values(), ids=GRAMMARS.keys())
def test_no_sentence_takes_long(grammar: Grammar) -> None:
    """The longest that is read, of a pattern that repeats: thousands would take no second."""
    for bit in BITS:
        text = f"Die Ann {bit * 600}"[:SENTENCE_CHARACTERS_MOST]
        read = Statement(text, Sentence(text, 0, len(text)), Document())
        begun = time.process_time()
        for reader in grammar.readers:
            list(reader(read))
        assert time.process_time() - begun < 0.5, bit
