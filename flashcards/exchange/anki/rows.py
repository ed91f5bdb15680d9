"""Rows of Anki's tables for a card and its review log: the reverse of schedule.py."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flashcards import scheduling
from flashcards.domain.records import Flashcard, LogKind, ReviewLog, State
from flashcards.domain.study_day import Day
from flashcards.scheduling import ScheduleSettings, anki_values

_TYPES = {State.NEW: 0, State.LEARNING: 1, State.REVIEW: 2, State.RELEARNING: 3}
_KINDS = {LogKind.LEARN: 0, LogKind.REVIEW: 1, LogKind.RELEARN: 2, LogKind.CRAM: 3}
_MANUAL = 4
_SUSPENDED, _BURIED = -1, -3
# Anki's `left`: one learning step today, one in all.
_ONE_STEP = 1001
_SECONDS_A_DAY = 86_400
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Days:
    """The day numbers of a package: counted from a date, in the learner's time zone."""

    zero: date
    day: Day
    now: datetime

    def number(self, moment: datetime) -> int:
        return (self.day.of(moment) - self.zero).days


class Ids:
    """Makes ids that are times in milliseconds, each once: if one is taken, the next that is not.

    A hundred thousand of the same moment take no longer than of different ones.
    """

    def __init__(self) -> None:
        self._used: set[int] = set()
        # By an id that was asked for again, one before which all from it on are taken.
        self._taken_until: dict[int, int] = {}

    def of(self, moment: datetime) -> int:
        number = int(moment.timestamp() * 1000)
        passed = []
        while number in self._used:
            passed.append(number)
            number = self._taken_until.get(number, number + 1)
        for each in passed:
            self._taken_until[each] = number + 1
        self._used.add(number)
        return number


def card_row(
    card: Flashcard,
    *,
    number: int,
    note_number: int,
    deck_number: int,
    position: int,
    days: Days,
    settings: ScheduleSettings,
    with_schedule: bool,
) -> Row:
    """Return the row of `cards`."""
    state = card.state if with_schedule else State.NEW
    type_ = _TYPES[state]
    due, interval = position, 0
    data: dict[str, float | None] = {}
    if state is State.REVIEW:
        due = days.number(card.due)
        last = days.number(card.last_review or card.due)
        interval = max(1, due - last)
    elif state is not State.NEW:
        due = int(card.due.timestamp())
    if state is not State.NEW and card.stability is not None:
        # Anki computes the chance of recall from these; without the decay it takes another curve.
        data = {"s": card.stability, "d": card.difficulty, "dr": settings.desired_retention}
        decay = anki_values.decay_of(settings)
        if decay is not None:
            data["decay"] = decay
        if card.last_review:
            data["lrt"] = int(card.last_review.timestamp())
    queue = {0: 0, 1: 1, 2: 2, 3: 1}[type_]
    if card.suspended:
        queue = _SUSPENDED
    elif with_schedule and card.buried_until and card.buried_until > days.now:
        queue = _BURIED
    studied = state is not State.NEW
    return (
        number,
        note_number,
        deck_number,
        max(card.ordinal - 1, 0),
        int(card.edited_at.timestamp()),
        -1,
        type_,
        queue,
        due,
        interval,
        round(1000 * anki_values.ease_of(card, settings)) if studied else 0,
        card.reps if studied else 0,
        card.lapses if studied else 0,
        _ONE_STEP if state in (State.LEARNING, State.RELEARNING) else 0,
        *(0, 0),
        card.flag,
        json.dumps(data),
    )


def review_rows(card_number: int, logs: Iterable[ReviewLog], ids: Ids) -> list[Row]:
    """Return the rows of `revlog` for the reviews of a card that were not undone, in order."""
    rows: list[Row] = []
    last = 0
    for log in _without_undone(logs):
        interval = _interval(log)
        if scheduling.is_given(log):
            # The memory that a card came with is on the card itself.
            last = interval
            continue
        hard = log.difficulty_after
        # FSRS writes the difficulty, as 100 to 1100, into the field of SM-2's ease.
        factor = round(((hard - 1) / 9 + 0.1) * 1000) if hard else 0
        if log.rating is None:
            ease, kind, duration = 0, _MANUAL, 0
            if scheduling.is_reset(log):
                interval = factor = 0
        else:
            ease, kind, duration = int(log.rating), _KINDS[log.kind], log.duration_ms
            if log.kind is LogKind.CRAM:
                factor = 0
        number = ids.of(log.reviewed_at)
        rows.append((number, card_number, -1, ease, interval, last, factor, duration, kind))
        last = interval
    return rows


def _without_undone(logs: Iterable[ReviewLog]) -> list[ReviewLog]:
    history = list(logs)
    undone = {log.undoes for log in history if log.kind is LogKind.UNDO}
    kept: Sequence[ReviewLog] = [
        log for log in history if log.kind is not LogKind.UNDO and log.id not in undone
    ]
    return sorted(kept, key=lambda log: (log.reviewed_at, log.sequence))


def _interval(log: ReviewLog) -> int:
    """Return Anki's interval: days, or seconds below 0."""
    span = timedelta(days=log.scheduled_days)
    if log.state_after is State.REVIEW:
        return max(1, round(span / timedelta(days=1)))
    return -max(1, min(round(span.total_seconds()), 365 * _SECONDS_A_DAY))
