"""Numbers in texts, in the ways in which languages write them.

A comma may be a decimal mark or part the thousands, and so may a point: 1.233 is both until another
number agrees with one of the two.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NUMBER = re.compile(
    r"(?<![\d.,])\d{1,3}(?:[ \u00a0\u202f'’]\d{3})+(?:[.,]\d+)?(?![\d])|\d+(?:[.,]\d+)*"
)
_WORD = re.compile(r"[^\W\d_]+")
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{3})+$")
_WORDS = {
    0: "zero null cero zéro",
    2: "two zwei zwo dos deux",
    3: "three drei tres trois",
    4: "four vier cuatro quatre",
    5: "five fünf cinco cinq",
    6: "six sechs seis",
    7: "seven sieben siete sept",
    8: "eight acht ocho huit",
    9: "nine neun nueve neuf",
    10: "ten zehn diez dix",
    11: "eleven elf once onze",
    12: "twelve zwölf doce douze",
    20: "twenty zwanzig veinte vingt",
    30: "thirty dreißig treinta trente",
    40: "forty vierzig cuarenta quarante",
    50: "fifty fünfzig cincuenta cinquante",
    60: "sixty sechzig sesenta soixante",
    100: "hundred hundert cien ciento cent",
    1000: "thousand tausend mil mille",
}
_VALUES = {word: str(value) for value, words in _WORDS.items() for word in words.split()}


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number in a text: its place, and the values that it may have."""

    start: int
    end: int
    values: frozenset[str]
    is_word: bool = False


def numerals(text: str) -> Iterator[Numeral]:
    """Yield the numbers of a text in order, those in digits and those in words."""
    found = [
        Numeral(match.start(), match.end(), readings(match[0])) for match in _NUMBER.finditer(text)
    ]
    found += [
        Numeral(match.start(), match.end(), frozenset({value}), is_word=True)
        for match in _WORD.finditer(text)
        if (value := _VALUES.get(match[0].casefold()))
    ]
    yield from sorted(found, key=lambda each: each.start)


def readings(written: str) -> frozenset[str]:
    """Return the values that a number in digits may have, as plain decimals."""
    plain = re.sub(r"[ \u00a0\u202f'’]", "", written)
    marks = re.findall(r"[.,]", plain)
    if not marks:
        return frozenset({_short(plain)})
    found = set()
    if _GROUPED.match(plain) and len(set(marks)) == 1:
        found.add(_short(re.sub(r"[.,]", "", plain)))
    if len(marks) == 1 or (len(set(marks)) == 2 and marks.count(marks[-1]) == 1):
        whole, _, part = plain.rpartition(marks[-1])
        found.add(_short(f"{re.sub(r'[.,]', '', whole)}.{part}"))
    # A date (1.9.1939), a version: its parts.
    return frozenset(found or {_short(part) for part in re.split(r"[.,]", plain) if part})


def is_year(value: str) -> bool:
    return value.isdecimal() and len(value) == 4 and 1000 <= int(value) <= 2100


def _short(digits: str) -> str:
    """Return a number without zeros that say nothing."""
    whole, _, part = digits.partition(".")
    whole, part = whole.lstrip("0") or "0", part.rstrip("0")
    return f"{whole}.{part}" if part else whole
