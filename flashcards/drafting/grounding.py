"""Grounding: whether the passage of a draft supports its answer."""

import re
import unicodedata

from flashcards.domain.cloze import deletions
from flashcards.domain.records import Kind
from flashcards.drafting.linter import Finding
from flashcards.drafting.rules.words import ENGLISH

# The share of an answer's content words that its passage must have, in some form.
SHARE_NEEDED = 0.5
# The text around a quote counts too: answers to "why" use more of it.
AROUND_CHARACTERS = 200
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_STEM_CHARACTERS = 5
UNPLACED = Finding(
    "unplaced", "No passage of the text was found for this card: check it before you keep it."
)
UNSUPPORTED = Finding(
    "unsupported",
    "The passage of this card does not support its answer: check it before you keep it.",
)


def check(
    question: str, answer: str, kind: str, text: str, start: int | None, end: int | None
) -> Finding | None:
    """Return what is wrong with the source passage of a draft, or None."""
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
    """Return the share of the claim's content words that the text has, in some form."""
    words = _stems(claim)
    if not words:
        return 1.0
    there = _stems(text)
    return len(words & there) / len(words)


def _stems(text: str) -> set[str]:
    """Return the stems of content words; for scripts without spaces, pairs of characters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    found: set[str] = set()
    for word in _WORD.findall(folded):
        if any("\u3040" <= letter <= "\u9fff" for letter in word):
            found |= {word[at : at + 2] for at in range(max(1, len(word) - 1))}
        elif word not in ENGLISH and not word.isdigit():
            found.add(word[:_STEM_CHARACTERS])
    return found
