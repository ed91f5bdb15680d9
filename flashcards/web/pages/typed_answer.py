"""A typed answer in words: how it compares with the card's, and what it seems to mean."""

from dataclasses import dataclass

from flashcards.domain.records import Rating
from flashcards.review.answer_check import Comparison, Likeness, Outcome
from flashcards.review.answer_judge import Meaning, Verdict

_OUTCOMES = {
    Outcome.NOTHING: "You typed nothing.",
    Outcome.EXACT: "Correct.",
    Outcome.SPELLING: "Correct, apart from spelling or punctuation.",
    Outcome.SAME_WORDS: "Correct, in other words or another order.",
    Outcome.TYPO: "Almost: it looks like a typo.",
    Outcome.ARTICLE: "Almost: the article is another one.",
    Outcome.NUMBERS: "Not the same: the numbers differ.",
    Outcome.UNIT: "Not the same: the unit is another one.",
    Outcome.NEGATION: "Not the same: one of the two says “not”.",
    Outcome.PART: "A part of the answer.",
    Outcome.DIFFERENT: "Different words from the answer.",
}
_LIKENESSES = {
    Likeness.SAME: "Compared without a language model: much the same in meaning.",
    Likeness.CLOSE: "Compared without a language model: close in meaning.",
    Likeness.NOT_CLOSE: "Compared without a language model: not close in meaning.",
}
_MEANINGS: dict[Meaning, str] = {
    "same": "The tutor thinks: the same meaning.",
    "partly": "The tutor thinks: partly right.",
    "different": "The tutor thinks: not the same.",
}


@dataclass(frozen=True)
class Judged:
    """What the page says of the meaning of an answer, and the rating that this suggests."""

    sentence: str
    suggested: Rating
    why: str = ""
    is_by_tutor: bool = False


def sentence(found: Comparison) -> str:
    """Return how an answer compares with the card's."""
    return _OUTCOMES[found.outcome]


def spoken(found: Comparison) -> str:
    """Return the differences for a screen reader."""
    said = [
        f"{name}: {', '.join(part.text for part in parts)}"
        for name, kind in (("Missing", "missing"), ("Too much", "extra"))
        if (parts := [part for part in found.parts if part.kind == kind])
    ]
    return f"{'. '.join(said)}." if said else ""


def judged_by_tutor(verdict: Verdict | None) -> Judged | None:
    """Return what a model thinks; None if it did not answer in time."""
    if verdict is None:
        return None
    return Judged(_MEANINGS[verdict.meaning], verdict.suggested, verdict.why, is_by_tutor=True)


def judged_by_rules(likeness: Likeness, suggested: Rating) -> Judged | None:
    """Return how similar the meaning is; None if that is not known."""
    said = _LIKENESSES.get(likeness)
    return Judged(said, suggested) if said else None
