"""Formulas: LaTeX and spoken mathematics, read into one row of signs so that they compare.

$\\frac{1}{2} m v^2$, ½mv² and "half the mass times the speed squared" are 1 / 2 m v ^ 2.
"""

import difflib
import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from flashcards.duplicates.lexicon import lexicon
from memoryloop.search_words import plain

# Of a longer text only the beginning is read.
LONGEST_CHARACTERS = 1_500
SIGNS_MOST = 60

_LATEX = re.compile(r"\\[A-Za-z]+|\\.|[{}]|[^\\{}]+", re.DOTALL)
_COMMANDS = {
    "cdot": "·",
    "times": "·",
    "ast": "·",
    "div": "/",
    "pm": "±",
    "mp": "±",
    "sqrt": "√",
    "int": "∫",
    "infty": "∞",
    "approx": "≈",
    "leq": "≤",
    "le": "≤",
    "geq": "≥",
    "ge": "≥",
    "neq": "≠",
    "ne": "≠",
    "to": "→",
    "rightarrow": "→",
    "partial": "∂",
    "circ": "°",
    "cap": "∩",
    "cup": "\N{UNION}",
    "degree": "°",
}
_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "phi chi psi omega"
)
_LETTERS = {
    name: unicodedata.lookup(f"GREEK SMALL LETTER {'LAMDA' if name == 'lambda' else name.upper()}")
    for name in _GREEK.split()
}
_NAMES = "sin cos tan cot ln log exp lim min max det arcsin arccos arctan"
_FUNCTIONS = frozenset(_NAMES.split())
_FRACTIONS = frozenset(("frac", "dfrac", "tfrac", "cfrac"))
_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱ", "0123456789+-ni")
_SUBSCRIPT = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱ]+")
_DERIVATIVE = re.compile(r"d\s*/\s*d\s*([a-z])\b|\(([^()]{1,30})\)\s*'")
_SIGN = re.compile("\\d+(?:[.,]\\d+)*|[^\\W\\d_]+|[-+=^/·±√∫∞≈≤≥≠→∂°∩\N{UNION}|%<>]")
_OPERATORS = frozenset("+-=^/·±√∫∞≈≤≥≠→∂∩\N{UNION}<>")
# Signs that add nothing to what stands beside them: a·b and ab are the same.
_SILENT = frozenset("·°|")
_ONE_SIGN = str.maketrans(
    {
        **dict.fromkeys("\N{MINUS SIGN}\N{EN DASH}", "-"),
        **dict.fromkeys("\N{MULTIPLICATION SIGN}\N{DOT OPERATOR}\N{BULLET OPERATOR}*", "·"),
        "½": " 1/2 ",
        "¼": " 1/4 ",
        "¾": " 3/4 ",
        "÷": "/",
    }
)


def read(text: str) -> str:
    """Return a text with its LaTeX as plain signs, and with signs of one meaning as one.

    A text without any is returned with few changes. Linear in its length.
    """
    text = text.replace("{,}", ",")
    if "\\" in text:
        text = _without_latex(text)
    text = text.translate(_ONE_SIGN).translate(_SUBSCRIPT)
    return _RAISED.sub(lambda raised: f"^{raised[0].translate(_SUPERSCRIPT)}", text)


@functools.lru_cache(maxsize=4096)
def signs_of(text: str) -> tuple[str, ...]:
    """Return the signs of what a text says in mathematics; none of a text that has no formula."""
    folded = plain(read(text[:LONGEST_CHARACTERS]))
    known = lexicon()
    spoken = known.signs_pattern.sub(lambda words: f" {known.signs[words[0]]} ", folded)
    spoken = _DERIVATIVE.sub(lambda found: f" ∂ {found[2] or ''} ", spoken)
    tokens = _SIGN.findall(spoken)
    if not any(token in _OPERATORS or token in _FUNCTIONS for token in tokens):
        return ()
    return tuple(_signs(tokens))[:SIGNS_MOST]


def likeness(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """Return 0 to 1: how much of two rows of signs is the same, in the same order."""
    if not one or not other:
        return 0.0
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()


def variables_shared(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """Return 0 to 1: how many of the letters, functions and numbers two formulas have in common.

    What a formula is the value of does not count: ab, and x = ab.
    """
    a, b = (Counter(_without_left(signs)) for signs in (one, other))
    for counts in (a, b):
        for sign in _OPERATORS & set(counts):
            del counts[sign]
    shared, either = (a & b).total(), (a | b).total()
    return shared / either if either else 0.0


def _without_left(signs: tuple[str, ...]) -> tuple[str, ...]:
    left = signs.index("=") if "=" in signs else len(signs)
    return signs[left + 1 :] if left <= 2 else signs


def _signs(tokens: list[str]) -> Iterator[str]:
    known = lexicon()
    for at, token in enumerate(tokens):
        if token in _SILENT:
            continue
        if token in _OPERATORS or token in _FUNCTIONS or token[0].isdigit():
            yield token.replace(",", ".")
        elif len(token) == 1:
            # "a" and "y" are words, too: in a formula, signs or numbers stand beside them.
            beside = tokens[max(0, at - 1) : at] + tokens[at + 1 : at + 2]
            if token not in known.all_stop or any(
                each in _OPERATORS or each[0].isdigit() for each in beside
            ):
                yield token
        elif len(token) <= 3 and token not in known.all_stop:
            # Letters that are multiplied: mgh, RI.
            yield from token


def _without_latex(text: str) -> str:
    """Return a text in which commands of LaTeX are signs, and fractions have their bar."""
    found: list[str] = []
    # For each open group what is written when it closes.
    groups: list[str] = []
    # What the groups that come next are: those of a fraction, or of a root.
    awaited: list[str] = []
    for piece in _LATEX.findall(text):
        if piece == "{":
            groups.append(awaited.pop() if awaited else "")
            found.append(" ")
        elif piece == "}":
            found.append(groups.pop() if groups else " ")
        elif piece[0] != "\\":
            found.append(piece)
        elif (name := piece[1:]) in _FRACTIONS:
            awaited = [" ", " / "]
        elif name in _LETTERS or name in _FUNCTIONS or name in _COMMANDS:
            found.append(f" {_LETTERS.get(name) or _COMMANDS.get(name) or name} ")
        elif not name.isalpha():
            # A space, or a sign that would mean something else without the backslash.
            found.append(" " if name in ",;:! \\" else name)
    return "".join(found)
