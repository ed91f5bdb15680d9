"""Similarity: how likely two cards are to ask for the same fact. Pure functions.

A cosine alone cannot distinguish when something began from when it ended (its ROC-AUC on hard pairs
is below 0.5). So questions and answers are compared separately, by meaning and by their words, and
features of their own look at what distinguishes facts: numbers, names, opposites, negations, the
kind of thing that is asked for. The weights are fitted by tests/benchmarks/fit_likeness.py.
"""

import functools
import math
import re
import threading
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import snowballstemmer
from numpy.typing import NDArray

from flashcards.domain import cloze
from flashcards.domain.card_sides import HasSides, front
from flashcards.domain.records import Kind
from flashcards.duplicates import lexicon
from memoryloop.folding import fold
from memoryloop.markup import without_tags

_MARKS = re.compile(r"```\w*|[`*_#>$|\\{}]|!?\[([^\[\]]*)\]\([^()]*\)")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?|\d+(?:[.,]\d+)*|[-+=^²³°%<>/\u2212]")
_NO_WORD = re.compile(r"\W+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_GAP = "…"
# So many gaps of a question are filled: each takes the whole answer.
_GAPS_MOST = 10
_ACRONYM = re.compile(r"\b[A-Z]{2,5}\b")
FEATURES = (
    *("bias", "ask_meaning", "whole_meaning", "ask_words", "answer_words"),
    *("answers_equal", "whole_words", "answer_numbers", "ask_numbers", "names", "negation"),
    *("opposites", "asks_for", "substituted", "turned_round", "yes_or_no", "ask_and_answer"),
    *("answer_new", "code", "equal_and_asked", "answers_short_apart", "same_words_apart"),
    *("no_rest", "answer_letters", "whole_letters"),
)


@dataclass(frozen=True)
class CardText:
    """The plain words of a card: its question, its answer, and both as one statement."""

    ask: str
    answer: str

    @property
    def whole(self) -> str:
        return f"{self.ask.replace(_GAP, self.answer, _GAPS_MOST)} {self.answer}".strip()


def text_of(card: HasSides) -> CardText:
    """Return a card's words without Markdown; of a cloze the text with its gap, and the gap."""
    if card.kind != Kind.CLOZE:
        return CardText(_plain(card.question), _plain(card.answer))
    hidden = [each.words for each in cloze.hidden(card.question, card.ordinal)]
    asked = re.sub(r"\*\*\[[^\]]*\]\*\*|&#91;.*?&#93;", _GAP, front(card))
    return CardText(_plain(asked), _plain(", ".join(hidden)))


@dataclass(frozen=True)
class Words:
    """The words of one text by kind."""

    stems: frozenset[str]
    numbers: frozenset[str]
    names: frozenset[str]
    raw: frozenset[str]


@functools.lru_cache(maxsize=4096)
def words_of(text: str) -> Words:
    """Return a text's stems without stop words, its numbers, and the names in it."""
    stems, numbers, names, raw = set(), set(), set(), set()
    begins = True
    digits = lexicon.COMPOUND.sub(
        _compound, unicodedata.normalize("NFC", text.translate(lexicon.SUPERSCRIPTS))
    )
    for match in _WORD.finditer(digits):
        token = match[0]
        low = lexicon.UNITS.get(fold(token), fold(token))
        number = _number(token, low)
        raw.add(low)
        if number is not None:
            numbers.add(number)
            stems.add(number)
        elif low not in lexicon.STOP:
            stem = _stem(low)
            stems.add(stem)
            if (token[0].isupper() and not begins) or (len(token) > 1 and token.isupper()):
                names.add(stem)
        begins = False
    return Words(frozenset(stems), frozenset(numbers), frozenset(names), frozenset(raw))


@functools.lru_cache(maxsize=4096)
def letters_of(text: str) -> frozenset[str]:
    """Return a text's trigrams in lower case, with a space between words."""
    plain = f" {_NO_WORD.sub(' ', fold(text)).strip()} "
    return frozenset(plain[at : at + 3] for at in range(len(plain) - 2))


def distinct_words(a: CardText, b: CardText) -> tuple[str, str]:
    """Return the words of each question that are not in the other."""
    ask_a, ask_b = words_of(a.ask), words_of(b.ask)
    return _rest(a.ask, ask_b.stems), _rest(b.ask, ask_a.stems)


def features(a: CardText, b: CardText, *, asked: float, whole: float) -> NDArray[np.float64]:
    """Return the (len(FEATURES),) features of a pair.

    `asked` is the cosine of the two `ask`, `whole` that of the cards' own vectors (what the store
    keeps of each: `Flashcard.embedding_text`).
    """
    rest_a, rest_b = distinct_words(a, b)
    has_rest = bool(rest_a) and bool(rest_b)
    a, b = _spelt_out(a, b), _spelt_out(b, a)
    ask_a, ask_b = words_of(a.ask), words_of(b.ask)
    answer_a, answer_b = words_of(a.answer), words_of(b.answer)
    whole_a, whole_b = words_of(a.whole), words_of(b.whole)
    answers_agree = _overlap(answer_a.stems, answer_b.stems)
    equal = float(_squeezed(a.answer) == _squeezed(b.answer) and bool(a.answer))
    only_a, only_b = ask_a.stems - ask_b.stems, ask_b.stems - ask_a.stems
    # Each answer is in the other card: the same fact asked in the other direction.
    round_about = float(
        bool(answer_a.stems)
        and bool(answer_b.stems)
        and not equal
        and _within(answer_a.stems, whole_b.stems) >= 0.75
        and _within(answer_b.stems, whole_a.stems) >= 0.75
    )
    values = {
        "bias": 1.0,
        "ask_meaning": asked,
        "whole_meaning": whole,
        "ask_words": _jaccard(ask_a.stems, ask_b.stems),
        "answer_words": answers_agree,
        "answers_equal": equal,
        "whole_words": _jaccard(whole_a.stems, whole_b.stems),
        "answer_numbers": _conflict(answer_a.numbers, answer_b.numbers),
        "ask_numbers": float(ask_a.numbers != ask_b.numbers and bool(ask_a.numbers & ask_b.numbers))
        + _conflict(ask_a.numbers, ask_b.numbers),
        "names": _conflict(ask_a.names - whole_b.stems, ask_b.names - whole_a.stems),
        "negation": float(
            bool(ask_a.raw & lexicon.NEGATIONS) != bool(ask_b.raw & lexicon.NEGATIONS)
        ),
        "opposites": float(_opposed(whole_a.stems - whole_b.stems, whole_b.stems - whole_a.stems)),
        "asks_for": _asked_apart(ask_a.raw, ask_b.raw),
        "substituted": min(len(only_a), len(only_b))
        / max(1, min(len(ask_a.stems), len(ask_b.stems))),
        "turned_round": round_about,
        "yes_or_no": _yes_no(answer_a.raw, answer_b.raw),
        "ask_and_answer": asked * answers_agree,
        "answer_new": 1.0
        - max(
            _within(answer_a.stems, whole_b.stems),
            _within(answer_b.stems, whole_a.stems),
        ),
        "equal_and_asked": max(equal, float(answers_agree == 1.0)) * asked,
        "answers_short_apart": float(
            not equal
            and min(len(answer_a.stems), len(answer_b.stems)) <= 3
            and answers_agree < 0.5
            and not round_about
        ),
        # All but one word the same: that word is the difference.
        "same_words_apart": float(
            len(only_a) == len(only_b) == 1 and len(ask_a.stems & ask_b.stems) >= 2
        )
        * (1.0 - equal),
        "no_rest": float(not has_rest),
        # Similar words in other spellings or forms: haemoglobin, hemoglobin.
        "answer_letters": _overlap(letters_of(a.answer), letters_of(b.answer)),
        "whole_letters": _overlap(letters_of(a.whole), letters_of(b.whole)),
        "code": float(("(" in a.whole or "=" in a.whole) and ("(" in b.whole or "=" in b.whole)),
    }
    return np.array([values[name] for name in FEATURES])


def likeness(a: CardText, b: CardText, *, asked: float, whole: float) -> float:
    """Return how likely it is, 0 to 1, that two cards ask for the same fact; see `features`."""
    if _asked_alike(a.ask, b.ask):
        # Two answers to one question: only one of them can be learnt.
        return 1.0
    total = float(features(a, b, asked=asked, whole=whole) @ np.array(WEIGHTS))
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))


def _asked_alike(one: str, other: str) -> bool:
    """Tell whether two questions differ in case, spaces and final punctuation only."""
    return bool(one) and _bare(one) == _bare(other)


def _bare(text: str) -> str:
    return " ".join(fold(text).split()).rstrip("?.!: ")


def _spelt_out(one: CardText, other: CardText) -> CardText:
    """Return a card with the acronyms spelt out that the other card spells out: EU, GDP."""
    words = [
        word for word in re.findall(r"[^\W\d_]+", other.whole) if word.lower() not in lexicon.STOP
    ]
    initials = "".join(word[0] for word in words).upper()
    spelt_out = one
    for acronym in set(_ACRONYM.findall(one.whole)):
        at = initials.find(acronym)
        if at >= 0 and acronym not in other.whole:
            spelt = " ".join(words[at : at + len(acronym)])
            spelt_out = CardText(
                spelt_out.ask.replace(acronym, spelt), spelt_out.answer.replace(acronym, spelt)
            )
    return spelt_out


def _rest(text: str, known: frozenset[str]) -> str:
    """Return the words of a text that are neither known nor stop words, in order."""
    found = (match[0] for match in _WORD.finditer(text))
    return " ".join(
        w for w in found if w.lower() not in lexicon.STOP and not words_of(w).stems <= known
    )


def _plain(text: str) -> str:
    found = _MARKS.sub(lambda match: match[1] or " ", without_tags(text))
    return " ".join(unicodedata.normalize("NFKC", found).replace("...", _GAP).split())


def _number(token: str, low: str) -> str | None:
    """Return a number in digits, whether written in digits or words; None for another token."""
    if _NUMBER.fullmatch(token):
        return token.replace(",", "")
    return lexicon.NUMERALS.get(low) or lexicon.ORDINALS.get(low) or lexicon.ROMAN.get(token)


def _compound(match: re.Match[str]) -> str:
    """Return "ninety-five" as "95"."""
    return str(lexicon.TENS[match[1].lower()] + int(lexicon.NUMERALS[match[2].lower()]))


@functools.lru_cache(maxsize=16_384)
def _stem(word: str) -> str:
    return _stemmer.stem(word)


class _Stemmer(threading.local):
    """A stemmer for each thread: it keeps the word it works on in itself."""

    def __init__(self) -> None:
        self.stem: Callable[[str], str] = snowballstemmer.stemmer("english").stemWord


_stemmer = _Stemmer()


def _squeezed(text: str) -> str:
    return " ".join(sorted(words_of(text).stems)) or text.strip().lower()


def _jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b) if a or b else 1.0


def _overlap(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / min(len(a), len(b)) if a and b else 0.0


def _within(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a) if a else 0.0


def _conflict(a: frozenset[str], b: frozenset[str]) -> float:
    """Return 1 if both have some and none in common."""
    return float(bool(a) and bool(b) and not a & b)


@functools.cache
def _opposite_stems() -> list[tuple[frozenset[str], frozenset[str]]]:
    return [
        (frozenset(map(_stem, one.split())), frozenset(map(_stem, other.split())))
        for one, other in lexicon.OPPOSITES
    ]


def _opposed(only_a: frozenset[str], only_b: frozenset[str]) -> bool:
    return any(
        (only_a & one and only_b & other) or (only_a & other and only_b & one)
        for one, other in _opposite_stems()
    )


def _asked_apart(a: frozenset[str], b: frozenset[str]) -> float:
    kinds_a = {lexicon.ASKS[word] for word in a if word in lexicon.ASKS}
    kinds_b = {lexicon.ASKS[word] for word in b if word in lexicon.ASKS}
    return float(bool(kinds_a) and bool(kinds_b) and not kinds_a & kinds_b)


def _yes_no(a: frozenset[str], b: frozenset[str]) -> float:
    """Return 1 if one says yes and the other no."""
    return float(("yes" in a and "no" in b) or ("no" in a and "yes" in b))


WEIGHTS: tuple[float, ...] = (
    -7.272,  # bias
    -4.374,  # ask_meaning
    20.056,  # whole_meaning
    -4.119,  # ask_words
    -1.069,  # answer_words
    -5.728,  # answers_equal
    2.810,  # whole_words
    -3.442,  # answer_numbers
    -2.563,  # ask_numbers
    -2.038,  # names
    0.460,  # negation
    -3.040,  # opposites
    -1.111,  # asks_for
    -2.055,  # substituted
    -1.367,  # turned_round
    -0.395,  # yes_or_no
    1.626,  # ask_and_answer
    -3.289,  # answer_new
    -3.255,  # code
    6.532,  # equal_and_asked
    0.013,  # answers_short_apart
    -4.136,  # same_words_apart
    1.876,  # no_rest
    2.725,  # answer_letters
    -6.742,  # whole_letters
)
# Two cards count as the same from here on: false positives are 3.5 % of the pairs that the weights
# were fitted on, and about 5% of others.
SAME = 0.27
# Cosine of two questions that are near one another, whatever their answers.
NEAR_QUESTION = 0.7
