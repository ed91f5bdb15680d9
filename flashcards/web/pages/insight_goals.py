"""The page of a goal: each line with its cards, or with ways to get one."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.http import urlencode

from flashcards.domain import card_sides
from flashcards.domain.records import Flashcard
from flashcards.insight.coverage import Covering, State
from flashcards.insight.goal_coverage import CoveredLine, GoalCoverage

_QUESTION_MARKS = ("?", "\uff1f", "\u061f")


@dataclass(frozen=True)
class CardLine:
    url: str
    title: str
    # How well it is known; empty for one that only may be about the line.
    said: str = ""


@dataclass(frozen=True)
class Row:
    text: str
    state: State
    cards: list[CardLine]
    perhaps: CardLine | None
    # Where the tutor is asked about it and a card is written; empty where there is a card.
    ask: str
    write: str


def rows(name: str, coverage: GoalCoverage) -> list[Row]:
    return [_row(name, line) for line in coverage.lines]


def question(name: str, line: str) -> str:
    """Return what the tutor is asked about a line of a goal."""
    if line.endswith(_QUESTION_MARKS):
        return line
    return f"Explain “{line}” to me. I am learning it for “{name}”."


def _row(name: str, line: CoveredLine) -> Row:
    ask = write = ""
    if line.state is State.NONE:
        ask = f"{reverse('chat:home')}?{urlencode({'ask': question(name, line.text)})}"
        write = f"{reverse('flashcards:new_card')}?{urlencode({'question': line.text})}"
    perhaps = _card_line(line.perhaps) if line.perhaps else None
    return Row(line.text, line.state, [_known(each) for each in line.cards], perhaps, ask, write)


def _known(covering: Covering) -> CardLine:
    chance = covering.chance
    said = "new" if chance is None else f"{chance:.0%} likely to be recalled"
    return _card_line(covering.card, said)


def _card_line(card: Flashcard, said: str = "") -> CardLine:
    return CardLine(reverse("flashcards:card", args=[card.id]), card_sides.summary(card), said)
