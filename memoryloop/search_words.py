"""Search words: what a search by words compares, the same of a text and of what is typed.

A text gives `keys`, which go into an index. What is typed gives `terms`, each of which says which
keys a text has that contains it. Case, accents, ß and ss, endings and punctuation make no
difference, and nobody says in which language something is written: a word has the stems of all the
large languages of its script, on both sides. Scripts without spaces go in by letters and pairs of
letters.
"""

import functools
import re
import threading
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import snowballstemmer

from memoryloop.folding import fold
from memoryloop.small_words import is_small
from memoryloop.words import unspaced, without_unspaced

# A longer word is no word: it is compared by its beginning.
LONGEST_KEY = 64
# Shorter words have no endings, and a shorter stem would be that of many words.
SHORTEST_STEMMED = 4
SHORTEST_STEM = 3
# Words whose forms are kept, about 300 bytes each.
_KNOWN_WORDS = 30_000

# By the first letter of a word: the languages whose endings it may have.
_STEMMERS = (
    (
        "a-zà-ɏ",
        ("english", "german", "spanish", "french", "italian", "portuguese", "dutch"),
    ),
    ("\u0370-\u03ff", ("greek",)),
    ("\u0400-\u04ff", ("russian",)),
    ("\u0600-\u06ff", ("arabic",)),
    ("\u0900-\u097f", ("hindi",)),
)
_OF_SCRIPT = tuple((re.compile(f"[{letters}]"), names) for letters, names in _STEMMERS)
# Snowball's stemmers keep the word that they work on in themselves.
_stemming = threading.Lock()

# Accents of Latin, Greek and Cyrillic letters; the marks of other scripts are letters to readers.
_ACCENTS = re.compile("[\u0300-\u036f]")
_STROKES = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe",
                          "\u0131": "i", "ħ": "h", "ŧ": "t"})  # fmt: skip
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
# Between the digits of a great number; folding makes a plain space of some.
_THOUSANDS = re.compile(r"(?<=\d)[.,'’](?=\d{3}(?!\d))")
_FIXED_SPACES = re.compile(r"(?<=\d)[\xa0\u202f\u2009](?=\d{3}(?!\d))")
_ASCII_WORD = re.compile(r"[a-z0-9]+")
_SYMBOLIC = re.compile(r"[a-z0-9]+(?:\+\+|#)|[^\w\s!-/:-@\[-`{-~]")

# Pieces of what is typed in Chinese and Japanese that ask, or join, rather than name a thing.
_JOINING = re.compile(
    "(请问|請問|为什么|為什麼|什么|什麼|怎么|怎麼|怎样|怎樣|如何|为何|為何|哪里|哪裡|哪个|哪些|哪|谁|誰"
    "|多少|是否|是|的|吗|嗎|呢|了|何[時故处]?|なに|なぜ|どこ|だれ|いつ|どの|どう|とは|です|ます)"
)
_KANA = re.compile("([\u3041-\u309f]+)")
_PARTICLES = re.compile(
    "(?<=[\uac00-\ud7af]{2})(에서는|에서|에는|으로|이란|란|은|는|이|가|을|를|의|에|로|와|과|도|만|인가요"
    "|입니까|일까요|인가)$"
)
_HANGUL = re.compile("[\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class Term:
    """A word of what is typed. A text contains it that has a key of each of its groups."""

    # As it was typed, but `plain`.
    word: str
    groups: tuple[frozenset[str], ...]
    # Whether it says little by itself: "what", "the", "ist".
    is_common: bool = False

    @property
    def keys(self) -> frozenset[str]:
        return frozenset().union(*self.groups)

    def is_in(self, keys: Collection[str]) -> bool:
        """Tell whether a text with these keys contains it; a set is asked faster than a list."""
        return all(any(key in keys for key in group) for group in self.groups)


def plain(text: str) -> str:
    """Return a text folded, and without accents. Doing so again changes nothing."""
    folded = fold(text)
    if folded.isascii():
        return folded
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", folded)).translate(_STROKES)
    # A letter may fold otherwise without its accent.
    return fold(unicodedata.normalize("NFC", bare))


def words(text: str) -> list[str]:
    """Return the plain words of a text, in order; of scripts without spaces, whole runs."""
    folded = _prepared(text)
    found: list[str] = []
    for run, between in _runs(folded):
        found += map(plain, _words(between))
        if run:
            found.append(plain(run))
    return found


def keys(text: str) -> list[str]:
    """Return the keys of a text, as often as they occur: words, stems, letters and their pairs."""
    folded = _prepared(text)
    found = [key for word in _words(without_unspaced(folded)) for key in forms(word)]
    for run in unspaced(folded):
        letters = plain(run)
        found += letters
        found += _pairs(letters)
    return found


def terms(text: str) -> list[Term]:
    """Return the different words of what is typed, in order.

    Where all of them are common, none is: a search for "the" looks for it.
    """
    folded = _prepared(text)
    known = [plain(word) for word in _words(folded)]
    found: dict[str, Term] = {}
    for run, between in _runs(folded):
        for word in _words(between):
            letters = plain(word)
            if letters not in found:
                common = is_small(letters, known)
                found[letters] = Term(letters, (frozenset(forms(word)),), common)
        for piece, common in _pieces(plain(run)):
            found.setdefault(piece, _unspaced_term(piece, is_common=common))
    if all(term.is_common for term in found.values()):
        return [Term(term.word, term.groups) for term in found.values()]
    return list(found.values())


@functools.lru_cache(maxsize=_KNOWN_WORDS)
def forms(word: str) -> tuple[str, ...]:
    """Return what a folded word with spaces around it is found by: itself, and its stems."""
    letters = plain(word)[:LONGEST_KEY]
    found = {letters: None}
    if len(letters) >= SHORTEST_STEMMED and letters.isalpha():
        spellings = dict.fromkeys((word[:LONGEST_KEY], letters))
        if any(letter in word for letter in "äöü"):
            spellings[plain(word.translate(_UMLAUTS))[:LONGEST_KEY]] = None
        for spelling in spellings:
            found[plain(spelling)] = None
            for stem in _stems(spelling):
                if len(stem) >= SHORTEST_STEM:
                    found[stem] = None
    return tuple(found)


def _stems(word: str) -> Iterator[str]:
    for script, languages in _OF_SCRIPT:
        if script.match(word):
            for language in languages:
                with _stemming:
                    stem = _stemmer(language).stemWord(word)
                yield plain(stem)


@functools.cache
def _stemmer(language: str) -> "snowballstemmer.stemmer":
    return snowballstemmer.stemmer(language)


def _prepared(text: str) -> str:
    return _THOUSANDS.sub("", fold(_FIXED_SPACES.sub("", text)))


def _runs(folded: str) -> Iterator[tuple[str, str]]:
    """Yield each run of letters without spaces, and the text before it; the last run is empty."""
    at = 0
    for run in unspaced(folded):
        end = folded.index(run, at)
        yield run, folded[at:end]
        at = end + len(run)
    yield "", folded[at:]


def _words(folded: str) -> list[str]:
    """Return the words, numbers and symbols of a folded text that has spaces."""
    words = _ASCII_WORD if folded.isascii() else _any_word()
    return [*words.findall(folded), *filter(_is_symbol, _SYMBOLIC.findall(folded))]


def _is_symbol(found: str) -> bool:
    """Tell whether this is a word of its own although it is no letter: C++, 😀, €, √."""
    return len(found) > 1 or unicodedata.category(found) in {"So", "Sc", "Sm"}


@functools.cache
def _any_word() -> "re.Pattern[str]":
    """Return what matches a word of any script. Python's `\\w` has no vowels of Hindi."""
    marks = "".join(
        re.escape(chr(code))
        for code in range(0x0300, 0x10000)
        if unicodedata.category(chr(code)) in {"Mn", "Mc"}
    )
    return re.compile(rf"[^\W_](?:[^\W_]|[{marks}])*")


def _pieces(run: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of a run without spaces, and whether each says little by itself."""
    if _HANGUL.search(run):
        yield _PARTICLES.sub("", run), False
        return
    for part in _JOINING.split(run):
        if _JOINING.fullmatch(part):
            yield part, True
            continue
        has_kana_only = bool(_KANA.fullmatch(part)) and part == run
        for piece in [part] if has_kana_only else _KANA.split(part):
            if piece:
                yield piece, bool(_KANA.fullmatch(piece)) and not has_kana_only


def _unspaced_term(piece: str, *, is_common: bool) -> Term:
    groups = tuple(frozenset([key]) for key in dict.fromkeys(_pairs(piece) or piece))
    return Term(piece, groups, is_common)


def _pairs(letters: str) -> list[str]:
    return [letters[at : at + 2] for at in range(len(letters) - 1)]
