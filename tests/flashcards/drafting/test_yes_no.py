"""Which questions ask for a yes or a no, in the language they are asked in."""

from django.test import SimpleTestCase

from flashcards.drafting import linter
from flashcards.drafting.yes_no import is_yes_no

ASKS_FOR_A_FACT = (
    ("Was ist Photosynthese?", "Die Umwandlung von Licht in Zucker"),
    ("Was bedeutet DNA?", "Desoxyribonukleinsäure"),
    ("Was macht ein Mitochondrium?", "ATP"),
    ("Was war der Grund für den Ersten Weltkrieg?", "Das Attentat von Sarajevo"),
    ("Was sind Proteine?", "Ketten von Aminosäuren"),
    ("Was entdeckte Marie Curie?", "Radium und Polonium"),
    ("Am wievielten Tag der Woche ruhte Gott?", "Am siebten"),
    ("Wann war die Schlacht bei Hastings?", "1066"),
    ("Wer hat die Relativitätstheorie aufgestellt?", "Einstein"),
    ("Ist Licht eine Welle oder ein Teilchen?", "Beides"),
    ("Qu'est-ce que la photosynthèse ?", "La transformation de la lumière en sucre"),
    ("Où se trouve la tour Eiffel ?", "À Paris"),
    ("Quand la Révolution a-t-elle commencé ?", "En 1789"),
    ("¿Qué es la fotosíntesis?", "La transformación de la luz"),
    ("¿Dónde está el Prado?", "En Madrid"),
    ("¿Cuál es el símbolo del silicio?", "Si"),
    ("Che cos'è la fotosintesi?", "La trasformazione della luce"),
    ("Chi ha scritto la Divina Commedia?", "Dante"),
    ("O que é a fotossíntese?", "A transformação da luz"),
    ("Wat is fotosynthese?", "De omzetting van licht"),
    ("Что такое фотосинтез?", "Превращение света"),
    ("什么是光合作用？", "植物把光变成糖"),
    ("光合作用とは何ですか？", "光を糖に変えること"),
    ("What is osmosis?", "Diffusion of water"),
    ("Who was Ada Lovelace?", "A mathematician"),
    ("Is light a wave or a particle?", "Both"),
    ("Which element has the symbol No?", "Nobelium"),
)
ASKS_FOR_A_YES = (
    ("Was Napoleon French?", "He was born on Corsica"),
    ("Was the war won by the Allies?", "Yes"),
    ("Is the Earth round?", "It is"),
    ("Does light have mass?", "It has none"),
    ("Ist Wien die Hauptstadt von Österreich?", "Ja"),
    ("War Napoleon ein Korse?", "Er wurde auf Korsika geboren"),
    ("Kann Licht gebeugt werden?", "An einem Spalt"),
    ("Was ist richtig?", "Ja."),
    ("Est-ce que la Terre est ronde ?", "Oui"),
    ("La Terre est-elle ronde ?", "Elle est ronde"),
    ("Y a-t-il de la vie sur Mars ?", "On ne sait pas"),
    ("¿Es redonda la Tierra?", "Sí"),
    ("¿Hay vida en Marte?", "No se sabe si la hay"),
    ("È rotonda la Terra?", "È quasi una sfera"),
    ("A Terra é redonda?", "Sim, quase"),
    ("Is de aarde rond?", "De aarde is bijna een bol"),
    ("Верно ли, что Земля круглая?", "Да"),
    ("地球是圆的吗？", "是"),
    ("地球は丸いですか？", "ほぼ球です"),
)


class YesNoTests(SimpleTestCase):
    def test_a_question_for_a_fact_is_none_for_a_yes(self) -> None:
        for question, answer in ASKS_FOR_A_FACT:
            with self.subTest(question):
                self.assertFalse(is_yes_no(question, answer))
                codes = [found.code for found in linter.lint(question, answer, "basic")]
                self.assertNotIn("yes_no", codes)

    def test_a_question_for_a_yes_is_told(self) -> None:
        for question, answer in ASKS_FOR_A_YES:
            with self.subTest(question):
                self.assertTrue(is_yes_no(question, answer))
