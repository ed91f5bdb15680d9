"""Whether the words that a draft rests on say what it answers."""

import re
import unicodedata

from flashcards.domain.cloze import deletions
from flashcards.domain.records import Kind
from flashcards.drafting.linter import Finding
from flashcards.drafting.rules.words import ENGLISH

# Of an answer's telling words, so many must be in its passage, in some form.
SHARE_NEEDED = 0.5
# A model that answers "why" in its own words is given a little of what is around its quote.
AROUND_CHARACTERS = 200
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_STEM_CHARACTERS = 5
UNPLACED = Finding(
    "unplaced", "No passage of the text was found that it rests on: check it before you keep it."
)
UNSUPPORTED = Finding(
    "unsupported", "The passage it rests on does not say this answer: check it before you keep it."
)


def check(
    question: str, answer: str, kind: str, text: str, start: int | None, end: int | None
) -> Finding | None:
    """Return what is wrong with how a draft rests on the passage of a text, or None."""
    if start is None or end is None:
        return UNPLACED
    around = text[max(0, start - AROUND_CHARACTERS) : end + AROUND_CHARACTERS]
    claims = [gap.words for gap in deletions(question)] if kind == Kind.CLOZE else [answer]
    supported = all(
        _numbers(claim) <= _numbers(around) | _numbers(question)
        and _share(claim, around) >= SHARE_NEEDED
        for claim in claims
    )
    return None if supported else UNSUPPORTED


def _numbers(text: str) -> set[str]:
    return {number.replace(",", "") for number in _NUMBER.findall(text)}


def _share(claim: str, text: str) -> float:
    """Return how many of the claim's telling words the text has, in some form."""
    words = _stems(claim)
    if not words:
        return 1.0
    there = _stems(text)
    return len(words & there) / len(words)


def _stems(text: str) -> set[str]:
    """Return the beginnings of the telling words; of scripts without blanks, pairs of letters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    found: set[str] = set()
    for word in _WORD.findall(folded):
        if any("\u3040" <= letter <= "\u9fff" for letter in word):
            found |= {word[at : at + 2] for at in range(max(1, len(word) - 1))}
        elif word not in ENGLISH and not word.isdigit():
            found.add(word[:_STEM_CHARACTERS])
    return found
