"""Words: what a text says, by kinds that compare: stems, values of numbers, names, letters."""

import functools
import math
import re
import threading
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import snowballstemmer

from flashcards.duplicates.lexicon import LANGUAGES, lexicon
from memoryloop.search_words import plain

# Of a longer text only the beginning is read: what a card asks stands there.
LONGEST_CHARACTERS = 3_000
# Letters that are not words by themselves: read in pairs, as words are not set apart.
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f\u0e80-\u0eff"
_WORD = re.compile(
    rf"[{_UNSPACED}]+|(?:(?![{_UNSPACED}])[^\W\d_])+(?:['’](?![{_UNSPACED}])[^\W\d_]+)?"
    rf"|\d+(?:[.,]\d+)?e[-+]?\d+|\d+(?:[.,\u00a0\u202f ]\d{{3}})+(?!\d)(?:[.,]\d+)?"
    rf"|\d+(?:[.,]\d+)?|(?<!\w)-|[+=^°%<>/√∫≈π]"
)
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_DATE = re.compile(r"\b(\d{1,2})([./-])(\d{1,2})\2(\d{4})\b")
_POWER = re.compile(r"(\d+(?:[.,]\d+)?)\s*·\s*10\s*\^?\s*(-?\d+)")
_NO_WORD = re.compile(r"\W+")
_ELISION = re.compile(r"^(?:l|d|j|m|t|s|n|c|qu|jusqu|lorsqu|puisqu)['’]")
_SNOWBALL = {"en": "english", "de": "german", "es": "spanish", "fr": "french"}
# Two values are one if they are rounded differently, but not if they are this far apart.
_APART = 0.02


@dataclass(frozen=True, slots=True)
class Value:
    """A number as it is written: what it may be worth, and how many digits it is given by."""

    worths: tuple[float, ...]
    digits: int


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one text by kind."""

    # Without stop words, each of its synonyms as one; numbers among them.
    stems: frozenset[str]
    values: tuple[Value, ...]
    names: frozenset[str]
    # All words, folded and without accents.
    plain: frozenset[str]


def language_of(text: str) -> str:
    """Return which of LANGUAGES a text is in, by its stop words; "" if it has none of them."""
    tokens = [_ELISION.sub("", word) for word in re.findall(r"[^\W\d_]+", plain(text[:400]))]
    counts = {
        language: sum(token in lexicon().stop[language] for token in tokens)
        for language in LANGUAGES
    }
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] else ""


@functools.lru_cache(maxsize=8192)
def words_of(text: str, language: str = "en") -> Words:
    """Return the words of a text whose formulas are read (formulas.read), in a language."""
    known = lexicon()
    stems: set[str] = set()
    names: set[str] = set()
    seen: set[str] = set()
    values: list[Value] = []
    numerals: list[int] = []
    begins = True
    for token in _tokens(text[:LONGEST_CHARACTERS]):
        low = _ELISION.sub("", plain(token))
        seen.add(low)
        numeral = _numeral(token, low)
        if numeral is None and numerals and low in known.joins:
            continue
        if numeral is not None:
            numerals.append(numeral)
        else:
            _spelt(numerals, values, stems)
            if token[0].isdecimal():
                value = value_of(token)
                values.append(value)
                stems.add(_digits(value))
            elif low and low not in known.all_stop:
                stem = known.synonyms.get(low) or _stem(language, low)
                stems.add(stem)
                if token[0].isupper() and (not begins or token[1:].isupper()):
                    names.add(stem)
        begins = False
    _spelt(numerals, values, stems)
    return Words(frozenset(stems), tuple(values), frozenset(names), frozenset(seen))


@functools.lru_cache(maxsize=8192)
def letters_of(text: str) -> frozenset[str]:
    """Return a text's trigrams, folded and without accents, with a space between words."""
    spaced = f" {_NO_WORD.sub(' ', plain(text[:LONGEST_CHARACTERS])).strip()} "
    return frozenset(spaced[at : at + 3] for at in range(len(spaced) - 2))


@functools.lru_cache(maxsize=4096)
def value_of(token: str) -> Value:
    """Return the value of digits: with a comma or a point for decimals, or between thousands."""
    mantissa, _, exponent = token.replace("\u00a0", " ").replace("\u202f", " ").partition("e")
    power = int(exponent) if exponent and len(exponent) < 5 else 0
    parts = re.split("[., ]", mantissa)
    marks = re.findall("[., ]", mantissa)
    whole = "".join(parts)
    worths = []
    grouped = bool(marks) and all(len(part) == 3 for part in parts[1:])
    if not marks or grouped:
        worths.append(whole)
    if marks and marks[-1] != " " and (len(marks) == 1 or marks[-1] != marks[-2]):
        worths.append(f"{''.join(parts[:-1])}.{parts[-1]}")
    # Zeros at the end are often what a number was rounded to, but not those of a year.
    digits = whole if not marks and len(whole) == 4 else whole.strip("0")
    # Beyond these a number, or how many times it is another, is no float.
    is_known = len(whole) < 40 and len(exponent) < 5 and abs(power) <= 100
    numbers = [float(worth) * 10.0**power for worth in worths or [whole]] if is_known else []
    return Value(tuple(numbers), max(1, len(digits)))


def are_equal(one: Value, other: Value) -> bool:
    """Tell whether two numbers are one, perhaps rounded or in a thousand times larger unit."""
    return any(
        _are_near(a, b, min(one.digits, other.digits)) for a in one.worths for b in other.worths
    )


def values_shared(one: Sequence[Value], other: Sequence[Value]) -> float:
    """Return the share of the numbers of the text with fewer of them that the other has, too."""
    if not one or not other:
        return 0.0
    fewer, more = sorted((one[:12], other[:12]), key=len)
    return sum(any(are_equal(a, b) for b in more) for a in fewer) / len(fewer)


def _are_near(a: float, b: float, digits: int) -> bool:
    if a == b:
        return True
    if not a or not b or not math.isfinite(a) or not math.isfinite(b):
        return False
    # Units come in steps of a thousand: 8,849 m is 8.849 km.
    steps = round(math.log10(abs(a / b)) / 3)
    b *= 1000.0**steps
    if abs(a - b) > 1e-9 * abs(a) and (digits < 2 or abs(a - b) > _APART * abs(a)):
        return digits < 2 and abs(a - b) <= 0.005 * abs(a)
    return _rounded(a, digits) == _rounded(b, digits)


def _rounded(number: float, digits: int) -> float:
    return float(f"{number:.{digits - 1}e}")


def _digits(value: Value) -> str:
    return f"{value.worths[0]:.10g}" if value.worths else "#"


def _tokens(text: str) -> Iterator[str]:
    text = _DATE.sub(r"\1 \3 \4", unicodedata.normalize("NFC", text))
    text = _POWER.sub(lambda found: f"{found[1].replace(',', '.')}e{found[2]}", text)
    for match in _WORD.finditer(text):
        token = match[0]
        if _IS_UNSPACED.match(token):
            yield from (token[at : at + 2] for at in range(max(1, len(token) - 1)))
        else:
            yield token


def _numeral(token: str, low: str) -> int | None:
    """Return the number that a word stands for: a numeral, a month, a Roman number."""
    known = lexicon()
    if low in known.numerals:
        return known.numerals[low]
    if low in known.months:
        return known.months[low]
    if token in known.roman:
        return known.roman[token]
    return _german_numeral(low)


@functools.lru_cache(maxsize=4096)
def _german_numeral(low: str) -> int | None:
    """Return the number of a German numeral in one word: zweiunddreissig, dreihundert."""
    if not 6 < len(low) < 40:
        return None
    parts: list[int] = []
    rest = low
    units = {**lexicon().numerals, "ein": 1, "sieb": 7}
    while rest:
        if parts and rest.startswith("und"):
            rest = rest[3:]
        for length in range(min(len(rest), 9), 2, -1):
            if rest[:length] in units:
                parts.append(units[rest[:length]])
                rest = rest[length:]
                break
        else:
            return None
    return _sum(parts)


def _spelt(numerals: list[int], values: list[Value], stems: set[str]) -> None:
    """Add the number that a row of numerals makes, and begin a new row."""
    if numerals:
        number = _sum(numerals)
        value = value_of(str(number))
        values.append(value)
        stems.add(_digits(value))
        numerals.clear()


def _sum(parts: Iterable[int]) -> int:
    """Return what a row of numerals is worth: 4, 20, 10, 7 (quatre-vingt-dix-sept) is 97."""
    whole, current = 0, 0
    for part in parts:
        if part == 1000:
            whole, current = whole + max(1, current) * 1000, 0
        elif part == 100:
            current = max(1, current) * 100
        elif part == 20 and current % 100 == 4:
            current += 76
        else:
            current += part
    return whole + current


@functools.lru_cache(maxsize=16_384)
def _stem(language: str, word: str) -> str:
    return _stemmers.stem(language, word) if language in _SNOWBALL else word


class _Stemmers(threading.local):
    """Stemmers for each thread: they keep the word that they work on in themselves."""

    def __init__(self) -> None:
        self._made: dict[str, Callable[[str], str]] = {}

    def stem(self, language: str, word: str) -> str:
        if language not in self._made:
            self._made[language] = snowballstemmer.stemmer(_SNOWBALL[language]).stemWord
        return self._made[language](word)


_stemmers = _Stemmers()
