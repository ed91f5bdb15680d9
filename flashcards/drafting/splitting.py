"""Splitting by rules: cut a card into smaller ones by its list, its lines or its sentences."""

import re
from collections.abc import Sequence

from flashcards.domain.cloze import Deletion, deletions, gaps_within, parts
from flashcards.domain.records import QUESTION_MAX_CHARACTERS, Kind
from flashcards.drafting import rules
from flashcards.drafting.candidates import Candidate, Check
from flashcards.drafting.prose import sentences

_ITEM = re.compile(r"^[^\S\n]*(?:[-*+•]|\d{1,2}[.)])\s+(?P<words>\S.*)$", re.MULTILINE)
# "**Osmosis**: water moves", "Osmosis – water moves".
_NAMED = re.compile(
    r"^(?:\*\*)?(?P<name>[^:–—*]{2,60}?)(?:\*\*)?\s*(?::|–|—|\s-\s)\s*(?P<what>\S.+)$"
)
_SERIES = re.compile(r",\s+(?:and\s+|or\s+)?|\s+and\s+|;\s+")
SERIES_ITEM_WORDS_MOST = 6


def by_rules(question: str, answer: str, kind: str) -> list[Candidate]:
    """Return smaller cards that may replace one, or none."""
    made = _gaps(question) if kind == Kind.CLOZE else _parts(question, answer)
    # Cards that differ in their gap only are different cards here.
    different = {(card.question, card.answer): card for card in made}
    different.pop((question, answer), None)
    return [card for card in different.values() if len(card.question) <= QUESTION_MAX_CHARACTERS]


def _gaps(text: str) -> list[Candidate]:
    """Return a card for each gap of a text, with the words of the other gaps visible."""
    if (
        len(text) - sum(gap.end - gap.start - len(gap.words) for gap in deletions(text))
        > QUESTION_MAX_CHARACTERS
    ):
        # Each card would be too long.
        return []
    found = parts(text)
    return [
        Candidate(question=_with_gap(found, kept), kind=Kind.CLOZE) for kept in gaps_within(found)
    ]


def _with_gap(found: Sequence[str | Deletion], kept: Deletion) -> str:
    """Return a text with one of its gaps, and the words of the others visible."""
    hint = f"::{kept.hint}" if kept.hint else ""
    return "".join(
        part
        if isinstance(part, str)
        else f"{{{{c1::{kept.words}{hint}}}}}"
        if part is kept
        else _with_gap(part.parts, kept)
        for part in found
    )


def _parts(question: str, answer: str) -> list[Candidate]:
    items = [match["words"].strip() for match in _ITEM.finditer(answer)]
    if len(items) < 2:
        lines = [line.strip() for line in answer.splitlines() if line.strip()]
        items = lines if len(lines) >= 2 else []
    if items:
        return _of_items(question, items)
    series = [part.strip(" .") for part in _SERIES.split(answer.strip()) if part.strip(" .")]
    if len(series) >= 2 and all(len(p.split()) <= SERIES_ITEM_WORDS_MOST for p in series):
        return _of_items(question, series)
    made = [
        Candidate(question=card.question, answer=card.answer, kind=card.kind)
        for card in rules.draft(answer)
        if card.check is not Check.UNSURE
    ]
    if made:
        return made
    found = sentences(answer)
    if len(found) < 2:
        return []
    return [Candidate(question=question, answer=sentence.text) for sentence in found]


def _of_items(question: str, items: list[str]) -> list[Candidate]:
    """Return a card for each item of a list: asked by its name, or hidden among the others."""
    named = [_NAMED.match(item) for item in items]
    if all(named):
        return [
            Candidate(question=f"{question}\n\n**{match['name'].strip()}**", answer=match["what"])
            for match in named
            if match
        ]
    if len(question) + sum(map(len, items)) > QUESTION_MAX_CHARACTERS:
        # Each card has all items, and would be too long.
        return []
    made = []
    for hidden in range(len(items)):
        shown = [
            f"- {{{{c1::{item}}}}}" if at == hidden else f"- {item}"
            for at, item in enumerate(items)
        ]
        made.append(Candidate(question="\n".join([question, "", *shown]), kind=Kind.CLOZE))
    return made
