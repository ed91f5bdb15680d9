"""The syntax tree of a search. `str()` of a node is a search that parses to the same tree.

Each node has its position in the text (`at`), which errors point to; it does not count when nodes
are compared.
"""

import enum
import re
from dataclasses import dataclass, field
from datetime import date

from memoryloop.errors import UserError


class BadQuery(UserError):
    """A search that cannot be understood. `position` counts the characters before the place."""

    def __init__(self, sentence: str, position: int, *, is_unfinished: bool = False) -> None:
        super().__init__(sentence)
        self.position = position
        # The text may become a search as the learner types on.
        self.is_unfinished = is_unfinished


class CardStatus(enum.StrEnum):
    """The values of `is:`."""

    NEW = "new"
    LEARNING = "learning"
    REVIEW = "review"
    DUE = "due"
    SUSPENDED = "suspended"
    BURIED = "buried"
    LEECH = "leech"


class Property(enum.StrEnum):
    """The properties that `prop:` compares, by their short names."""

    RETRIEVABILITY = "r"
    STABILITY = "s"
    DIFFICULTY = "d"
    LAPSES = "lapses"
    REPS = "reps"
    # Days between the last review and the next.
    INTERVAL = "ivl"
    # Days from today until it is due; below zero it is overdue.
    DUE = "due"


class Moment(enum.StrEnum):
    """The times that `added:` and `edited:` look at."""

    ADDED = "added"
    EDITED = "edited"


OPERATORS = ("<=", ">=", "!=", "<", ">", "=")


@dataclass(frozen=True, slots=True)
class Everything:
    """The empty search, which finds all cards."""

    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Word:
    """A word without quotes: a form of it, or its letters, in the question, answer or note."""

    value: str
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Text:
    """A phrase in quotes: exactly these letters in the question, answer or note, in any case."""

    value: str
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return quoted(self.value)


@dataclass(frozen=True, slots=True)
class Meaning:
    """The cards nearest in meaning to some words."""

    value: str
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"~{quoted(self.value)}"


@dataclass(frozen=True, slots=True)
class InDeck:
    """In a deck or one inside it; `*` matches anything, `none` means in no deck."""

    name: str
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"deck:{_value(self.name)}"


@dataclass(frozen=True, slots=True)
class Tagged:
    """With a tag or one inside it; `*` matches anything, `none` means without tags."""

    name: str
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"tag:{_value(self.name)}"


@dataclass(frozen=True, slots=True)
class Is:
    status: CardStatus
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"is:{self.status}"


@dataclass(frozen=True, slots=True)
class Compared:
    property: Property
    operator: str
    number: float
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"prop:{self.property}{self.operator}{_number(self.number)}"


@dataclass(frozen=True, slots=True)
class Dates:
    """The learner's days from the first to the last, as `2026-11-02..2026-11-08` or one date."""

    first: date
    last: date

    @classmethod
    def of(cls, day: date) -> "Dates":
        return cls(day, day)

    def __str__(self) -> str:
        return f"{self.first}" + (f"..{self.last}" if self.last != self.first else "")


# The last so many of the learner's days, today included, or dates.
Days = int | Dates


@dataclass(frozen=True, slots=True)
class Within:
    """Added or edited on these days."""

    moment: Moment
    days: Days
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"{self.moment}:{self.days}"


@dataclass(frozen=True, slots=True)
class Rated:
    """Answered on these days; only with `rating`, 1 to 4, and at `hour`, 0 to 23, if given."""

    days: Days
    rating: int | None = None
    hour: int | None = None
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        rating = f":{int(self.rating)}" if self.rating else ""
        hour = "" if self.hour is None else f"@{self.hour}"
        return f"rated:{self.days}{rating}{hour}"


@dataclass(frozen=True, slots=True)
class Introduced:
    """Reviewed for the first time on these days."""

    days: Days
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"introduced:{self.days}"


@dataclass(frozen=True, slots=True)
class Returned:
    """Reviewed on these days for the first time on a later day than it was forgotten on.

    `since` and `until` days after that; None for any number of days from `since` on.
    """

    days: Days
    since: int = 1
    until: int | None = None
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        if self.until is None:
            return f"returned:{self.days}" + (f"@{self.since}.." if self.since > 1 else "")
        last = f"..{self.until}" if self.until != self.since else ""
        return f"returned:{self.days}@{self.since}{last}"


@dataclass(frozen=True, slots=True)
class Flagged:
    """With this flag, 1 to 7; 0 means without a flag."""

    flag: int
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"flag:{self.flag}"


@dataclass(frozen=True, slots=True)
class Not:
    part: "Node"
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"-{_grouped(self.part, And, Or)}"


@dataclass(frozen=True, slots=True)
class And:
    parts: "tuple[Node, ...]"
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return " ".join(_grouped(part, And, Or) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    parts: "tuple[Node, ...]"
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return " or ".join(_grouped(part, Or) for part in self.parts)


Leaf = (
    Everything
    | Word
    | Text
    | Meaning
    | InDeck
    | Tagged
    | Is
    | Compared
    | Within
    | Rated
    | Introduced
    | Returned
    | Flagged
)
Node = Leaf | Not | And | Or


def quoted(value: str) -> str:
    """Return the text in quotes."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _value(name: str) -> str:
    # After its key a name may have `::`, but not begin with a slash: `deck:/` would be a word.
    return name if re.fullmatch(r"[^\s\"()\\:/][^\s\"()\\]*", name) else quoted(name)


def _number(number: float) -> str:
    return str(int(number)) if number == int(number) else repr(number)


def _grouped(node: Node, *kinds: type[Node]) -> str:
    return f"({node})" if isinstance(node, kinds) else str(node)
