"""Names that are looked for: of decks, files, and whatever else has a short name."""

from collections.abc import Sequence

from memoryloop import search_words
from memoryloop.search_words import Term
from memoryloop.spelling import likeness

# A name's word that begins with what was typed, has it inside, or is spelt alike.
FORM, BEGINNING, INSIDE, ALIKE = 0.95, 0.9, 0.7, 0.6


def fit(terms: Sequence[Term], name: str) -> float:
    """Return how well a name fits the words that were typed: 1 with all of them, 0 without one.

    A word may be a form of the name's, a part of it, or spelt alike. Small words count, as a name
    is short, but for those that only the search has.
    """
    words = search_words.words(name)
    keys, whole = frozenset(search_words.keys(name)), search_words.plain(name)
    fits = [_fit(term, words, keys, whole) for term in terms]
    telling = [each for term, each in zip(terms, fits, strict=True) if each or not term.is_common]
    return min(telling, default=0.0)


def _fit(term: Term, words: Sequence[str], keys: frozenset[str], whole: str) -> float:
    if term.word in words:
        return 1.0
    if any(word.startswith(term.word) for word in words):
        return BEGINNING
    if term.is_in(keys):
        return FORM
    if term.word in whole:
        return INSIDE
    alike = (likeness(term.word, word) for word in words)
    return ALIKE * max(alike, default=0.0)
