"""The page of a goal: each line with its cards, or with ways to get one."""

from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse
from django.utils.http import urlencode

from flashcards.insight.coverage import Covering, State
from flashcards.insight.goal_coverage import CoveredLine, GoalCoverage
from flashcards.models import Goal
from flashcards.web.pages import covered_rows
from flashcards.web.pages.covered_rows import CardLine, Perhaps

_QUESTION_MARKS = ("?", "\uff1f", "\u061f")


@dataclass(frozen=True)
class Row:
    text: str
    state: State
    cards: list[CardLine]
    perhaps: Perhaps | None
    # Where the tutor is asked about it and a card is written; empty where there is a card.
    ask: str
    # Empty as well where there is perhaps a card: then the answer leads there.
    write: str


def rows(goal: Goal, coverage: GoalCoverage) -> list[Row]:
    return [_row(goal, line) for line in coverage.lines]


def question(name: str, line: str) -> str:
    """Return what the tutor is asked about a line of a goal."""
    if line.endswith(_QUESTION_MARKS):
        return line
    return f"Explain “{line}” to me. I am learning it for “{name}”."


def write_url(line: str) -> str:
    """Return the address of the page that begins a card on a line."""
    return f"{reverse('flashcards:new_card')}?{urlencode({'question': line})}"


def _row(goal: Goal, line: CoveredLine) -> Row:
    ask = ""
    if line.state in (State.PERHAPS, State.NONE):
        ask = f"{reverse('chat:home')}?{urlencode({'ask': question(goal.name, line.text)})}"
    return Row(
        line.text,
        line.state,
        [_known(goal.id, each) for each in line.cards],
        covered_rows.perhaps(line.perhaps, line.digest),
        ask,
        write_url(line.text) if line.state is State.NONE else "",
    )


def _known(goal_id: UUID, covering: Covering) -> CardLine:
    take_back = ""
    if covering.answer_id:
        take_back = reverse("flashcards:take_back_goal_covered", args=[goal_id, covering.answer_id])
    return covered_rows.known(covering, take_back=take_back, says_why=False)
