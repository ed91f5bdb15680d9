"""What searches ask of the review log: which cards were answered when, and how."""

from datetime import UTC, datetime

import numpy as np

from flashcards import store
from flashcards.domain.answer_codes import (
    CODES,
    IS_LAPSE,
    IS_REVIEW,
    IS_SPACED,
    QUARTER_MICROS,
    RATING_OF,
    STATE_OF,
)
from flashcards.domain.quarters import days_and_hours
from flashcards.domain.query.syntax import Dates, Days, Introduced, Rated, Returned
from flashcards.domain.records import State
from flashcards.domain.study_day import Day, micros
from flashcards.store import Answers, CardColumns, Mask, Numbers

_FIRST = IS_REVIEW & (STATE_OF == State.NEW)


def mask(
    node: Rated | Introduced | Returned, columns: CardColumns, day: Day, now: datetime
) -> Mask:
    """Return a mask of the cards that have such an answer."""
    if isinstance(node, Introduced):
        return _answered(columns, node.days, _FIRST, day, now)
    if isinstance(node, Returned):
        return _returned(columns, node, day, now)
    if isinstance(node.days, int) and node.hour is None:
        return columns.reviewed(_since(node.days, day, now), node.rating)
    given = node.rating == RATING_OF if node.rating else np.ones(CODES, dtype=bool)
    if node.hour is None:
        return _answered(columns, node.days, IS_REVIEW & given, day, now)
    return _at_hour(columns, node, IS_REVIEW & given, day, now)


def borders(days: Days, day: Day, now: datetime) -> tuple[datetime, datetime]:
    """Return when the first of these days begins, and when the last ends."""
    if isinstance(days, int):
        return _since(days, day, now), datetime.max.replace(tzinfo=UTC)
    today = day.of(now)
    first, last = ((each - today).days for each in (days.first, days.last))
    return day.start(now, days=first), day.start(now, days=last + 1)


def first_tests(answers: Answers, wanted: Mask | None = None) -> tuple[Numbers, Numbers]:
    """Return the places of the first tests after lapses, and of the lapses before them.

    A lapse is a card in review that was answered Again, its test the first review after a day or
    more. `wanted` leaves out other answers.
    """
    codes = answers.codes
    is_lapse, is_test = IS_LAPSE[codes], (IS_REVIEW & IS_SPACED)[codes]
    bears = is_lapse | is_test
    if wanted is not None:
        bears &= wanted
    # Only the cards that lapsed bear on it.
    lapsed = np.zeros(int(answers.cards.max(initial=-1)) + 1, dtype=bool)
    lapsed[answers.cards[is_lapse]] = True
    chosen = np.flatnonzero(bears & lapsed[answers.cards])
    chosen = chosen[np.lexsort((answers.quarters[chosen], answers.cards[chosen]))]
    cards = answers.cards[chosen]
    # The row before: if it is a lapse of the same card, this is the first test after it.
    follows = is_lapse[chosen[:-1]] & is_test[chosen[1:]] & (cards[1:] == cards[:-1])
    return chosen[1:][follows], chosen[:-1][follows]


def _answered(columns: CardColumns, days: Days, codes: Mask, day: Day, now: datetime) -> Mask:
    """Return the cards with an answer on these days that has one of the codes."""
    answers = store.answers(columns.owner_id)
    since, until = (micros(each) // QUARTER_MICROS for each in borders(days, day, now))
    given = (answers.quarters >= since) & (answers.quarters < until) & codes[answers.codes]
    return _cards_of(columns, answers, np.flatnonzero(given))


def _at_hour(columns: CardColumns, node: Rated, codes: Mask, day: Day, now: datetime) -> Mask:
    answers = store.answers(columns.owner_id)
    on, hours = days_and_hours(answers.quarters, day, day.of(now))
    given = _on(node.days, on, day, now) & (hours == node.hour) & codes[answers.codes]
    return _cards_of(columns, answers, np.flatnonzero(given))


def _returned(columns: CardColumns, node: Returned, day: Day, now: datetime) -> Mask:
    answers = store.answers(columns.owner_id)
    tests, lapses = first_tests(answers)
    today = day.of(now)
    on, _ = days_and_hours(answers.quarters[tests], day, today)
    apart = on - days_and_hours(answers.quarters[lapses], day, today)[0]
    given = _on(node.days, on, day, now) & (apart >= node.since)
    if node.until is not None:
        given &= apart <= node.until
    return _cards_of(columns, answers, tests[given])


def _on(days: Days, on: Numbers, day: Day, now: datetime) -> Mask:
    """Return which of the days, counted from today, are among those asked for."""
    if isinstance(days, Dates):
        today = day.of(now)
        return np.asarray((on >= (days.first - today).days) & (on <= (days.last - today).days))
    return np.asarray(on > -days)


def _cards_of(columns: CardColumns, answers: Answers, places: Numbers) -> Mask:
    mask = np.zeros(len(columns) + 1, dtype=bool)
    # Place -1, of cards that are not here, is the last.
    mask[answers.places(columns)[places]] = True
    return mask[:-1]


def _since(days: int, day: Day, now: datetime) -> datetime:
    return day.start(now, days=1 - days)
