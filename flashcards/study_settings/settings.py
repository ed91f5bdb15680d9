"""The study settings in effect: a learner's own, and those of decks that have their own.

A deck's settings hold for its cards and for those of the decks inside it, unless one of them has
its own. A card in several such decks follows the first of them by name.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from flashcards.domain.records import Flashcard
from flashcards.domain.study_day import Day, zone_named
from flashcards.models import Deck, StudySettings
from flashcards.models.decks import DECK_SEPARATOR
from flashcards.scheduling import DEFAULT_MODEL, ScheduleSettings
from flashcards.scheduling.settings import EVERY_DAY
from flashcards.store import QueueSettings
from memoryloop.folding import fold

Order = StudySettings.Order
NewCards = StudySettings.NewCards

# What the settings page may set, and of these what a deck may.
FIELDS = (
    *("learning_steps_seconds", "relearning_steps_seconds", "desired_retention"),
    *("maximum_interval_days", "fuzz", "easy_days", "new_per_day", "reviews_per_day"),
    *("rollover_hour", "learn_ahead_minutes", "order", "new_cards"),
    *("bury_siblings", "keep_apart", "type_answers"),
)
DECK_FIELDS = (
    *("learning_steps_seconds", "relearning_steps_seconds", "desired_retention"),
    *("maximum_interval_days", "fuzz", "new_per_day", "reviews_per_day"),
)
_EXTRA = ("extra_on", "extra_new", "extra_reviews")
# Set by `rescheduling`, which folds every card again.
_MODEL = ("memory_model", "parameters")
_COLUMNS = (*FIELDS, *_MODEL, *_EXTRA)
# A row that was changed is another version, with another xmin.
_VERSION = "s.id || ':' || s.xmin"
_READ = f"""
SELECT u.time_zone, {_VERSION}, s.deck_id, {", ".join(f's."{name}"' for name in _COLUMNS)}
FROM accounts_user u LEFT JOIN flashcards_studysettings s ON s.owner_id = u.id
WHERE u.id = %s ORDER BY s.id
"""  # noqa: S608 - the names are the constants above
# Learners whose settings one process keeps unpacked.
Rows = list[tuple[Any, ...]]
_REMEMBERED_MOST = 1_024


@dataclass(frozen=True)
class Limits:
    """How many cards a day: never seen before, and known ones."""

    new: int = 20
    reviews: int = 200


@dataclass(frozen=True)
class EffectiveSettings:
    """Everything that is set for a learner, or for the cards of one deck."""

    zone_name: str = "UTC"
    rollover_hour: int = 4
    learning_steps_seconds: tuple[int, ...] = (60, 600)
    relearning_steps_seconds: tuple[int, ...] = (600,)
    desired_retention: float = 0.9
    maximum_interval_days: int = 36_500
    fuzz: bool = True
    easy_days: tuple[int, ...] = EVERY_DAY
    new_per_day: int = 20
    reviews_per_day: int = 200
    learn_ahead_minutes: int = 20
    order: str = Order.RETRIEVABILITY
    new_cards: str = NewCards.MIXED
    bury_siblings: bool = True
    keep_apart: bool = True
    type_answers: bool = False
    memory_model: str = DEFAULT_MODEL
    # The model's, fitted to the learner; empty for its own.
    parameters: tuple[float, ...] = ()
    extra_on: date | None = None
    extra_new: int = 0
    extra_reviews: int = 0
    # By the id of a deck: the deck whose settings hold for its cards, and those settings.
    governed_by: Mapping[UUID, UUID] = field(default_factory=dict)
    decks: Mapping[UUID, "EffectiveSettings"] = field(default_factory=dict)
    # Of those the ones with limits of their own; the cards of the others count for the learner's.
    limited: frozenset[UUID] = frozenset()
    # Each deck's place by name.
    deck_ranks: Mapping[UUID, int] = field(default_factory=dict)
    # The versions of the rows these were read from; `flashcards_append` compares them.
    stamp: str = field(default="", compare=False, repr=False)

    @cached_property
    def queue_settings_by_day(self) -> dict[date, QueueSettings]:
        """Return the queue settings of the day asked for last, for `queue_settings`."""
        return {}

    @cached_property
    def day(self) -> Day:
        return Day(zone_named(self.zone_name), time(self.rollover_hour))

    @property
    def learn_ahead(self) -> timedelta:
        return timedelta(minutes=self.learn_ahead_minutes)

    @cached_property
    def schedule(self) -> ScheduleSettings:
        """Return the part of the settings that the scheduler needs."""
        return ScheduleSettings(
            memory_model=self.memory_model,
            parameters=self.parameters,
            desired_retention=self.desired_retention,
            learning_steps=_spans(self.learning_steps_seconds),
            relearning_steps=_spans(self.relearning_steps_seconds),
            maximum_interval_days=self.maximum_interval_days,
            fuzz=self.fuzz,
            easy_days=self.easy_days,
            day=self.day,
        )

    def limits_on(self, day: date) -> Limits:
        """Return the limits of a day, with what was added for that day alone."""
        extra = self.extra_on == day
        return Limits(
            self.new_per_day + (self.extra_new if extra else 0),
            self.reviews_per_day + (self.extra_reviews if extra else 0),
        )

    def governing_deck(self, deck_ids: tuple[UUID, ...]) -> UUID | None:
        """Return the deck whose settings hold for a card in these decks, if any has its own."""
        found = {self.governed_by[deck_id] for deck_id in deck_ids if deck_id in self.governed_by}
        return min(found, key=lambda deck_id: self.deck_ranks[deck_id]) if found else None


def settings_for(*, owner_id: UUID) -> EffectiveSettings:
    """Return what a learner has set. One SQL query; two where a deck has settings or orders."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [owner_id])
        rows = cursor.fetchall()
    known = _remembered.get(owner_id)
    if known is None or known.rows != rows:
        if len(_remembered) >= _REMEMBERED_MOST:
            _remembered.clear()
        known = _remembered[owner_id] = _unpacked(rows)
    if known.is_all:
        return known.own
    return _with_decks(known.own, known.by_deck, owner_id)


def remembered(owner_id: UUID) -> EffectiveSettings | None:
    """Return the settings as this process saw them last, which may be outdated.

    None where they have not been seen, or take more than one query.
    """
    known = _remembered.get(owner_id)
    return known.own if known is not None and known.is_all else None


@dataclass(frozen=True)
class _Unpacked:
    """A learner's settings, and the rows they were read from."""

    rows: Rows
    own: EffectiveSettings
    by_deck: dict[UUID, dict[str, Any]]

    @property
    def is_all(self) -> bool:
        """Tell whether `own` is all there is: no deck has settings, and no order needs names."""
        return not self.by_deck and self.own.order != Order.DECK


_remembered: dict[UUID, _Unpacked] = {}


def _unpacked(rows: Rows) -> _Unpacked:
    own: dict[str, Any] = {"zone_name": rows[0][0]} if rows else {}
    by_deck: dict[UUID, dict[str, Any]] = {}
    for _, _, deck_id, *values in rows:
        given = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in zip(_COLUMNS, values, strict=True)
            if value is not None
        }
        if deck_id is None:
            own |= given
        else:
            by_deck[deck_id] = given
    versions = [row[1] for row in rows if row[1] is not None]
    stamp = ",".join([*(row[0] for row in rows[:1]), *versions])
    return _Unpacked(rows, EffectiveSettings(**own, stamp=stamp), by_deck)


def for_card(settings: EffectiveSettings, card: Flashcard) -> EffectiveSettings:
    """Return the settings that hold for one card: its deck's, or the learner's."""
    if not settings.decks or not card.deck_ids:
        return settings
    deck_id = settings.governing_deck(card.deck_ids)
    return settings if deck_id is None else settings.decks[deck_id]


def queue_settings(settings: EffectiveSettings, now: datetime) -> QueueSettings:
    """Return the due queue's settings for the learner's present day."""
    today = settings.day.of(now)
    known = settings.queue_settings_by_day
    if today not in known:
        known.clear()
        known[today] = _queue_settings(settings, now, today)
    return known[today]


def _queue_settings(settings: EffectiveSettings, now: datetime, today: date) -> QueueSettings:
    decks = {deck_id: settings.decks[deck_id] for deck_id in settings.limited}
    limits: dict[UUID | None, Limits] = {None: settings.limits_on(today)}
    limits |= {deck_id: own.limits_on(today) for deck_id, own in decks.items()}
    return QueueSettings(
        day_begins=settings.day.start(now),
        day_ends=settings.day.start(now, days=1),
        order=str(settings.order),
        new_cards=str(settings.new_cards),
        bury_siblings=settings.bury_siblings,
        keep_apart=settings.keep_apart,
        limits={deck_id: (each.new, each.reviews) for deck_id, each in limits.items()},
        governed_by={d: by for d, by in settings.governed_by.items() if by in settings.limited},
        deck_ranks=settings.deck_ranks,
    )


def save(*, owner_id: UUID, deck: Deck | None, values: Mapping[str, Any], now: datetime) -> None:
    """Set what `values` name (None: no longer set) for all cards, or for those of a deck.

    The memory model and its parameters are set by `rescheduling`, which folds every card again.
    """
    known = FIELDS if deck is None else DECK_FIELDS
    if unknown := set(values) - set(known):
        raise ValueError(f"There is no such setting: {sorted(unknown)}.")
    _update(owner_id, deck, {**values, "updated_at": now})


def reset(*, owner_id: UUID, deck: Deck | None) -> dict[str, Any]:
    """Set everything back and return what was set, for `save`. The memory model stays."""
    with transaction.atomic():
        row = StudySettings.objects.filter(owner_id=owner_id, deck=deck).first()
        if row is None:
            return {}
        names = FIELDS if deck is None else DECK_FIELDS
        before = {n: getattr(row, n) for n in names if getattr(row, n) is not None}
        if deck is not None:
            row.delete()
        else:
            StudySettings.objects.filter(pk=row.pk).update(**dict.fromkeys(names))
    return before


def add_today(
    *, owner_id: UUID, deck: Deck | None, today: date, new: int = 0, reviews: int = 0
) -> None:
    """Allow so many cards more, on this one of the learner's days only."""
    with transaction.atomic():
        row = StudySettings.objects.select_for_update().filter(owner_id=owner_id, deck=deck).first()
        kept = row if row is not None and row.extra_on == today else None
        extra = {
            "extra_on": today,
            "extra_new": (kept.extra_new if kept else 0) + new,
            "extra_reviews": (kept.extra_reviews if kept else 0) + reviews,
        }
        _update(owner_id, deck, extra)


def _update(owner_id: UUID, deck: Deck | None, values: Mapping[str, Any]) -> None:
    StudySettings.objects.update_or_create(owner_id=owner_id, deck=deck, defaults=dict(values))


def _with_decks(
    settings: EffectiveSettings, by_deck: dict[UUID, dict[str, Any]], owner_id: UUID
) -> EffectiveSettings:
    names = dict(Deck.objects.filter(owner_id=owner_id).values_list("id", "name"))
    ordered = sorted(names, key=lambda deck_id: (fold(names[deck_id]), str(deck_id)))
    with_own = {fold(names[deck_id]): deck_id for deck_id in by_deck}
    governed = {}
    for deck_id, name in names.items():
        parts = fold(name).split(DECK_SEPARATOR)
        for length in range(len(parts), 0, -1):
            found = with_own.get(DECK_SEPARATOR.join(parts[:length]))
            if found is not None:
                governed[deck_id] = found
                break
    # What a learner added for today counts for their own limit, not for a deck's.
    plain = dataclasses.replace(settings, extra_on=None, extra_new=0, extra_reviews=0)
    return dataclasses.replace(
        settings,
        governed_by=governed,
        decks={deck_id: dataclasses.replace(plain, **own) for deck_id, own in by_deck.items()},
        limited=frozenset(
            deck_id
            for deck_id, own in by_deck.items()
            if own.keys() & {"new_per_day", "reviews_per_day"} or own.get("extra_on")
        ),
        deck_ranks={deck_id: rank for rank, deck_id in enumerate(ordered)},
    )


def _spans(seconds: tuple[int, ...]) -> tuple[timedelta, ...]:
    return tuple(timedelta(seconds=number) for number in seconds)
