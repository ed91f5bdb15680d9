"""Grounding: whether the passage of a draft supports its answer, by rules.

A number, a name and most other words of the answer must stand in the passage, and they must stand
where the question points to: what the passage says of something else is no support. The rules go by
the places of words and by marks and conjunctions between them, so they need little of any language.
A model's second look (improving.py) decides what they do not clear.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from flashcards.domain.cloze import deletions
from flashcards.domain.records import Kind
from flashcards.drafting.linter import Finding
from flashcards.drafting.little_words import LITTLE, language_of
from flashcards.drafting.numerals import Numeral, is_year, numerals
from flashcards.drafting.sentence_ends import word_set
from memoryloop.folding import without_accents

# The share of an answer's content words that its passage must have, in some form.
SHARE_NEEDED = 0.5
# The text around a quote counts too: answers to "why" use more of it.
AROUND_CHARACTERS = 200
# A longer passage is not looked through word by word: the time is bounded.
WORDS_MOST = 600
STEM_CHARACTERS = 5
# What stands between two words counts as so many words.
_BETWEEN = {".": 14, "!": 14, "?": 14, "\n": 14, ";": 8, ":": 4, ",": 3, "(": 3, ")": 3, "–": 4}
_ENDS = ".!?\n"
_CONJUNCTIONS = word_set(
    "and but while whereas und aber sondern während y e pero mientras et mais tandis"
)
_CONJUNCTION = 3
# Words that go on with what was said before: a part of a sentence that they begin is no new one.
_GOES_ON = word_set(
    "who which that whose whom where when then because so for with after before der die das den "
    "dem deren dessen denen wo dass weil bevor nachdem als que quien cuyo donde cuando porque con "
    "qui dont où lorsque quand puis avec après pour parce"
)
_PRONOUNS = word_set(
    "he she it they his her its their er sie es ihr sein seine ihre il elle ils elles son sa ses "
    "leur él ella ellos ellas su sus"
)
# How much a name tells of what is asked, where another word counts 1, and the noun after "which".
_NAME_WEIGHT = 2.0
_ASKED_WEIGHT = 0.3
# Bounds, made on the build half of tests/benchmarks/data/grounding.jsonl: less of the question than
# so much of what another sentence or part has; and nearer than so much of the answer's distance.
SENTENCE_SHARE = 0.6
PART_SHARE = {"year": 0.2, "number": 0.2, "name": 0.2, "word": 0.3}
NEARER = 0.45
BESIDE = 2
FAR = 99
NUMBERS = ("year", "number")
_ASKERS = word_set(
    "which what whose how welche welcher welches welchem welchen wie qué cuál cuántos cuántas quel "
    "quelle quels quelles combien"
)
_SIGN = re.compile(r"[^\W\d_]+|[.!?;:,()–\n]")
UNPLACED = Finding(
    "unplaced", "No passage of the text was found for this card: check it before you keep it."
)
UNSUPPORTED = Finding(
    "unsupported",
    "The passage of this card does not support its answer: check it before you keep it.",
)


def check(
    question: str, answer: str, kind: str, text: str, start: int | None, end: int | None
) -> Finding | None:
    """Return what is wrong with the source passage of a draft, or None."""
    if start is None or end is None:
        return UNPLACED
    passage = _words(_around(text, start, end))
    claims = _claims(question, answer, kind)
    supported = all(_supports(passage, asked, claimed) for asked, claimed in claims)
    return None if supported else UNSUPPORTED


def _around(text: str, start: int, end: int) -> str:
    """Return a passage with what is around it, in whole words."""
    first, last = max(0, start - AROUND_CHARACTERS), min(len(text), end + AROUND_CHARACTERS)
    while 0 < first < start and text[first - 1].isalnum():
        first += 1
    while end < last < len(text) and text[last].isalnum():
        last -= 1
    return text[first:last]


def _claims(question: str, answer: str, kind: str) -> list[tuple[str, str]]:
    """Return what is asked and what is claimed: of a cloze, for each gap, without it."""
    if kind != Kind.CLOZE:
        return [(question, answer)]
    return [
        (f"{_filled(question[: gap.start])} … {_filled(question[gap.end :])}", gap.words)
        for gap in deletions(question)
    ]


def _filled(text: str) -> str:
    done, at = [], 0
    for gap in deletions(text):
        done += [text[at : gap.start], gap.words]
        at = gap.end
    return "".join([*done, text[at:]])


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a text: its stem or its values, its kind, and its place with the marks before."""

    keys: frozenset[str]
    kind: str
    at: int
    part: int
    sentence: int
    is_unit: bool = False
    # Names the kind of thing that is asked for, as "river" in "Which river …?".
    is_asked: bool = False

    @property
    def is_short(self) -> bool:
        """Tell whether it may be the sign of a unit: km, kJ, °C."""
        return self.kind in ("name", "word") and all(len(key) <= 3 for key in self.keys)

    def is_same(self, other: "_Word") -> bool:
        return not self.keys.isdisjoint(other.keys)


@dataclass(slots=True)
class _Words:
    """The words of a text that say what it is about, in its parts and sentences."""

    words: list[_Word] = field(default_factory=list)
    # The sentences that begin with a pronoun.
    leaning: set[int] = field(default_factory=set)

    def has(self, word: _Word) -> bool:
        return any(word.is_same(each) for each in self.words)

    def sentences_of(self, word: _Word) -> set[int]:
        """Return the word's sentence, and the one before that it speaks of as "he" or "it"."""
        before = {word.sentence - 1} if word.sentence in self.leaning else set()
        return {word.sentence} | before

    def found(self, word: _Word) -> list[_Word]:
        return [each for each in self.words if word.is_same(each)]


def _words(text: str) -> _Words:
    return _Reader(unicodedata.normalize("NFKC", text)[: WORDS_MOST * 12]).read()


class _Reader:
    """Goes through a text and keeps where it is."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._little = LITTLE[language_of(text)]
        self._made = _Words()
        self._at = self._part = self._sentence = 0
        self._is_first = True
        self._is_after_mark = self._is_asked = False
        self._before: Numeral | None = None

    def read(self) -> _Words:
        numbers = {each.start: each for each in numerals(self._text)}
        signs = {match.start(): match[0] for match in _SIGN.finditer(self._text)}
        end = 0
        for start in sorted(signs.keys() | numbers.keys()):
            if start < end:
                continue
            if number := numbers.get(start):
                self._number(number)
                end = number.end
            elif signs[start] in _BETWEEN:
                self._mark(signs[start])
            else:
                self._word(signs[start])
        return self._made

    def _mark(self, mark: str) -> None:
        self._at += _BETWEEN[mark]
        # "31. März", "2. Weltkrieg"
        is_ordinal = mark == "." and self._before is not None and len(self._written()) <= 2
        if mark in _ENDS and not is_ordinal:
            self._is_first, self._sentence, self._part = True, self._sentence + 1, self._part + 1
        elif mark == ";":
            self._part += 1
        self._is_after_mark = mark not in "()"
        self._before = None

    def _number(self, number: Numeral) -> None:
        self._at += 1
        self._before = number
        kind = "year" if is_year(self._written()) else "number"
        self._add(number.values, kind)
        self._is_first = self._is_after_mark = self._is_asked = False

    def _word(self, written: str) -> None:
        word = written.casefold()
        joins = word in _CONJUNCTIONS
        self._part += (self._is_after_mark or joins) and word not in _GOES_ON
        self._at += _CONJUNCTION if joins else 1
        if self._is_first and word in _PRONOUNS:
            self._made.leaning.add(self._sentence)
        if word not in self._little and (len(word) > 1 or written.isupper()):
            kind = "name" if written[0].isupper() else "word"
            for keys in _keys(word):
                self._add(keys, kind)
        self._is_asked = word in _ASKERS
        self._is_first = self._is_after_mark = False
        self._before = None

    def _add(self, keys: frozenset[str], kind: str) -> None:
        is_number = kind in NUMBERS
        before = self._before
        is_unit = not is_number and before is not None and not is_year(self._written())
        self._made.words.append(
            _Word(keys, kind, self._at, self._part, self._sentence, is_unit, self._is_asked)
        )

    def _written(self) -> str:
        return self._text[self._before.start : self._before.end] if self._before else ""


def _keys(word: str) -> list[frozenset[str]]:
    """Return what a word is compared by: its stem; in scripts without spaces, pairs of letters."""
    if any("\u3040" <= letter <= "\u9fff" for letter in word):
        return [frozenset({word[at : at + 2]}) for at in range(max(1, len(word) - 1))]
    plain = without_accents(word)
    # The end of a word is bent; of a short one, one letter.
    stem = plain[: max(4, len(plain) - 3)][:STEM_CHARACTERS]
    return [frozenset({plain[:STEM_CHARACTERS], stem})]


def _supports(passage: _Words, asked: str, claimed: str) -> bool:
    question, claim = _words(asked), _words(claimed)
    numbers = [word for word in claim.words if word.kind in NUMBERS]
    if not all(passage.has(number) for number in numbers):
        return False
    has_number = bool(numbers)
    new = [
        word
        for word in claim.words
        if not question.has(word) and not (has_number and word.is_short)
    ]
    if not new:
        return True
    there = [word for word in new if passage.has(word)]
    if len(there) < len(new) * SHARE_NEEDED:
        return False
    if len(there) < len(new) and all(word.kind == "name" for word in new):
        # One of several names, or the second of two nouns.
        return False
    return _is_in_place(passage, question, claim, there)


@dataclass(frozen=True, slots=True)
class _Pointer:
    """A word of the question, where the passage has it, and how much it tells."""

    found: Sequence[_Word]
    weight: float
    is_asked: bool

    @classmethod
    def of(cls, word: _Word, found: Sequence[_Word]) -> "_Pointer":
        weight = _NAME_WEIGHT if found[0].kind == "name" else 1.0
        is_asked = word.is_asked or word.is_unit or all(each.is_unit for each in found)
        weight = _ASKED_WEIGHT if is_asked else weight
        return cls(found, weight / len({each.sentence for each in found}), is_asked)


def _is_in_place(passage: _Words, question: _Words, claim: _Words, there: Sequence[_Word]) -> bool:
    """Tell whether the answer stands where the question points to, and nothing else like it does.

    Another sentence may say more of what the question names; in the same sentence something else
    of the answer's kind may stand nearer to it, or in a part that says more of it.
    """
    pointers = [
        _Pointer.of(word, found) for word in question.words if (found := passage.found(word))
    ]
    order = ("year", "number", "name", "word")
    anchor = min(there, key=lambda word: order.index(passage.found(word)[0].kind), default=None)
    if not pointers or anchor is None:
        return True
    kind = passage.found(anchor)[0].kind
    places = [[each for each in passage.found(word) if each.kind == kind] for word in there]
    fewest = min(len(found) for found in places if found)
    own = [each for found in places if len(found) == fewest for each in found]
    known = {each.at for each in passage.words if question.has(each) or claim.has(each)}
    names = {each.at for each in passage.words if each.at in known and each.kind == "name"}
    rivals = [
        each
        for each in passage.words
        if (each.kind == kind or kind == "word")
        and not each.is_unit
        and each.at not in known
        # Not the first name of somebody who is named in the card.
        and not (kind == "name" and names & {each.at - 1, each.at + 1})
    ]
    most = max(_told(pointers, passage.sentences_of(each)) for each in own)
    for rival in rivals:
        if most < SENTENCE_SHARE * _told(pointers, passage.sentences_of(rival)):
            return False
    return any(_is_nearest(each, kind, rivals, pointers) for each in own)


def _is_nearest(
    own: _Word, kind: str, rivals: Sequence[_Word], pointers: Sequence[_Pointer]
) -> bool:
    """Tell whether nothing else in the sentence is what the question asks for."""
    beside = [rival for rival in rivals if rival.sentence == own.sentence]
    told, share = _told(pointers, (), own.part), PART_SHARE[kind]
    if any(told < share * _told(pointers, (), each.part) for each in beside):
        return False
    if kind == "word":
        return True
    here = _distance(own, pointers)
    return not any(_distance(each, pointers) < NEARER * here for each in beside)


def _told(pointers: Sequence[_Pointer], sentences: Iterable[int], part: int = -1) -> float:
    """Return how much of what the question names some sentences, or a part of one, have."""
    return sum(
        pointer.weight
        for pointer in pointers
        if any(each.sentence in sentences or each.part == part for each in pointer.found)
    )


def _distance(word: _Word, pointers: Sequence[_Pointer]) -> int:
    """Return how far it is to the nearest word of the question."""
    far = [FAR]
    for pointer in pointers:
        there = [abs(each.at - word.at) for each in pointer.found if each.sentence == word.sentence]
        # What the sentence says twice does not tell which of the two is meant.
        if len(there) == 1 and (not pointer.is_asked or there[0] <= BESIDE):
            far += there
    return min(far)
