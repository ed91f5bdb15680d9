"""A plan of study: what desired retention, limits, order and easy days would bring in a year."""

import functools
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np

from flashcards import store
from flashcards.domain.query import syntax
from flashcards.domain.query.syntax import CardStatus
from flashcards.domain.records import State
from flashcards.insight.habits import habits_of
from flashcards.models import Deck
from flashcards.review.rescheduling import day_numbers
from flashcards.scheduling.simulation import year
from flashcards.scheduling.simulation.backlog import Pile
from flashcards.scheduling.simulation.habits import Habits
from flashcards.scheduling.simulation.year import Order, Plan, Year
from flashcards.search.matcher import Matcher
from flashcards.store import CardColumns, Mask, Numbers
from flashcards.study_settings.settings import EffectiveSettings
from memoryloop.folding import fold

# Years with different luck; what they differ by is the uncertainty that is shown.
RUNS = 5
# Of more cards a sample stands for all.
MOST_CARDS = 5_000
RETENTIONS = tuple(percent / 100 for percent in (*range(70, 97, 2), 97))
# For each of these a sample is enough: what is read off is a sum over a year.
SWEEP_RUNS, SWEEP_CARDS = 2, 1_200
WEEKS = year.DAYS // 7
# A card kept costs about the same where it costs no more than this, for the cheapest.
FLAT = 1.03


@dataclass(frozen=True)
class Choice:
    """What a plan sets."""

    desired_retention: float
    new_per_day: int
    reviews_per_day: int
    order: str
    easy_days: tuple[int, ...]

    @classmethod
    def of(cls, given: EffectiveSettings | Mapping[str, Any]) -> "Choice":
        """Return what is set, or what a JSON object says."""
        names = cls.__dataclass_fields__
        values = given if isinstance(given, Mapping) else {n: getattr(given, n) for n in names}
        return cls(**{**values, "easy_days": tuple(values["easy_days"])})


@dataclass(frozen=True)
class Stock:
    """The cards that a plan is for."""

    pile: Pile
    # Their decks' places by name, those of new cards behind.
    decks: Numbers
    # Cards that follow settings of another deck, and are left out.
    left_out: int

    @property
    def cards(self) -> int:
        return len(self.pile) + self.pile.new


def settings_of(settings: EffectiveSettings, deck: Deck | None) -> EffectiveSettings:
    """Return the settings that hold for the cards of a plan."""
    if deck is None:
        return settings
    governing = settings.governed_by.get(deck.id)
    return settings if governing is None else settings.decks[governing]


def sharing(settings: EffectiveSettings, deck: Deck | None) -> int:
    """Return how many other decks use the preset that a plan for a deck would change."""
    own = settings.decks.get(deck.id) if deck is not None else None
    if own is None:
        return 0
    return sum(each.preset_id == own.preset_id for each in settings.decks.values()) - 1


def key_of(
    choices: Sequence[Choice],
    *,
    settings: EffectiveSettings,
    deck: Deck | None,
    cards: int,
    now: datetime,
) -> str:
    """Return a digest of what a simulation depends on; reviews of the day make no other."""
    names = [f"{deck.id}"] if deck else []
    parts = [*map(asdict, choices), settings.stamp, names, cards, str(settings.day.of(now))]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def stock_of(
    *, owner_id: UUID, settings: EffectiveSettings, deck: Deck | None, now: datetime
) -> Stock:
    """Return the cards of a plan: those that follow its settings. Two SQL queries.

    Costs a pass over the learner's columns, which are kept in memory.
    """
    columns = store.columns(owner_id)
    decks = list(Deck.objects.filter(owner_id=owner_id))
    matcher = Matcher(columns, decks, now, settings.day, settings)
    mask = matcher.mask(syntax.InDeck(deck.name) if deck else syntax.Everything())
    mask &= ~matcher.mask(syntax.Is(CardStatus.SUSPENDED))
    meant = mask & _following(columns, settings, deck) if settings.governed_by else mask
    states = columns.array("state")
    seen = np.flatnonzero(meant & (states != State.NEW))
    fresh = np.flatnonzero(meant & (states == State.NEW))
    today = settings.day.of(now).toordinal()

    def days(name: str) -> Numbers:
        times = columns.array(name)[seen].astype("datetime64[us]")
        return day_numbers(times, settings.day) - today

    stability = columns.array("stability")[seen].astype(np.float64)
    difficulty = columns.array("difficulty")[seen].astype(np.float64)
    pile = Pile(
        stability=np.nan_to_num(stability, nan=1.0),
        difficulty=np.nan_to_num(difficulty, nan=5.0),
        due=days("due"),
        elapsed=np.maximum(-days("last_review"), 0.0),
        new=len(fresh),
    )
    ranks = columns.label_ranks("deck_ids", functools.partial(_ranked, decks))
    ranks = np.nan_to_num(ranks, nan=len(decks))
    left_out = int(np.count_nonzero(mask & ~meant))
    return Stock(pile, np.append(ranks[seen], ranks[fresh]), left_out)


def _ranked(decks: Sequence[Deck], ids: list[str]) -> dict[str, int]:
    names = {str(deck.id): fold(deck.name) for deck in decks}
    ordered = sorted((each for each in ids if each in names), key=lambda each: names[each])
    return {each: rank for rank, each in enumerate(ordered)}


def _following(columns: CardColumns, settings: EffectiveSettings, deck: Deck | None) -> Mask:
    """Return which cards follow the preset that holds for a deck, or the common settings."""
    ranks = settings.deck_ranks
    governing = {str(each): ranks[by] for each, by in settings.governed_by.items()}
    found = columns.label_ranks("deck_ids", lambda _: governing)
    wanted = settings_of(settings, deck).preset_id
    same = [ranks[each] for each, own in settings.decks.items() if own.preset_id == wanted]
    following: Mask = np.isnan(found) if wanted is None else np.isin(found, same)
    return following


def simulate(
    *,
    owner_id: UUID,
    choices: Sequence[Choice],
    settings: EffectiveSettings,
    deck: Deck | None,
    now: datetime,
    progress: Callable[[float], None] | None = None,
) -> dict[str, Any]:
    """Return what the plans bring, as JSON holds it; the first one at each retention, too.

    `progress` gets the share that is done, and stops it by raising. A second for 1,000 cards.
    """
    stock = stock_of(owner_id=owner_id, settings=settings, deck=deck, now=now)
    own = habits_of(owner_id=owner_id, now=now)
    weekday = settings.day.of(now).weekday()
    parts = len(choices) + 1

    def part(number: int) -> Callable[[float], None] | None:
        return None if progress is None else lambda share: progress((number + share) / parts)

    def run(choice: Choice, number: int, **options: Any) -> Year:
        return year.simulate(
            stock.pile,
            plan_of(choice, settings_of(settings, deck)),
            own.habits,
            weekday=weekday,
            decks=stock.decks,
            progress=part(number),
            **options,
        )

    years = [
        run(choice, number, runs=RUNS, most_cards=MOST_CARDS)
        for number, choice in enumerate(choices)
    ]
    sweep = run(
        *(choices[0], len(choices)),
        retentions=RETENTIONS,
        runs=SWEEP_RUNS,
        most_cards=SWEEP_CARDS,
        known_every=year.DAYS,
    )
    return {
        "plans": [_in_weeks(each) for each in years],
        "retentions": _by_retention(sweep),
        "cards": stock.cards,
        "new": stock.pile.new,
        "left_out": stock.left_out,
        "answers": own.answers,
        "is_own": own.is_own,
        "seconds": round(_seconds(own.habits), 1),
    }


def plan_of(choice: Choice, settings: EffectiveSettings) -> Plan:
    """Return a choice as the simulation takes it, with everything else as it is set."""
    schedule = replace(
        settings.schedule,
        desired_retention=choice.desired_retention,
        easy_days=choice.easy_days,
    )
    return Plan(schedule, choice.new_per_day, choice.reviews_per_day, Order(choice.order))


def cheapest(rows: Sequence[Sequence[float]]) -> tuple[int, int, int]:
    """Return the places of the retention that costs least a card known, and of the flat around it.

    `rows` are those of "retentions". The flat goes from the first place to the last.
    """
    costs = [minutes / max(known, 1e-9) for _, _, minutes, known, *_ in rows]
    best = min(range(len(costs)), key=costs.__getitem__)
    first = last = best
    while first > 0 and costs[first - 1] <= FLAT * costs[best]:
        first -= 1
    while last + 1 < len(costs) and costs[last + 1] <= FLAT * costs[best]:
        last += 1
    return best, first, last


def _in_weeks(found: Year) -> dict[str, Any]:
    """Return the (low, middle, high) of the runs by week, and over the whole year."""
    ends = [*(7 * week - 1 for week in range(1, WEEKS)), year.DAYS - 1]
    begins = [0, *(end + 1 for end in ends[:-1])]

    def of_flow(numbers: Numbers) -> list[list[float]]:
        spans = zip(begins, ends, strict=True)
        return [_three(numbers[:, first : last + 1].mean(axis=1)) for first, last in spans]

    def of_stock(numbers: Numbers) -> list[list[float]]:
        return [_three(numbers[:, end]) for end in ends]

    return {
        "ends": ends,
        "minutes": of_flow(found.minutes),
        "reviews": of_flow(found.reviews),
        "known": of_stock(found.known),
        "backlog": of_stock(found.backlog),
        "year": {
            "minutes": _three(found.minutes.mean(axis=1)),
            "reviews": _three(found.reviews.mean(axis=1)),
            "known": _three(found.known[:, -1]),
            "backlog": _three(found.backlog[:, -7:].mean(axis=1)),
        },
        "met": found.met,
    }


def _by_retention(found: Year) -> list[list[float]]:
    """Return for each retention: itself, reviews and minutes a day, cards known and waiting."""

    def mean(numbers: Numbers) -> list[float]:
        of_runs = numbers.reshape(len(RETENTIONS), SWEEP_RUNS).mean(axis=1)
        return [round(float(each), 2) for each in of_runs]

    columns = (
        RETENTIONS,
        mean(found.reviews.mean(axis=1)),
        mean(found.minutes.mean(axis=1)),
        mean(found.known[:, -1]),
        mean(found.backlog[:, -28:].mean(axis=1)),
    )
    return [list(row) for row in zip(*columns, strict=True)]


def _three(runs: Numbers) -> list[float]:
    found = runs.min(), runs.mean(), runs.max()
    return [round(float(each), 2) for each in found]


def _seconds(habits: Habits) -> float:
    """Return how long a review takes on average."""
    of_review = habits.review
    pairs = zip(of_review.shares, of_review.seconds, strict=True)
    return sum(share * seconds for share, seconds in pairs) / (sum(of_review.shares) or 1.0)
