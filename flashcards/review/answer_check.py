"""The check of a typed answer: how it compares with the card's, and which rating that suggests.

Case, accents, punctuation, spaces, articles, the order of a list and the ways in which numbers and
units are written do not matter. Numbers, units, a "not" and slips do. What other words mean is
judged by a model (answer_judge.py); without one, by how near the two texts are in meaning.
"""

import enum
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from flashcards.domain import card_sides, cloze
from flashcards.domain.records import Flashcard, Kind, Rating
from flashcards.review import answer_words
from flashcards.review.answer_words import Words
from memoryloop.embeddings import get_embedder
from memoryloop.embeddings.base import EmbeddingError
from memoryloop.folding import without_accents
from memoryloop.markup import without_tags
from memoryloop.words import count_words

TYPED_MAX_CHARACTERS = 1_000
# More words are not matched one by one: that takes quadratic time.
WORDS_MOST = 200
# More pairs of equal words are not compared: that may take quadratic time and more.
PAIRS_MOST = 20_000
# In more words, slips are not looked for.
SLIPS_MOST = 50
# Where fewer of the words agree, the difference would be all there is to see.
SHOWN_SHARE = 0.4
# Cosine of the built-in model's vectors, set on the build half of
# tests/benchmarks/data/typed_answers.jsonl: the same meaning in other words, and something near.
SAME = 0.81
NEAR = 0.65
NAME_WORDS = 2
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+|[^\w\s]")
_MARKS = re.compile(r"\*\*|(?<!_)__(?!_)|`|\$")
_ASIDE = re.compile(r"\s*\([^()]*\)")


@dataclass(frozen=True)
class Part:
    """A run of words: in both texts, typed too much, or missing."""

    text: str
    kind: str = "same"


class Outcome(enum.StrEnum):
    """How a typed answer compares with the card's, by its words."""

    NOTHING = "nothing"
    EXACT = "exact"
    # Only case, accents, punctuation, spaces or what is in brackets differ.
    SPELLING = "spelling"
    # The same words in another form or order, the same numbers written in another way.
    SAME_WORDS = "same_words"
    TYPO = "typo"
    ARTICLE = "article"
    NUMBERS = "numbers"
    UNIT = "unit"
    NEGATION = "negation"
    # Words of the answer and no others.
    PART = "part"
    DIFFERENT = "different"


_SUGGESTED = {
    Outcome.NOTHING: Rating.AGAIN,
    Outcome.EXACT: Rating.GOOD,
    Outcome.SPELLING: Rating.GOOD,
    Outcome.SAME_WORDS: Rating.GOOD,
    Outcome.TYPO: Rating.HARD,
    Outcome.ARTICLE: Rating.HARD,
    Outcome.PART: Rating.HARD,
    Outcome.NUMBERS: Rating.AGAIN,
    Outcome.UNIT: Rating.AGAIN,
    Outcome.NEGATION: Rating.AGAIN,
    Outcome.DIFFERENT: Rating.AGAIN,
}


@dataclass(frozen=True)
class Comparison:
    """A typed answer beside the card's, where they differ, and the rating that this suggests."""

    typed: str
    expected: str
    # Empty where little agrees.
    parts: tuple[Part, ...]
    outcome: Outcome

    @property
    def suggested(self) -> Rating:
        return _SUGGESTED[self.outcome]

    @property
    def is_right(self) -> bool:
        """Return whether the words agree, so that their meaning needs no judgement."""
        return self.outcome in (Outcome.EXACT, Outcome.SPELLING, Outcome.SAME_WORDS)

    @property
    def is_open(self) -> bool:
        """Return whether rules do not tell what was meant."""
        return self.outcome in (Outcome.PART, Outcome.DIFFERENT)

    @property
    def has_extra(self) -> bool:
        return any(part.kind == "extra" for part in self.parts)

    @property
    def has_missing(self) -> bool:
        return any(part.kind == "missing" for part in self.parts)


class Likeness(enum.StrEnum):
    """How similar the meaning of a typed answer is, as far as vectors can tell."""

    SAME = "same"
    CLOSE = "close"
    NOT_CLOSE = "not_close"
    # The words tell it already, or the embedder failed.
    UNKNOWN = "unknown"


def expected_of(card: Flashcard) -> str:
    """Return the answer as somebody would type it: of a cloze the hidden words."""
    if card.kind == Kind.CLOZE:
        hidden = [each.words for each in cloze.hidden(card.question, card.ordinal)]
        return ", ".join(_plain(words) for words in hidden)
    return _plain(card_sides.back(card))


def compare(card: Flashcard, typed: str) -> Comparison:
    """Return how a typed answer differs from a card's."""
    typed = " ".join(typed.replace("\x00", "").split())[:TYPED_MAX_CHARACTERS]
    expected = expected_of(card)
    if not typed:
        return Comparison("", expected, (), Outcome.NOTHING)
    accepted = list(dict.fromkeys([expected, _ASIDE.sub("", expected)]))
    if any(_key(typed) == _key(each) for each in accepted):
        outcome = Outcome.EXACT if typed == expected else Outcome.SPELLING
        return Comparison(typed, expected, (), outcome)
    language = answer_words.language(card_sides.front(card)[:TYPED_MAX_CHARACTERS], expected, typed)
    outcomes = [_outcome(typed, each, language) for each in accepted]
    outcome = max(outcomes, key=lambda each: (_SUGGESTED[each], each is Outcome.SAME_WORDS))
    if outcome is Outcome.SAME_WORDS:
        return Comparison(typed, expected, (), outcome)
    return Comparison(typed, expected, _shown(typed, expected), outcome)


def _outcome(typed: str, expected: str, language: str) -> Outcome:
    given = answer_words.words_of(typed, language)
    wanted = answer_words.words_of(expected[:TYPED_MAX_CHARACTERS], language)
    if max(len(given.keys), len(wanted.keys)) > WORDS_MOST:
        return Outcome.DIFFERENT
    missing = [values for values in wanted.numbers if not _has(given.numbers, values)]
    if any(not _has(wanted.numbers, values) for values in given.numbers):
        return Outcome.NUMBERS
    if wanted.numbers and any(
        one and other and not one.startswith(other) and not other.startswith(one)
        for one, other in _units(given, wanted)
    ):
        return Outcome.UNIT
    if given.negations != wanted.negations and given.keys:
        return Outcome.NEGATION
    found = _by_words(given, wanted, lacks_number=bool(missing))
    if found is Outcome.SAME_WORDS and answer_words.have_other_genders(typed, expected):
        return Outcome.ARTICLE
    return found


def _has(numbers: Iterable[frozenset[str]], values: frozenset[str]) -> bool:
    return any(values & each for each in numbers)


def _units(given: Words, wanted: Words) -> Iterator[tuple[str, str]]:
    """Yield the units of each number that both have."""
    for values, unit in zip(given.numbers, given.units, strict=True):
        for other, wanted_unit in zip(wanted.numbers, wanted.units, strict=True):
            if values & other:
                yield unit, wanted_unit


def _by_words(given: Words, wanted: Words, *, lacks_number: bool) -> Outcome:
    slips, left = 0, list(wanted.keys)
    unmatched = 0
    for key in given.keys:
        match = _match(key, left, wanted)
        if match is None:
            unmatched += 1
            continue
        word, is_slip = match
        left.remove(word)
        slips += is_slip
    lacks_unit = any(wanted_unit and wanted_unit != "year" and not unit
                     for unit, wanted_unit in _units(given, wanted))  # fmt: skip
    if unmatched:
        return Outcome.DIFFERENT
    is_whole = not left and not lacks_number and not lacks_unit
    if not is_whole and (given.keys or given.numbers):
        # A surname will do for a name.
        is_surname = set(wanted.keys) <= wanted.names and given.keys[-1:] == wanted.keys[-1:]
        if not (is_surname and not wanted.numbers and len(wanted.keys) in (2, 3)):
            return Outcome.PART
        is_whole = True
    if not is_whole:
        return Outcome.DIFFERENT
    return Outcome.TYPO if slips else Outcome.SAME_WORDS


def _match(key: str, left: Sequence[str], wanted: Words) -> tuple[str, bool] | None:
    """Return the word that a key stands for, and whether it is a slip; None if there is none."""
    if key in left:
        return key, False
    if wanted.is_unspaced:
        return None
    for word in left:
        # A name has no other form.
        if word not in wanted.names and answer_words.is_form(key, word):
            return word, False
    for word in left:
        if answer_words.is_typo(key, word):
            return word, True
    return None


def by_rules(found: Comparison) -> tuple[Likeness, Rating]:
    """Return how similar the meaning is without asking a model, and the rating it suggests."""
    if not found.is_open:
        return Likeness.UNKNOWN, found.suggested
    try:
        one, other = get_embedder().embed([found.typed, found.expected])
    except EmbeddingError:
        return Likeness.UNKNOWN, found.suggested
    cosine = float(one @ other)
    if found.outcome is Outcome.PART:
        # What is missing keeps it from being the same, however near it is.
        return Likeness.CLOSE if cosine >= NEAR else Likeness.NOT_CLOSE, Rating.HARD
    # A word or two: what names one thing is near to what names another of the kind.
    is_name = max(count_words(found.typed), count_words(found.expected)) <= NAME_WORDS
    if cosine >= SAME:
        return Likeness.SAME, Rating.HARD if is_name else Rating.GOOD
    if cosine >= NEAR and not is_name:
        return Likeness.CLOSE, Rating.HARD
    return Likeness.NOT_CLOSE, found.suggested


def _plain(text: str) -> str:
    return " ".join(_MARKS.sub("", without_tags(text)).split())


def _key(text: str) -> str:
    """Return a text without case, accents, punctuation and needless spaces."""
    kept = without_accents(text.casefold())
    return " ".join(re.findall(r"\w+", kept)) or " ".join(kept.split())


def _shown(typed: str, expected: str) -> tuple[Part, ...]:
    """Return the two texts laid over each other, word by word; nothing where little agrees."""
    one, other = _WORD.findall(typed), _WORD.findall(expected[:TYPED_MAX_CHARACTERS])
    loose, other_loose = ([_key(unit) or unit for unit in units] for units in (one, other))
    if _pairs(loose, other_loose) > PAIRS_MOST:
        return ()
    matcher = SequenceMatcher(None, loose, other_loose, autojunk=False)
    agreed = sum(block.size for block in matcher.get_matching_blocks())
    if agreed + _slips(loose, other_loose) < SHOWN_SHARE * max(len(one), len(other)):
        return ()
    return tuple(_parts(matcher, one, other))


def _slips(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many words of a text are another's, mistyped."""
    left = set(other) - set(one)
    if len(left) > SLIPS_MOST:
        return 0
    return sum(any(answer_words.is_typo(a, b) for b in left) for a in set(one) - set(other))


def _parts(
    matcher: "SequenceMatcher[str]", one: Sequence[str], other: Sequence[str]
) -> Iterator[Part]:
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        if kind == "equal":
            yield Part(_joined(other[other_start:other_end]))
            continue
        if end > start:
            yield Part(_joined(one[start:end]), "extra")
        if other_end > other_start:
            yield Part(_joined(other[other_start:other_end]), "missing")


def _pairs(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many pairs of equal words two texts have."""
    others = Counter(other)
    return sum(count * others[each] for each, count in Counter(one).items())


def _joined(units: Iterable[str]) -> str:
    """Return words as a text: a space before each, unless it is punctuation or has none."""
    joined = ""
    for unit in units:
        closes = not unit[0].isalnum() or answer_words.is_unspaced(unit)
        joined += unit if closes or not joined else f" {unit}"
    return joined
