"""Features: what of two cards is alike and what is not, in numbers. Pure functions.

A cosine alone cannot distinguish when something began from when it ended. So questions and answers
are compared separately and crosswise, by meaning and by their words, and features of their own look
at what distinguishes facts: numbers, formulas, names, opposites, negations, and what is asked for.
All are the same whichever card comes first.
"""

import difflib
import re
from dataclasses import dataclass

from flashcards.duplicates import formulas
from flashcards.duplicates.card_text import CardText
from flashcards.duplicates.lexicon import lexicon, sides_of
from flashcards.duplicates.words import (
    Words,
    language_of,
    letters_of,
    values_shared,
    words_of,
)
from memoryloop.search_words import plain

_ACRONYM = re.compile(r"\b[A-Z]{2,5}\b")
# Words of each question that are compared with those of the other, letter by letter.
_SWAPPED_MOST = 6
_VERY_NEAR = 0.75
# Of two spellings so much must be the same for one to be taken for the other.
SPELT_ALIKE = 0.6


@dataclass(frozen=True, slots=True)
class Cosines:
    """How near the sides of two cards are in meaning."""

    asks: float
    answers: float
    # The question of each with the answer of the other.
    ask_answer: float
    answer_ask: float


@dataclass(frozen=True)
class _Card:
    """The words of one card of a pair."""

    text: CardText
    ask: Words
    answer: Words
    whole: Words


def features(a: CardText, b: CardText, near: Cosines) -> dict[str, float]:
    """Return what is alike of two cards by name, each between 0 and 1."""
    language = language_of(f"{a.whole} {b.whole}") or "en"
    one, other = _card(_spelt_out(a, b), language), _card(_spelt_out(b, a), language)
    straight = _straight(one, other, near)
    cross = _cross(one, other, near)
    apart = _apart(one, other)
    found = {"bias": 1.0, **straight, **cross, **apart}
    # What counts together only.
    found["answer_and_ask"] = found["answer_best"] * near.asks
    found["equal_and_ask"] = found["answer_equal"] * near.asks
    found["equal_and_words"] = found["answer_equal"] * found["ask_words"]
    found["swap_and_answer_apart"] = found["swapped"] * (1.0 - found["answer_best"])
    found["alike_and_answer_apart"] = found["spelt_alike"] * (1.0 - found["answer_best"])
    # A word that is swapped makes less of a difference to questions that are very near.
    nearest = max(0.0, near.asks - _VERY_NEAR) / (1.0 - _VERY_NEAR)
    found["ask_nearest"] = min(1.0, nearest)
    found["equal_and_nearest"] = found["answer_equal"] * found["ask_nearest"]
    found["best_and_nearest"] = found["answer_best"] * found["ask_nearest"]
    found["swapped_and_near"] = found["swapped"] * max(0.0, min(1.0, near.asks))
    found["swapped_and_equal"] = found["swapped"] * found["answer_equal"]
    found["both_opposed"] = found["asks_opposed"] * found["answers_opposed"]
    found["opposed_and_answer_apart"] = found["opposed"] * (1.0 - found["answer_best"])
    found["alike_in_form"] = found["same_form"] * found["answers_spelt_alike"]
    found["form_and_answer_apart"] = found["same_form"] * (1.0 - found["answer_best"])
    found["turned"] = found["cross_low"] * (1.0 - found["answer_equal"])
    return found


def distinct_words(a: CardText, b: CardText) -> tuple[str, str]:
    """Return the words of each question that are not in the other, in order."""
    language = language_of(f"{a.whole} {b.whole}") or "en"
    ask_a, ask_b = words_of(a.ask, language), words_of(b.ask, language)
    return _rest(a.ask, ask_b.stems, language), _rest(b.ask, ask_a.stems, language)


def asked_alike(one: str, other: str) -> bool:
    """Tell whether two questions differ in case, spaces and final punctuation only."""
    return bool(one) and _bare(one) == _bare(other)


def _straight(a: _Card, b: _Card, near: Cosines) -> dict[str, float]:
    """Compare question with question and answer with answer."""
    equal = _equal(a, b)
    signs_a, signs_b = formulas.signs_of(a.text.answer), formulas.signs_of(b.text.answer)
    are_formulas = len(signs_a) > 1 and len(signs_b) > 1
    signs = formulas.likeness(signs_a, signs_b)
    variables = formulas.variables_shared(signs_a, signs_b)
    whole_a, whole_b = formulas.signs_of(a.text.whole), formulas.signs_of(b.text.whole)
    letters = _dice(letters_of(a.text.answer), letters_of(b.text.answer))
    # The numbers of formulas say little: many have a 2.
    values = 0.0 if are_formulas else values_shared(a.answer.values, b.answer.values)
    has_values = bool(a.answer.values) and bool(b.answer.values) and not are_formulas
    contained = _overlap(a.answer.stems, b.answer.stems)
    return {
        "ask_meaning": near.asks,
        "answer_meaning": near.answers,
        "both_meaning": min(near.asks, near.answers),
        "ask_words": jaccard(a.ask.stems, b.ask.stems),
        "ask_within": _overlap(a.ask.stems, b.ask.stems),
        "ask_letters": _dice(letters_of(a.text.ask), letters_of(b.text.ask)),
        "whole_words": jaccard(a.whole.stems, b.whole.stems),
        "answer_equal": equal,
        "answer_words": jaccard(a.answer.stems, b.answer.stems),
        "answer_letters": letters,
        "answer_within": contained,
        "answer_best": (
            min(signs, variables) if are_formulas else max(equal, contained, near.answers, values)
        ),
        "values": values,
        "values_apart": float(has_values and values < 0.5),
        "signs": signs,
        "signs_apart": float(are_formulas) * (1.0 - signs),
        "variables": variables,
        "variables_apart": float(are_formulas) * (1.0 - variables),
        "whole_signs": formulas.likeness(whole_a, whole_b),
    }


def _cross(a: _Card, b: _Card, near: Cosines) -> dict[str, float]:
    """Compare the question of each with the answer of the other."""
    first, second = _inside(a, b), _inside(b, a)
    straight = (near.asks + near.answers) / 2
    crossed = (near.ask_answer + near.answer_ask) / 2
    return {
        "cross_low": min(first, second),
        "cross_high": max(first, second),
        "cross_meaning": crossed,
        "cross_meaning_low": min(near.ask_answer, near.answer_ask),
        "cross_gain": max(-0.5, min(0.5, crossed - straight)) + 0.5,
        "answer_in_whole": max(
            _within(a.answer.stems, b.whole.stems), _within(b.answer.stems, a.whole.stems)
        ),
    }


def _apart(a: _Card, b: _Card) -> dict[str, float]:
    """Look for what distinguishes the facts of two cards that are otherwise alike."""
    only_a, only_b = a.ask.stems - b.whole.stems, b.ask.stems - a.whole.stems
    shared = a.ask.stems & b.ask.stems
    plain_a, plain_b = a.whole.plain - b.whole.plain, b.whole.plain - a.whole.plain
    least = max(1, min(len(a.ask.stems), len(b.ask.stems)))
    known = lexicon()
    return {
        "swapped": min(len(only_a), len(only_b)) / least,
        "one_swapped": float(len(only_a) == len(only_b) == 1 and bool(shared)),
        "spelt_alike": _spelt_alike(only_a, only_b),
        "answers_spelt_alike": _answers_spelt_alike(a, b),
        "opposed": float(_opposed(plain_a, plain_b)),
        "answers_opposed": float(
            _opposed(a.answer.plain - b.answer.plain, b.answer.plain - a.answer.plain)
        ),
        "asks_opposed": float(_opposed(a.ask.plain - b.ask.plain, b.ask.plain - a.ask.plain)),
        "negated": float(
            bool(a.whole.plain & known.negations) != bool(b.whole.plain & known.negations)
        ),
        "names_apart": _conflict(a.ask.names - b.whole.stems, b.ask.names - a.whole.stems),
        "ask_values_apart": float(
            bool(a.ask.values)
            and bool(b.ask.values)
            and values_shared(a.ask.values, b.ask.values) < 1.0
        ),
        "asks_for_apart": _asked_apart(a.ask.plain, b.ask.plain),
        "yes_no": _yes_no(a.answer.plain, b.answer.plain),
        "long_answers": min(1.0, min(len(a.answer.stems), len(b.answer.stems)) / 6),
        "short_asks": float(least <= 2),
        "same_form": _same_form(a.text.ask, b.text.ask),
    }


def _card(text: CardText, language: str) -> _Card:
    return _Card(
        text,
        words_of(text.ask, language),
        words_of(text.answer, language),
        words_of(text.whole, language),
    )


def _equal(a: _Card, b: _Card) -> float:
    one, other = a.answer, b.answer
    if one.stems or other.stems:
        return float(one.stems == other.stems)
    return float(bool(a.text.answer) and plain(a.text.answer) == plain(b.text.answer))


def _inside(a: _Card, b: _Card) -> float:
    """Return how much of the answer of one card the question of the other has."""
    words = _within(a.answer.stems, b.ask.stems)
    signs_a, signs_b = formulas.signs_of(a.text.answer), formulas.signs_of(b.text.ask)
    signs = formulas.likeness(signs_a, signs_b) if len(signs_a) > 2 else 0.0
    found = letters_of(a.text.answer)
    # Of a short answer, the letters are in any question.
    letters = _within(found, letters_of(b.text.ask)) if len(found) > 4 else 0.0
    return max(words, signs, letters)


def _spelt_alike(one: frozenset[str], other: frozenset[str]) -> float:
    """Return how alike the most similar words are that stand in one question only."""
    return max(
        (
            _spelling(a, b)
            for a in sorted(one)[:_SWAPPED_MOST]
            for b in sorted(other)[:_SWAPPED_MOST]
        ),
        default=0.0,
    )


def _answers_spelt_alike(a: _Card, b: _Card) -> float:
    only_a, only_b = a.answer.stems - b.answer.stems, b.answer.stems - a.answer.stems
    return _spelt_alike(only_a, only_b)


def _spelling(one: str, other: str) -> float:
    if min(len(one), len(other)) < 3 or one.isdigit() or other.isdigit():
        return 0.0
    ratio = difflib.SequenceMatcher(None, one[:30], other[:30], autojunk=False).ratio()
    return ratio if ratio >= SPELT_ALIKE else 0.0


def _same_form(one: str, other: str) -> float:
    """Return how much of the beginning of two questions is the same."""
    a, b = plain(one[:200]).split(), plain(other[:200]).split()
    same = 0
    while same < min(len(a), len(b)) and a[same] == b[same]:
        same += 1
    return same / max(len(a), len(b), 1)


def _bare(text: str) -> str:
    return " ".join(plain(text).split()).strip("¿¡ ").rstrip("?.!:…= ")


def _spelt_out(one: CardText, other: CardText) -> CardText:
    """Return a card with the acronyms spelt out that the other card spells out: EU, GDP."""
    acronyms = set(_ACRONYM.findall(one.whole[:1_000]))
    if not acronyms:
        return one
    stop = lexicon().all_stop
    words = [w for w in re.findall(r"[^\W\d_]+", other.whole[:1_000]) if plain(w) not in stop]
    initials = "".join(word[0] for word in words).upper()
    for acronym in acronyms:
        at = initials.find(acronym)
        if at >= 0 and acronym not in other.whole:
            spelt = " ".join(words[at : at + len(acronym)])
            one = CardText(one.ask.replace(acronym, spelt), one.answer.replace(acronym, spelt))
    return one


def _rest(text: str, known: frozenset[str], language: str) -> str:
    """Return the words of a text that are neither known nor stop words, in order."""
    stop = lexicon().all_stop
    return " ".join(
        word
        for word in re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", text[:1_000])
        if plain(word) not in stop and not words_of(word, language).stems <= known
    )


def jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b) if a or b else 0.0


def _overlap(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / min(len(a), len(b)) if a and b else 0.0


def _dice(a: frozenset[str], b: frozenset[str]) -> float:
    return 2 * len(a & b) / (len(a) + len(b)) if a and b else 0.0


def _within(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a) if a else 0.0


def _conflict(a: frozenset[str], b: frozenset[str]) -> float:
    """Return 1 if both have some and none in common."""
    return float(bool(a) and bool(b) and not a & b)


def _opposed(only_a: frozenset[str], only_b: frozenset[str]) -> bool:
    sides = {side for word in only_b for side in sides_of(word)}
    return any((line, not right) in sides for word in only_a for line, right in sides_of(word))


def _asked_apart(a: frozenset[str], b: frozenset[str]) -> float:
    asks = lexicon().asks
    kinds_a = {asks[word] for word in a if word in asks}
    kinds_b = {asks[word] for word in b if word in asks}
    return float(bool(kinds_a) and bool(kinds_b) and not kinds_a & kinds_b)


def _yes_no(a: frozenset[str], b: frozenset[str]) -> float:
    """Return 1 if one says yes and the other no."""
    known = lexicon()
    return float(bool((a & known.yes and b & known.no) or (a & known.no and b & known.yes)))
