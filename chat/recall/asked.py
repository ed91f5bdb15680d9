"""What is asked of a search of messages: words, quoted words, and words with a minus."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from memoryloop import search_words
from memoryloop.folding import fold
from memoryloop.search_words import Term

TEXT_MAX_CHARACTERS = 400
# More words than these tell nothing more.
MOST_TERMS = 16
_QUOTED = re.compile(r'(?<!\S)(-?)["“”„«»]([^"“”„«»]*)["“”„«»]')
_WITHOUT = re.compile(r"(?<!\S)-(\w[^\s\"]*)")
_OR = re.compile(r"(?<!\S)or(?!\S)", re.IGNORECASE)
_WORDS_AFTER = re.compile(r"\w$")


@dataclass(frozen=True)
class Asked:
    """What is asked. A message with a phrase of `without`, or a term of it, is not wanted."""

    # As it was typed, on one line.
    text: str
    # What is looked for by its meaning: without quotes, and without what is not wanted.
    wanted: str
    terms: tuple[Term, ...]
    # Folded; a message must have them as they are.
    phrases: tuple[str, ...] = ()
    without_terms: tuple[Term, ...] = ()
    without_phrases: tuple[str, ...] = ()
    # The beginning of a word that is still being typed: the last one; "" if there is none.
    beginning: str = ""

    @property
    def telling(self) -> tuple[Term, ...]:
        """Return the terms that tell messages apart; all if none does."""
        telling = tuple(term for term in self.terms if not term.is_common)
        return (telling or self.terms)[:MOST_TERMS]


def read(text: str) -> Asked:
    """Return what a text asks for. Signs without letters are left out, whatever they are."""
    text = " ".join(unicodedata.normalize("NFC", text.replace("\0", " ")).split())
    text = text[:TEXT_MAX_CHARACTERS]
    phrases: list[str] = []
    without_phrases: list[str] = []

    def take(match: "re.Match[str]") -> str:
        phrase = fold(" ".join(match[2].split()))
        if not search_words.keys(phrase):
            return " "
        (without_phrases if match[1] else phrases).append(phrase)
        return " " if match[1] else f" {match[2]} "

    bare = _QUOTED.sub(take, text)
    without = [match[1] for match in _WITHOUT.finditer(bare)]
    bare = _WITHOUT.sub(" ", bare)
    wanted = " ".join(bare.replace('"', " ").split())
    terms = search_words.terms(_OR.sub(" ", wanted) or wanted)
    last = terms[-1].word if terms and _WORDS_AFTER.search(wanted) else ""
    return Asked(
        text=text,
        wanted=wanted,
        terms=tuple(terms),
        phrases=tuple(phrases),
        without_terms=tuple(_all_terms(without)),
        without_phrases=tuple(without_phrases),
        beginning=last if search_words.plain(wanted).endswith(last) and not phrases else "",
    )


def _all_terms(words: Iterable[str]) -> Iterable[Term]:
    for word in words:
        yield from search_words.terms(word)[:MOST_TERMS]
