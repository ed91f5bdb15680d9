"""The words of lexicon.toml, as sets and tables. Read once, at the first use."""

import functools
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("lexicon.toml")
LANGUAGES = ("en", "de", "es", "fr")


@dataclass(frozen=True, slots=True)
class Family:
    """Words, and beginnings of words."""

    words: frozenset[str]
    beginnings: tuple[str, ...]

    def has(self, word: str) -> bool:
        return word in self.words or word.startswith(self.beginnings)


@dataclass(frozen=True)
class Lexicon:
    """All words that are known; see lexicon.toml for what they are and how they are written."""

    stop: dict[str, frozenset[str]]
    negations: frozenset[str]
    asks: dict[str, str]
    months: dict[str, int]
    numerals: dict[str, int]
    joins: frozenset[str]
    roman: dict[str, int]
    # Each word by the first of its line.
    synonyms: dict[str, str]
    opposites: tuple[tuple[Family, Family], ...]
    yes: frozenset[str]
    no: frozenset[str]
    # Words that are read as signs: their signs, and what finds them in a text.
    signs: dict[str, str]
    signs_pattern: re.Pattern[str]

    @functools.cached_property
    def all_stop(self) -> frozenset[str]:
        return frozenset().union(*self.stop.values())


@functools.cache
def lexicon() -> Lexicon:
    given = tomllib.loads(FILE.read_text(encoding="utf-8"))
    numerals = {
        word: int(number)
        for language in LANGUAGES
        for word, _, number in (pair.partition("=") for pair in given["numerals"][language].split())
    }
    signs = {
        words: sign for table in ("math", "quantities") for words, sign in _signs(given[table])
    }
    longest_first = sorted(signs, key=lambda words: (-len(words), words))
    return Lexicon(
        stop={language: frozenset(given["stop"][language].split()) for language in LANGUAGES},
        negations=frozenset(given["negations"]["words"].split()),
        asks={word: what for what, words in given["asks"].items() for word in words.split()},
        months=given["months"],
        numerals=numerals,
        joins=frozenset(given["numerals"]["joins"].split()),
        roman=given["roman"],
        synonyms={
            word: line.split()[0] for line in _lines(given["synonyms"]) for word in line.split()
        },
        opposites=tuple(
            (_family(left), _family(right))
            for left, _, right in (line.partition("/") for line in _lines(given["opposites"]))
        ),
        yes=frozenset(given["answers"]["yes"].split()),
        no=frozenset(given["answers"]["no"].split()),
        signs=signs,
        signs_pattern=re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b"),
    )


@functools.lru_cache(maxsize=8192)
def sides_of(word: str) -> frozenset[tuple[int, bool]]:
    """Return where a word is among the opposites: the number of a pair, and whether on its right.

    A cache, because a judge looks up each word of a card for every other card, in some hundred
    pairs.
    """
    return frozenset(
        (number, right)
        for number, pair in enumerate(lexicon().opposites)
        for right, family in zip((False, True), pair, strict=True)
        if family.has(word)
    )


def _lines(table: dict[str, str]) -> Iterator[str]:
    return (line for line in table["lines"].splitlines() if line.strip())


def _signs(table: dict[str, str]) -> Iterator[tuple[str, str]]:
    for line in _lines(table):
        words, _, signs = line.partition(" = ")
        yield from ((each.strip(), signs.strip()) for each in words.split("|"))


def _family(words: str) -> Family:
    whole = frozenset(word for word in words.split() if not word.endswith("*"))
    return Family(whole, tuple(word[:-1] for word in words.split() if word.endswith("*")))
