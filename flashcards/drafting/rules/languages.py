"""Which language a text is in, told by its commonest words."""

import re

from flashcards.drafting.little_words import LITTLE
from flashcards.drafting.sentence_ends import word_set

_WORD = re.compile(r"[^\W\d_]+")
_SETS = {
    **LITTLE,
    # Without grammars here, but not to be taken for a language that has one.
    "sv": word_set("och att det som en ett är av för på med den till var inte om har från i de"),
    "pl": word_set("i w na z się jest do to że o nie od po przez był była są oraz jako"),
}
# Letters of other scripts.
_ELSEWHERE = re.compile(r"[^\W\d_\u0041-\u024f\u1e00-\u1eff]")
# Letters that few of them have: each word with one tells as much as a little word.
_LETTERS = {
    "de": re.compile("[äöüß]"),
    "es": re.compile("[ñáíóú]"),
    "fr": re.compile("[èêëçœùâîû]"),
    "it": re.compile("[òì]"),
    "pt": re.compile("[ãõ]"),
    "sv": re.compile("[å]"),
    "pl": re.compile("[łżśąęń]"),
}
# How many of a text's words tell its language, at least, and how many more than another.
_SHARE_LEAST = 0.1
_LEAD = 1.15
# In a shorter text English may have none.
_FEW_WORDS = 40
_CHARACTERS_MOST = 20_000


def language_of(text: str, *, share: float = _SHARE_LEAST, least: int = 1) -> str:
    """Return the code of a text's language, "" if none is known to be likely.

    So many of its words must tell it: a share of them, and at least `least`. A text in another
    script is "other".
    """
    text = text[:_CHARACTERS_MOST]
    words = [word.casefold() for word in _WORD.findall(text)]
    if not words:
        return ""
    if len(_ELSEWHERE.findall(text)) > len(text) / 4:
        return "other"
    counts = {
        language: float(sum(word in little for word in words)) for language, little in _SETS.items()
    }
    for language, letters in _LETTERS.items():
        counts[language] += sum(bool(letters.search(word)) for word in words)
    second, most = sorted(counts.values())[-2:]
    language = max(counts, key=lambda each: counts[each])
    if most >= max(least, len(words) * share) and most >= second * _LEAD:
        return language
    english = least == 1 and len(words) < _FEW_WORDS and counts["en"] == most and text.isascii()
    return "en" if english else ""
