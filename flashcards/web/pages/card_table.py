"""The card browser's table: its columns, and a row for each card."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo

from flashcards import scheduling, study_settings
from flashcards.cards.labels import FLAGS
from flashcards.domain import card_sides, durations
from flashcards.domain.records import Flashcard, State
from flashcards.scheduling import ScheduleSettings
from flashcards.search.search import Found, Order


@dataclass(frozen=True)
class Cell:
    """The text of one column in a row; `exact` is shown on hover."""

    column: "Column"
    text: str
    exact: str = ""


@dataclass(frozen=True)
class CardRow:
    """One card in the table. `at` counts the rows before it, on all pages."""

    card: Flashcard
    at: int
    title: str
    state: str
    due: str
    flag: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class RowSource:
    """The data of a row: a card, the time, and the names of the learner's decks."""

    card: Flashcard
    now: datetime
    zone: tzinfo
    deck_names: dict[str, str]
    schedule: ScheduleSettings


Say = Callable[[RowSource], tuple[str, str]]


@dataclass(frozen=True)
class Column:
    """A column besides the question; the table is sorted by its `order`.

    `width` is in rem, as in static/css/browser.css. `needs` is how wide a table must be, in rem and
    in steps of STEP, to hold this column and those before it with room left for the question.
    """

    order: Order
    label: str
    say: Say
    width: float
    is_number: bool = False
    # Whether a first click sorts in descending order.
    descends: bool = False
    needs: int = field(default=0, compare=False)


def _day(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%-d %B %Y, %H:%M}"


def _due(source: RowSource) -> tuple[str, str]:
    card = source.card
    if card.suspended or card.state is State.NEW:
        return "", ""
    ready = max(card.due, card.buried_until) if card.buried_until else card.due
    return durations.due(ready, now=source.now, zone=source.zone), _day(ready, source.zone)


def _stability(source: RowSource) -> tuple[str, str]:
    days = source.card.stability
    if days is None:
        return "", ""
    return durations.interval(timedelta(days=days)), f"{days:.2f} days"


def _difficulty(source: RowSource) -> tuple[str, str]:
    value = source.card.difficulty
    return ("", "") if value is None else (f"{value:.1f}", f"{value:.2f} of 10")


def _retrievability(source: RowSource) -> tuple[str, str]:
    chance = scheduling.retrievability(source.card, source.now, settings=source.schedule)
    return ("", "") if chance is None else (f"{chance:.0%}", f"{chance:.4f}")


def _decks(source: RowSource) -> tuple[str, str]:
    known = (source.deck_names.get(str(deck_id), "") for deck_id in source.card.deck_ids)
    text = ", ".join(sorted(filter(None, known), key=str.lower))
    return text, text


def _tags(source: RowSource) -> tuple[str, str]:
    text = " ".join(f"#{tag}" for tag in source.card.tags)
    return text, text


# In rem: the box that selects a card, and what a question needs to be read.
SELECT_WIDTH, QUESTION_WIDTH = 2.25, 18.0
STEP = 4
COLUMNS = (
    Column(Order.DUE, "Due", _due, 8.5),
    Column(Order.STATE, "State", lambda source: (state_of(source.card, source.now), ""), 7),
    Column(Order.RETRIEVABILITY, "Recall", _retrievability, 5.5, is_number=True),
    Column(Order.STABILITY, "Stability", _stability, 7.5, is_number=True, descends=True),
    Column(Order.DIFFICULTY, "Difficulty", _difficulty, 5.5, is_number=True, descends=True),
    Column(
        Order.LAPSES,
        "Lapses",
        lambda source: (f"{source.card.lapses}", ""),
        5.5,
        True,
        descends=True,
    ),
    Column(
        Order.REVIEWS,
        "Reviews",
        lambda source: (f"{source.card.reps}", ""),
        5.5,
        True,
        descends=True,
    ),
    Column(
        Order.ADDED,
        "Added",
        lambda source: _ago(source.card.created_at, source),
        8.5,
        descends=True,
    ),
    Column(
        Order.EDITED,
        "Edited",
        lambda source: _ago(source.card.edited_at, source),
        8.5,
        descends=True,
    ),
    Column(Order.DECK, "Decks", _decks, 12),
    Column(Order.TAGS, "Tags", _tags, 12),
)
SHOWN_AT_FIRST = (Order.DUE, Order.STATE, Order.RETRIEVABILITY, Order.DECK, Order.TAGS)


def columns(names: Sequence[str]) -> list[Column]:
    """Return the columns of these names in their order; the usual ones if none is known.

    Each says how wide a table it `needs`. Where a window is narrower, the stylesheet leaves out the
    last columns rather than let the question have no room.
    """
    chosen = [column for column in COLUMNS if column.order in names]
    chosen = chosen or [column for column in COLUMNS if column.order in SHOWN_AT_FIRST]
    placed, width = [], SELECT_WIDTH + QUESTION_WIDTH
    for column in chosen:
        width += column.width
        placed.append(replace(column, needs=STEP * math.ceil(width / STEP)))
    return placed


def rows(
    found: Found, start: int, stop: int, *, shown: Sequence[Column], now: datetime, zone: tzinfo
) -> list[CardRow]:
    """Return the rows from `start` up to `stop`. One read of the store."""
    deck_names = {str(deck.id): deck.name for deck in found.decks}
    made = []
    for at, card in enumerate(found[start:stop], start=start):
        schedule = study_settings.for_card(found.settings, card).schedule
        source = RowSource(card, now, zone, deck_names, schedule)
        cells = tuple(Cell(column, *column.say(source)) for column in shown)
        title = card_sides.title(card)
        flag = FLAGS[card.flag] if 0 < card.flag < len(FLAGS) else ""
        made.append(
            CardRow(card, at, title, state_of(card, now), _due(source)[0] or "—", flag, cells)
        )
    return made


def state_of(card: Flashcard, now: datetime) -> str:
    """Return a card's state in words; suspended and buried before anything else."""
    if card.suspended:
        return "suspended"
    if card.buried_until is not None and card.buried_until > now:
        return "buried"
    return {
        State.NEW: "new",
        State.LEARNING: "learning",
        State.REVIEW: "learnt",
        State.RELEARNING: "relearning",
    }[card.state]


def _ago(moment: datetime, source: RowSource) -> tuple[str, str]:
    return durations.ago(moment, now=source.now, zone=source.zone), _day(moment, source.zone)
