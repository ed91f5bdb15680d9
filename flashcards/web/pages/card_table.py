"""Cards as lines of the browser's table: what each column is called and says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from flashcards import scheduling
from flashcards.cards.labels import FLAGS
from flashcards.domain import card_sides, durations
from flashcards.domain.records import Flashcard, State
from flashcards.scheduling import ScheduleSettings
from flashcards.search.search import Found, Order


@dataclass(frozen=True)
class Cell:
    """What a line says in one column; `exact` is for a hover."""

    column: "Column"
    text: str
    exact: str = ""


@dataclass(frozen=True)
class CardLine:
    """One card in the table. `at` counts the lines before it, on all pages."""

    card: Flashcard
    at: int
    title: str
    state: str
    due: str
    flag: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Place:
    """What a line is made from: a card, the time, and the names of the learner's decks."""

    card: Flashcard
    now: datetime
    zone: tzinfo
    deck_names: dict[str, str]
    schedule: ScheduleSettings


Say = Callable[[Place], tuple[str, str]]


@dataclass(frozen=True)
class Column:
    """A column besides the question; its key is what it sorts by."""

    order: Order
    label: str
    say: Say
    is_number: bool = False
    # Which way round a first click sorts.
    descends: bool = False


def _day(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%-d %B %Y, %H:%M}"


def _due(place: Place) -> tuple[str, str]:
    card = place.card
    if card.suspended or card.state is State.NEW:
        return "", ""
    ready = max(card.due, card.buried_until) if card.buried_until else card.due
    return durations.due(ready, now=place.now, zone=place.zone), _day(ready, place.zone)


def _stability(place: Place) -> tuple[str, str]:
    days = place.card.stability
    if days is None:
        return "", ""
    return durations.interval(timedelta(days=days)), f"{days:.2f} days"


def _difficulty(place: Place) -> tuple[str, str]:
    value = place.card.difficulty
    return ("", "") if value is None else (f"{value:.1f}", f"{value:.2f} of 10")


def _retrievability(place: Place) -> tuple[str, str]:
    chance = scheduling.retrievability(place.card, place.now, settings=place.schedule)
    return ("", "") if chance is None else (f"{chance:.0%}", f"{chance:.4f}")


def _decks(place: Place) -> tuple[str, str]:
    known = (place.deck_names.get(str(deck_id), "") for deck_id in place.card.deck_ids)
    text = ", ".join(sorted(filter(None, known), key=str.lower))
    return text, text


def _tags(place: Place) -> tuple[str, str]:
    text = " ".join(f"#{tag}" for tag in place.card.tags)
    return text, text


COLUMNS = (
    Column(Order.DUE, "Due", _due),
    Column(Order.STATE, "State", lambda place: (state_of(place.card, place.now), "")),
    Column(Order.RETRIEVABILITY, "Recall", _retrievability, is_number=True),
    Column(Order.STABILITY, "Stability", _stability, is_number=True, descends=True),
    Column(Order.DIFFICULTY, "Difficulty", _difficulty, is_number=True, descends=True),
    Column(Order.LAPSES, "Lapses", lambda place: (f"{place.card.lapses}", ""), True, descends=True),
    Column(Order.REVIEWS, "Reviews", lambda place: (f"{place.card.reps}", ""), True, descends=True),
    Column(
        Order.ADDED,
        "Added",
        lambda place: _ago(place.card.created_at, place),
        descends=True,
    ),
    Column(Order.EDITED, "Edited", lambda place: _ago(place.card.edited_at, place), descends=True),
    Column(Order.DECK, "Decks", _decks),
    Column(Order.TAGS, "Tags", _tags),
)
SHOWN_AT_FIRST = (Order.DUE, Order.STATE, Order.RETRIEVABILITY, Order.DECK, Order.TAGS)


def columns(names: Sequence[str]) -> list[Column]:
    """Return the columns of these names in their order; the usual ones if none is known."""
    chosen = [column for column in COLUMNS if column.order in names]
    return chosen or [column for column in COLUMNS if column.order in SHOWN_AT_FIRST]


def lines(
    found: Found, start: int, stop: int, *, shown: Sequence[Column], now: datetime, zone: tzinfo
) -> list[CardLine]:
    """Return the lines from `start` up to `stop`. One LanceDB read."""
    deck_names = {str(deck.id): deck.name for deck in found.decks}
    made = []
    for at, card in enumerate(found[start:stop], start=start):
        place = Place(card, now, zone, deck_names, found.schedule)
        cells = tuple(Cell(column, *column.say(place)) for column in shown)
        title = card_sides.summary(card) or "(image only)"
        flag = FLAGS[card.flag] if 0 < card.flag < len(FLAGS) else ""
        made.append(
            CardLine(card, at, title, state_of(card, now), _due(place)[0] or "—", flag, cells)
        )
    return made


def state_of(card: Flashcard, now: datetime) -> str:
    """Return what a card is at: suspended and buried before anything else."""
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


def _ago(moment: datetime, place: Place) -> tuple[str, str]:
    return durations.ago(moment, now=place.now, zone=place.zone), _day(moment, place.zone)
