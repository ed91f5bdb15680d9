"""Search keys: what the index of words has of a card, as one text with spaces between.

A change of what these functions return needs an upgrade of the store (`upgrades.py`): what is
stored and what is asked for must agree.
"""

import functools
from collections.abc import Iterable

from flashcards.domain.records import Flashcard
from flashcards.domain.search_text import search_text
from memoryloop import search_words
from memoryloop.search_words import Term

# How many letters of the beginning of a word are indexed, for whoever has not typed it whole.
BEGINNINGS = (3, 4, 6)
# No word begins so, and none is taken for a misspelling of one that does.
_MARK = "^^^"
_KNOWN_TEXTS = 4_000


def search_keys(text: str) -> str:
    """Return the keys of the words of a card's `search_text`, and of the words' beginnings."""
    return " ".join([*search_words.keys(text), *beginning_keys(search_words.words(text))])


def beginning_keys(words: Iterable[str]) -> list[str]:
    """Return the keys of the beginnings that are shorter than the words, each once."""
    found = {
        f"{_MARK}{word[:length]}": None
        for word in words
        for length in BEGINNINGS
        if length < len(word)
    }
    return list(found)


def beginning_key(typed: str) -> str | None:
    """Return the key by which words that begin so are looked for; None if it is too short.

    It may be that of a shorter beginning.
    """
    beginning = beginning_of(typed)
    return f"{_MARK}{beginning}" if beginning else None


def beginning_of(typed: str) -> str:
    """Return the beginning of a word that words are looked for by; "" if it is too short."""
    lengths = [length for length in BEGINNINGS if length <= len(typed)]
    return typed[: lengths[-1]] if lengths else ""


def has_beginning(card: Flashcard, beginning: str) -> bool:
    """Tell whether a card has a longer word that begins so."""
    words = search_words.words(search_text(card))
    return any(word.startswith(beginning) and word != beginning for word in words)


def has_word(card: Flashcard, term: Term) -> bool:
    """Tell whether a card has a form of a word."""
    return term.is_in(keys_of(search_text(card)))


@functools.lru_cache(maxsize=_KNOWN_TEXTS)
def keys_of(text: str) -> frozenset[str]:
    """Return the keys of a `search_text`."""
    return frozenset(search_keys(text).split())
