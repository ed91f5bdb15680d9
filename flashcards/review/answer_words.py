"""The words of a typed answer and of the card's, as they are compared.

Each is read in its language: little words are set apart, numbers have their values, units their
signs, and Chinese and Japanese are compared by pairs of characters.
"""

import re
import unicodedata
from dataclasses import dataclass

from flashcards.drafting.little_words import LITTLE, language_of
from flashcards.drafting.numerals import numerals
from flashcards.drafting.sentence_ends import word_set
from memoryloop.folding import without_accents

_WORD = re.compile(r"[^\W\d_]+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
# What Japanese sentences end with, which says nothing of the matter.
_JAPANESE_ENDS = re.compile(r"(?:です|である|だから|ますから|から|ため|こと|もの|ます|だ|。)+$")
_CJK_DIGITS = str.maketrans("零〇一二三四五六七八九", "00123456789")
_NEGATIONS = word_set(
    """
    not no never none cannot nothing nobody neither without nicht kein keine keinen keiner keines
    nie niemals nichts ohne nunca jamás ningún ninguna ninguno nada tampoco sin ne pas jamais rien
    aucun aucune sans non
    """
)
_NEGATED = re.compile(r"n['’]t\b|\bn['’](?=\w)|ない|ません|不|没", re.IGNORECASE)
# Articles by gender; of one without, nothing follows.
_GENDERS = {
    "de": {"der": "m", "die": "f", "das": "n", "eine": "f"},
    "es": {"el": "m", "un": "m", "la": "f", "una": "f", "los": "m", "las": "f"},
    "fr": {"le": "m", "un": "m", "la": "f", "une": "f"},
}
# The signs of units, and what they are called in words.
_UNITS = {
    "m": "metre metres meter meters metern metro metros mètre mètres メートル",
    "km": "kilometre kilometres kilometer kilometers kilometern kilómetro kilómetros kilomètre "
    "kilomètres キロメートル",
    "cm": "centimetre centimetres centimeter centimeters zentimeter centímetro centímetros "
    "centimètre centimètres センチメートル",
    "mm": "millimetre millimetres millimeter millimeters milímetro milímetros millimètres",
    "kg": "kilogram kilograms kilogramm kilo kilos kilogramo kilogramos kilogramme kilogrammes",
    "g": "gram grams gramm gramo gramos gramme grammes",
    "s": "second seconds sekunde sekunden segundo segundos seconde secondes 秒",
    "min": "minute minutes minuten minuto minutos 分",
    "h": "hour hours stunde stunden hora horas heure heures 時間",
    "°": "degree degrees grad grado grados degré degrés 度",
    "%": "percent prozent ciento pourcent パーセント",
    "l": "litre litres liter liters litro litros リットル",
    "j": "joule joules",
    "n": "newton newtons",
    "ft": "foot feet fuß pie pies pied pieds",
    "mi": "mile miles meile meilen milla millas mille milles",
    "year": "years jahr jahre jahren año años an ans année années 年",
}
_SIGNS = {word: sign for sign, words in _UNITS.items() for word in (sign, *words.split())}
# What is added to a word, and what takes the place of its end: metre, metres; axon, axa.
_ENDING = word_set("s es e en n er em ern r a as o os d ed t te ten st x ing")
_ENDINGS = frozenset(
    {("a", "on"), ("a", "um"), ("i", "us"), ("es", "is"), ("ies", "y"), ("a", "o"), ("as", "os"),
     ("e", "ing"), ("al", "aux"), ("l", "ux"), ("e", "en"), ("er", "es")}
)  # fmt: skip
_UNIT = re.compile(
    r"\s*((?:degrees?|grad|grados?|degrés?)\s+(?:celsius|fahrenheit|kelvin)|°\s*[CFK]?|%|[^\W\d_]+(?:\s*(?:/|per|pro|por|par)\s*[^\W\d_]+)?)[²³]?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Words:
    """A text: keys of the words that count, numbers with their units, and whether it denies."""

    keys: tuple[str, ...]
    # Those of them that are written with a capital.
    names: frozenset[str]
    numbers: tuple[frozenset[str], ...]
    # The sign of the unit after each number, empty without one that is known.
    units: tuple[str, ...]
    negations: int
    is_unspaced: bool


def language(question: str, answer: str, typed: str) -> str:
    """Return the language of an answer; that of its question where the answer does not tell it."""
    both = f"{answer} {typed}"
    told = language_of(both)
    is_told = told != "en" or any(word in LITTLE["en"] for word in both.casefold().split())
    return told if is_told else language_of(f"{question} {both}")


def have_other_genders(one: str, other: str) -> bool:
    """Tell whether two texts begin with articles of one language and of different genders."""
    first, second = ((text.casefold().split() or [""])[0] for text in (one, other))
    return any(
        first in genders and second in genders and genders[first] != genders[second]
        for genders in _GENDERS.values()
    )


def is_unspaced(text: str) -> bool:
    """Tell whether a text is of a script without spaces between words."""
    return _UNSPACED.search(text) is not None


def words_of(text: str, language: str) -> Words:
    text = unicodedata.normalize("NFKC", text)
    unspaced = is_unspaced(text)
    if unspaced:
        text = _JAPANESE_ENDS.sub("", text.translate(_CJK_DIGITS))
    numbers, units, spans = [], [], []
    for number in numerals(text):
        numbers.append(number.values)
        unit = _UNIT.match(text, number.end)
        sign = _sign(unit[1]) if unit else ""
        units.append(sign)
        spans.append((number.start, unit.end() if unit and sign else number.end))
    for start, end in reversed(spans):
        text = f"{text[:start]} {text[end:]}"
    little = LITTLE[language]
    found = [match[0] for match in _WORD.finditer(text)]
    folded = [word.casefold() for word in found]
    kept = [word for word in found if word.casefold() not in little | _NEGATIONS]
    return Words(
        keys=tuple(key for word in kept for key in _keys(word)),
        names=frozenset(_plain(word) for word in kept if word[0].isupper()),
        numbers=tuple(numbers),
        units=tuple(units),
        negations=min(1, sum(word in _NEGATIONS for word in folded)
                      + len(_NEGATED.findall(text))),
        is_unspaced=unspaced,
    )  # fmt: skip


def _sign(written: str) -> str:
    """Return the sign of a unit that is written with a sign or in words; empty for no unit."""
    degrees = re.fullmatch(r"(?:\w+\s+|°\s*)(c|f|k)(?:elsius|ahrenheit|elvin)?", written.casefold())
    if degrees:
        return f"°{degrees[1]}"
    parts = re.split(r"\s*(?:/|\bper\b|\bpro\b|\bpor\b|\bpar\b)\s*", written.casefold().strip())
    signs = [_SIGNS.get(part, "°" if part.startswith("°") else "") for part in parts]
    return "/".join(signs) if all(signs) else ""


def _keys(word: str) -> list[str]:
    if _UNSPACED.search(word):
        return [word[at : at + 2] for at in range(max(1, len(word) - 1))]
    return [_plain(word)]


def _plain(word: str) -> str:
    return without_accents(word.casefold()) or word


def is_form(one: str, other: str) -> bool:
    """Tell whether two keys are forms of a word: they differ in an ending that words take."""
    pairs = enumerate(zip(one, other, strict=False))
    common = next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
    ends = tuple(sorted((one[common:], other[common:])))
    return common >= 4 and (ends in _ENDINGS or (ends[0] == "" and ends[1] in _ENDING))


def is_typo(one: str, other: str) -> bool:
    """Tell whether one key is the other mistyped: a slip for each four letters, two at most."""
    length = max(len(one), len(other))
    if length < 4 or abs(len(one) - len(other)) > 2 or not (one + other).isalpha():
        return False
    return distance(one, other) <= (1 if length < 8 else 2)


def distance(one: str, other: str) -> int:
    """Return how many letters were changed, left out, added, or swapped with the next one."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        older, before, row = before, row, [at]
        for to, wanted in enumerate(other, 1):
            least = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (letter != wanted))
            if at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == wanted:
                least = min(least, older[to - 2] + 1)
            row.append(least)
    return row[-1]
