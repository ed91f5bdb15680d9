"""Where a sentence ends, in several languages and scripts."""

import pytest

from flashcards.drafting.prose import sentences

TWO = (
    "This is made of vitamin C. The other is not.",
    "It moves at 30 m/s. Nobody sees it.",
    "He lived in the U.S. The others did not.",
    "Bücher, Hefte usw. Die anderen fehlen.",
    "Das war im Jahr 1648. Münster lag daneben.",
    "Vivió en el siglo XIX. La otra murió.",
    "光合成は反応である。葉緑体の中で行われる。",
    "他是谁？这里没有人。",
    "वह घर गया। फिर सो गया।",
    "광합성은 과정이다. 엽록체에서 일어난다.",
)
ONE = (
    "Das Blatt hat z. B. Poren an der Unterseite.",
    "Im 19. Jh. hielt man Wurzeln für wichtig.",
    "Seine 9. Sinfonie wurde in Wien gespielt.",
    "In der Nacht vom 12. zum 13. August begann der Bau.",
    "König Gustav II. Adolf fiel in der Schlacht.",
    "Le mètre, p. ex. celui de Paris, est une mesure.",
    "Il dormit en 1964, M. Dement le surveilla.",
    "El Sr. García lo dijo en la pág. 34 del libro.",
    "He met Dr. John F. Kennedy and others, e.g. Tom.",
    "Die Bulle wurde von Karl IV. erlassen.",
)


@pytest.mark.parametrize("text", TWO)
def test_here_are_two_sentences(text: str) -> None:
    assert len(sentences(text)) == 2


@pytest.mark.parametrize("text", ONE)
def test_here_is_one_sentence(text: str) -> None:
    assert [sentence.text for sentence in sentences(text)] == [text]


def test_a_long_thai_text_is_cut_at_its_spaces() -> None:
    text = "กระบวนการที่พืชใช้พลังงานแสงเปลี่ยนคาร์บอนไดออกไซด์และน้ำให้เป็นน้ำตาล " * 3

    assert len(sentences(text)) == 3
