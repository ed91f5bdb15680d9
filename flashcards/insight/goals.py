"""Goals: kept, changed, deleted and restored; and the lines of one."""

import re
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from flashcards.domain.validation import CardError
from flashcards.models import Goal
from flashcards.models.goals import NAME_MAX_CHARACTERS

GOALS_MOST = 100
LINES_MOST = 300
LINE_MAX_CHARACTERS = 300
TEXT_MAX_CHARACTERS = 100_000
# A deleted goal can be restored for so long.
KEPT_DELETED = timedelta(days=30)

# What stands before a line in a list: a bullet, a box to tick, a number. A single letter with a
# full stop stays: "E. coli".
_MARK = re.compile(
    r"""\s*(?:
        [-*+>\u2013\u2014]\s+
        | [\u2022\u25e6\u25aa\u2023\u00b7\u25cf\u25cb\u25a0\u25a1\u2610\u2611\u2713\u2714]\s*
        | \[[ xX]?\]\s*
        | \#{1,6}\s+
        | \(?\d{1,3}(?:\.\d{1,3}){0,5}[.)](?!\d)\s*
        | \d{1,3}(?:\.\d{1,3}){1,5}\s+
        | (?:I|[IVXLC]{2,6})\.\s+
        | \(?(?:[a-zA-Z]|[ivxlc]{1,6})\)\s+
    )""",
    re.VERBOSE,
)
_MARKS_MOST = 4
# The dots of a table of contents, with the page.
_LEADER = re.compile(r"(?:\s?[.\u2026]){3,}\s*\d{0,4}\s*$")


class BadGoal(CardError):
    """A goal's name or lines cannot be kept."""


def for_owner(owner_id: UUID) -> "QuerySet[Goal]":
    """Return a learner's goals, newest first, without those deleted."""
    return Goal.objects.filter(owner_id=owner_id, deleted_at=None)


def lines_of(text: str) -> list[str]:
    """Return the lines of a list, in order, each once, without bullets, numbers and page numbers.

    Lines without a letter or digit are left out.
    """
    found: dict[str, str] = {}
    for line in text.splitlines():
        plain = _plain(line)
        if any(letter.isalnum() for letter in plain):
            found.setdefault(plain.casefold(), plain)
    return list(found.values())


def check_name(name: str) -> str:
    """Return a goal's name as it is kept. Raises BadGoal."""
    name = " ".join(name.replace("\0", "").split())
    if not name:
        raise BadGoal("Give the goal a name, such as that of the course or the exam.")
    if len(name) > NAME_MAX_CHARACTERS:
        raise BadGoal(
            f"The name has {len(name):,} characters, and the limit is {NAME_MAX_CHARACTERS}."
        )
    return name


def check_lines(text: str) -> str:
    """Return a goal's text as it is kept, with \\n line ends. Raises BadGoal."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip("\n")
    if len(text) > TEXT_MAX_CHARACTERS:
        raise BadGoal(
            f"The list has {len(text):,} characters, and the limit is {TEXT_MAX_CHARACTERS:,}. "
            "Divide it into two goals."
        )
    lines = lines_of(text)
    if not lines:
        raise BadGoal("There is no line yet: write one heading or question per line.")
    if len(lines) > LINES_MOST:
        raise BadGoal(
            f"The list has {len(lines):,} lines, and the limit is {LINES_MOST}. "
            "Divide it into two goals."
        )
    for number, line in enumerate(lines, start=1):
        if len(line) > LINE_MAX_CHARACTERS:
            raise BadGoal(
                f"Line {number} has {len(line):,} characters, and the limit is "
                f"{LINE_MAX_CHARACTERS}: “{line[:40].rstrip()}…”. A line is a heading or a "
                "question; for a whole text, upload it as a file."
            )
    return text


def create(*, owner_id: UUID, name: str, lines: str, now: datetime) -> Goal:
    """Keep a new goal. Raises BadGoal."""
    name, lines = check_name(name), check_lines(lines)
    if for_owner(owner_id).count() >= GOALS_MOST:
        raise BadGoal(f"You have {GOALS_MOST} goals: delete one first.")
    return Goal.objects.create(owner_id=owner_id, name=name, lines=lines, created_at=now)


def change(goal: Goal, *, name: str, lines: str) -> None:
    """Give a goal another name and other lines. Raises BadGoal."""
    goal.name, goal.lines = check_name(name), check_lines(lines)
    goal.save(update_fields=["name", "lines"])


def delete(goal: Goal, *, now: datetime) -> None:
    goal.deleted_at = now
    goal.save(update_fields=["deleted_at"])


def restore(goal: Goal) -> None:
    goal.deleted_at = None
    goal.save(update_fields=["deleted_at"])


def purge(now: datetime) -> int:
    """Erase the goals that were deleted 30 days ago. Return how many."""
    return Goal.objects.filter(deleted_at__lt=now - KEPT_DELETED).delete()[0]


def _plain(line: str) -> str:
    for _ in range(_MARKS_MOST):
        mark = _MARK.match(line)
        if mark is None:
            break
        line = line[mark.end() :]
    return " ".join(_LEADER.sub("", line).replace("\0", "").split())
