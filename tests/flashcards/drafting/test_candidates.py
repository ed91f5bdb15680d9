"""Finding a quote again, and telling one card said twice."""

import time

import pytest

from flashcards.drafting.candidates import (
    Candidate,
    Seen,
    cards_expected,
    cards_most,
    locate,
    without_duplicates,
)

TEXT = (
    "Smallpox was an infectious disease caused by the *variola* virus.\n\n"
    "In 1796 Jenner scratched cowpox into the arm of James Phipps. He called it a vaccine."
)


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("In 1796 Jenner", "In 1796 Jenner"),
        ("  caused by ", "caused by"),
        ("caused by the variola virus", "caused by the *variola* virus"),
        ("IN 1796\n jenner  scratched", "In 1796 Jenner scratched"),
        ("“He called it a vaccine”", "He called it a vaccine"),
        (
            "In 1796 Jenner put cowpox into the arm of James Phipps",
            "In 1796 Jenner scratched cowpox into the arm of James Phipps",
        ),
    ],
)
def test_it_finds_a_quote_exactly_loosely_or_alike(quote: str, found: str) -> None:
    place = locate(quote, TEXT)

    assert place is not None
    assert TEXT[slice(*place)] == found


@pytest.mark.parametrize(
    "quote", ["", "   ", "...", "The Moon is made of green cheese", "word " * 900, "cheese"]
)
def test_it_does_not_find_what_is_not_there(quote: str) -> None:
    assert locate(quote, TEXT) is None


def test_a_wild_quote_in_a_long_text_costs_little() -> None:
    text = "the cell of the body in the water " * 1_500
    start = time.process_time()

    locate("the water of the body in a cell that the " * 9, text)

    assert time.process_time() - start < 0.5


def test_two_candidates_are_one_when_only_marks_and_case_differ() -> None:
    first = Candidate(question="What is **osmosis**?", answer="Water moving.")
    again = Candidate(question="what is Osmosis", answer="water moving")
    other = Candidate(question="What is osmosis?", answer="Salt moving.")

    assert list(without_duplicates([first, again, other])) == [first, other]
    assert not Seen([("What is osmosis", "water moving!")]).add(first)


@pytest.mark.parametrize(("words", "cards"), [(0, 1), (20, 1), (100, 5), (500, 21), (720, 30)])
def test_a_model_is_asked_for_a_card_in_24_words(words: int, cards: int) -> None:
    assert cards_expected(words) == cards
    assert cards_most(words) >= max(8, 1.5 * cards)
