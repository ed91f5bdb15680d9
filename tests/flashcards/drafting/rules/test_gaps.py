"""Gaps: for notes and for languages whose grammar the rules do not know. None is chosen."""

import pytest

from flashcards.domain.records import Kind
from flashcards.drafting import rules
from flashcards.drafting.candidates import Candidate, Check

GAPS = [
    ("光合成とは、植物が光のエネルギーで有機物を作り出す反応である。", "光合成"),
    ("メルヴィン・カルヴィンは化学者として大学で長く教えた。", "メルヴィン・カルヴィン"),
    ("植物が光の中でだけ酸素を出すことは1779年に発見された。", "1779"),
    ("光合作用是指植物利用光能,将二氧化碳和水转化为有机物的过程。", "光合作用"),
    ("大气中约70%的氧气来自海洋里的藻类,而不是来自森林。", "70%"),
    ("การสังเคราะห์ด้วยแสง คือ กระบวนการที่พืชใช้พลังงานแสงสร้างน้ำตาล", "การสังเคราะห์ด้วยแสง"),
    ("Фотосинтез — это процесс, при котором растения используют свет.", "Фотосинтез"),
    ("광합성이란 식물이 빛 에너지를 이용하여 유기물을 만드는 과정이다.", "광합성"),
    ("La fotosintesi fu studiata a lungo da Jan Ingenhousz nella città di Vienna.",
     "Jan Ingenhousz"),
    ("Melvin Calvin ricevette il premio per la chimica nel 1961 in Svezia.", "1961"),
    ("سافر العالم إلى المدينة عام 1779 وبقي فيها زمنا طويلا.", "1779"),
]  # fmt: skip


def hidden(card: Candidate) -> str:
    assert card.kind is Kind.CLOZE
    return card.question.split("{{c1::")[1].split("}}")[0]


@pytest.mark.parametrize(("text", "gap"), GAPS)
def test_it_hides(text: str, gap: str) -> None:
    (card,) = rules.draft(text)

    assert hidden(card) == gap
    assert card.check is Check.UNSURE
    assert card.question.replace(f"{{{{c1::{gap}}}}}", gap) == text


def test_a_japanese_text_gives_a_card_for_most_of_its_sentences() -> None:
    text = (
        "光合成とは、植物が光のエネルギーを使って二酸化炭素と水から有機物を作り出す反応である。"
        "この反応は葉緑体の中で行われる。葉緑体にはクロロフィルという緑色の色素が含まれている。"
        "1779年、医師ヤン・インゲンホウスは、植物が光の中でだけ酸素を出すことを発見した。"
        "地球上の酸素の約70%は海の藻類が作っている。"
    )
    gaps = [hidden(card) for card in rules.draft(text)]

    # The second sentence begins with "this".
    assert gaps == ["光合成", "クロロフィル", "ヤン・インゲンホウス", "70%"]


def test_notes_give_terms_and_values() -> None:
    cards = rules.draft(
        "- **Inflation**: a general rise of prices over time\n"
        "- Boiling point of water: 100 °C\n"
        "- Systole: contraction phase\n"
        "- Open a pull request and ask Anna to look at it\n"
        "- see chapter 7 of the book\n"
        "- List of French chemists\n"
    )
    assert [card.question for card in cards] == [
        "What is inflation?",
        "Boiling point of water: {{c1::100 °C}}",
        "{{c1::Systole}}: contraction phase",
    ]
    assert [card.check for card in cards] == [Check.NONE, Check.UNSURE, Check.UNSURE]


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("- Diastole: die Phase, in der sich die Kammern füllen", "Was bedeutet „Diastole“?"),
        ("- Altiplano: una meseta entre Perú y Bolivia", "¿Qué significa «altiplano»?"),
        ("- Fusion : le passage de l’état solide à l’état liquide", "Que signifie « fusion » ?"),
    ],
)
def test_a_list_explains_terms_in_each_language(text: str, question: str) -> None:
    assert [card.question for card in rules.draft(text)] == [question]


def test_prose_that_no_grammar_could_read_gives_years_alone() -> None:
    cards = rules.draft("The old town hall burned to the ground in 1820 and was not rebuilt.")

    assert [hidden(card) for card in cards] == ["1820"]
    assert rules.draft("She married the owner of the old town hall in London in 1820.") == []
    assert rules.draft("In 1820 the old town hall burned, and its owner fled with his son.") == []
    read = "Osmosis is the movement of water through a membrane. "
    again = rules.draft(read + "The old town hall burned to the ground in 1820.")
    assert [card.kind for card in again] == [Kind.BASIC]


def test_at_most_a_third_are_gaps_in_a_long_text() -> None:
    text = " ".join(f"Nel {1500 + n} la città fu visitata da molti." for n in range(200))

    assert len(rules.draft(text)) <= 50
