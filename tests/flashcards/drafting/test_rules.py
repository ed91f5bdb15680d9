"""Cards drafted by rules: what they make, what they leave alone, and how long they take."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashcards.domain import card_sides
from flashcards.domain.records import ANSWER_MAX_CHARACTERS, QUESTION_MAX_CHARACTERS, Kind
from flashcards.drafting import rules
from flashcards.drafting.candidates import Candidate, cards_wanted, normalise
from memoryloop.words import count_words

FIXTURES = Path(__file__).parents[2] / "fixtures"


def one(text: str) -> tuple[str, str]:
    """Return the question and answer of the only card of a text."""
    cards = rules.draft(text)
    assert len(cards) == 1, cards
    return cards[0].question, cards[0].answer


def fixture(name: str) -> str:
    return (FIXTURES / name).read_text()


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        (
            "A catalyst is a substance that speeds up a reaction without being used up.",
            "What is a catalyst?",
            "A substance that speeds up a reaction without being used up.",
        ),
        (
            "Osmosis refers to the movement of water through a membrane.",
            "What is osmosis?",
            "The movement of water through a membrane.",
        ),
        (
            "The movement of molecules along a gradient is called diffusion.",
            "What is the movement of molecules along a gradient called?",
            "Diffusion.",
        ),
        (
            "Edward Jenner was a country doctor who tested the rumour.",
            "Who was Edward Jenner?",
            "A country doctor who tested the rumour.",
        ),
        (
            "Isabel Zendal, the head of an orphanage, sailed along.",
            "Who was Isabel Zendal?",
            "The head of an orphanage.",
        ),
        (
            "In 1674 Antonie van Leeuwenhoek discovered single-celled organisms.",
            "In 1674, who discovered single-celled organisms?",
            "Antonie van Leeuwenhoek.",
        ),
        (
            "The cell nucleus was described by Robert Brown in 1831.",
            "Who described the cell nucleus in 1831?",
            "Robert Brown.",
        ),
        (
            "In 1853 the British Parliament made vaccination compulsory for infants.",
            "When did the British Parliament make vaccination compulsory for infants?",
            "In 1853.",
        ),
        (
            "A human cell contains 46 chromosomes.",
            "How many chromosomes does a human cell contain?",
            "46.",
        ),
        (
            "Iron rusts because oxygen and water attack the metal.",
            "Why does Iron rust?",
            "Because oxygen and water attack the metal.",
        ),
        (
            "Because a tuple never changes, it can be used as a key of a dictionary.",
            "Why can a tuple be used as a key of a dictionary?",
            "Because a tuple never changes.",
        ),
        (
            "A lack of oxygen leads to the build-up of lactate in muscle cells.",
            "What leads to the build-up of lactate in muscle cells?",
            "A lack of oxygen.",
        ),
        ("DNA stands for deoxyribonucleic acid.", "What does DNA stand for?",
         "Deoxyribonucleic acid."),
        (
            "- `append(x)`: adds the item at the end of the list",
            "What does `append(x)` do?",
            "It adds the item at the end of the list.",
        ),
        (
            "**Entropy**: the measure of disorder in a closed system.",
            "What is entropy?",
            "The measure of disorder in a closed system.",
        ),
    ],
)  # fmt: skip
def test_it_asks_for(text: str, question: str, answer: str) -> None:
    assert one(text) == (question, answer)


def test_a_date_that_cannot_be_asked_for_becomes_a_gap() -> None:
    card = rules.draft("World War II began on 1 September 1939, when Germany invaded Poland.")[0]

    assert card.kind is Kind.CLOZE
    assert "{{c1::1 September 1939}}" in card.question
    assert card.answer == ""


@pytest.mark.parametrize(
    "text",
    [
        "It was the largest building of the whole town in 1820.",
        "This process is called osmosis by all who study it.",
        "He published nothing about it until 1798 in London.",
        "Then these two were merged by the government in 1931.",
        "What is a catalyst and what does it do?",
        "The needle needed only a quarter of the vaccine.",
        "In the same year she returned to London with him.",
        "<script>alert(1)</script> is a thing that runs code in 1999.",
        "```\nA list is a thing that grows in 1999.\n```",
        "| A list | is a thing that grows |\n|---|---|\n| 1999 | two |",
        "$$\nA list is a sum that grows in 1999.\n$$",
        "1234567 8901234 !!! ...",
        "",
        "\n\n\n",
    ],
)
def test_it_leaves_out_what_it_cannot_do_well(text: str) -> None:
    assert rules.draft(text) == []


def test_it_resolves_a_pronoun_only_after_a_definition() -> None:
    sure = "The bifurcated needle is a steel rod that holds a drop of vaccine. "
    filler = "Many of the people in the villages were glad of the new way of doing it. " * 9
    cards = rules.draft(f"{sure}It was invented by Benjamin Rubin in 1965. {filler}")

    assert "Who invented the bifurcated needle in 1965?" in {card.question for card in cards}
    unsure = "The town grew fast and the mill burned down. It was rebuilt by John Smith in 1831."
    assert not any("It" in card.question for card in rules.draft(unsure))


def test_abbreviations_do_not_end_a_sentence() -> None:
    text = "Dr. John Snow, e.g., was a physician of the U.S. Navy in St. Louis."
    cards = rules.draft(f"Osmosis is a process by which Dr. Snow et al. moved water. {text}")

    assert cards[0].answer == "A process by which Dr. Snow et al. moved water."


def test_every_card_names_the_very_words_it_comes_from() -> None:
    for name in ("article.md", "biology.md", "chat_answer.md", "german.md"):
        text = fixture(name)
        for card in rules.draft(text):
            assert card.start is not None
            assert card.end is not None
            words = text[card.start : card.end]
            asked = set(normalise(faces_text(card), card.answer).split())
            shared = asked & set(normalise(words, "").split())
            assert len(shared) >= 1, (card, words)
            assert "\n\n" not in words


def faces_text(card: Candidate) -> str:
    return card.question


def test_the_article_gives_about_one_card_per_80_words_and_the_same_each_time() -> None:
    text = fixture("article.md")
    cards = rules.draft(text)

    assert 14 <= len(cards) <= cards_wanted(count_words(text))
    assert cards == rules.draft(text)
    questions = {card.question for card in cards}
    assert "Why could smallpox be eradicated?" in questions
    assert "What is ring vaccination?" in questions
    assert "Who was Edward Jenner?" in questions
    starts = [card.start or 0 for card in cards]
    assert starts == sorted(starts)


def test_other_languages_give_only_gaps_of_years() -> None:
    cards = rules.draft(fixture("german.md"))

    assert cards
    assert all(card.kind is Kind.CLOZE for card in cards)
    assert "{{c1::1450}}" in cards[0].question


def test_no_two_cards_of_a_repeated_text_are_the_same() -> None:
    cards = rules.draft(fixture("biology.md") * 5)

    keys = [normalise(card.question, card.answer) for card in cards]
    assert len(keys) == len(set(keys))


def test_there_are_never_more_than_fifty() -> None:
    facts = " ".join(
        f"In {1500 + n} Ann Lee{chr(97 + n % 26)} founded town {n}." for n in range(400)
    )
    many = " ".join(f"A thing{n}x is a tool that makes part {n} of it." for n in range(900))

    assert len(rules.draft(f"{facts} {many}")) <= 50


def test_it_is_fast_enough_to_wait_for() -> None:
    article = fixture("article.md")
    rules.draft(article)
    best = min(timed(article) for _ in range(5))
    assert best < 0.1

    assert min(timed((article * 6)[:50_000]) for _ in range(2)) < 2.0


def timed(text: str) -> float:
    start = time.process_time()
    rules.draft(text)
    return time.process_time() - start


HOSTILE = [
    "a" * 50_000,
    "A" * 50_000,
    "A " * 25_000,
    "Aa " * 16_000,
    "is a " * 10_000,
    "In 1999 " * 6_000,
    "(" * 50_000,
    "*" * 50_000,
    "`" * 50_000,
    "[" * 50_000,
    "[a](" * 12_500,
    "$a " * 16_000,
    "\\(" * 25_000,
    "> " * 25_000,
    "- " * 25_000,
    "|" * 50_000,
    "_a" * 25_000,
    ", because " * 5_000,
    "a, " * 16_000,
    "X is a y, the z, " * 3_000,
    "1,000 " * 8_000,
    "1,111" * 10_000,
    "a.b." * 12_500,
    "A. " * 16_000,
    "a-" * 25_000,
    "The A B is a c that d " * 2_000 + ".",
    "by " * 16_000 + ".",
    "Ann Lee " * 6_000 + "invented it.",
    "\n" * 50_000,
    "~~~\n" * 12_000,
    "ﬀ" * 50_000,
]


@pytest.mark.parametrize(
    "text", HOSTILE, ids=[text[:12].strip() or repr(text[:2]) for text in HOSTILE]
)
def test_no_text_takes_long(text: str) -> None:
    assert timed(text) < 2.0
    assert timed(f"Osmosis is a process that {text}.") < 2.0


PIECES = (
    "Osmosis is a process that In_1796 , . ._ Edward_Jenner was_born because it "
    'the_cell ** `x` $x$ \n \n\n -_ #_ ( ) " {{c1:: }} :: <b> by 46 percent called '
    "which and invented — :_ They U.S. \0"
)


def pieces() -> st.SearchStrategy[str]:
    found = [piece.replace("_", " ") for piece in PIECES.split(" ")]
    return st.lists(st.sampled_from(found), max_size=60).map(" ".join)


@settings(max_examples=300, deadline=None)
@given(pieces() | st.text(max_size=300))
def test_whatever_the_text_every_card_is_sound(text: str) -> None:
    for card in rules.draft(text):
        assert card.question.strip()
        assert len(card.question) <= QUESTION_MAX_CHARACTERS
        assert len(card.answer) <= ANSWER_MAX_CHARACTERS
        assert card.start is not None
        assert card.end is not None
        assert 0 <= card.start < card.end <= len(text)
        if card.kind is Kind.CLOZE:
            assert card_sides.cloze_ordinals(card.question) == [1]
        else:
            assert card.question.endswith("?")
            assert card.answer.strip()
