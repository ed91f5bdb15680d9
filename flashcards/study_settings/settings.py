"""The study settings in effect: a learner's common ones, and those of decks with a preset.

A deck's preset holds for its cards and for those of the decks inside it, unless one of them has a
preset itself. A card in several such decks follows the first of them by name. What changes them is
in `presets.py`.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection

from flashcards.domain.records import Flashcard
from flashcards.domain.study_day import Day, zone_named
from flashcards.models import Deck, StudySettings
from flashcards.models.decks import DECK_SEPARATOR
from flashcards.scheduling import DEFAULT_MODEL, ScheduleSettings
from flashcards.scheduling.settings import EVERY_DAY
from flashcards.store import Curve, Numbers, QueueSettings
from memoryloop.folding import fold

Order = StudySettings.Order
NewCards = StudySettings.NewCards

# What the settings page may set, and of these what a preset may.
FIELDS = (
    *("learning_steps_seconds", "relearning_steps_seconds", "desired_retention"),
    *("maximum_interval_days", "fuzz", "easy_days", "new_per_day", "reviews_per_day"),
    *("rollover_hour", "learn_ahead_minutes", "order", "new_cards"),
    *("bury_siblings", "keep_apart", "type_answers", "play_sounds"),
)
PRESET_FIELDS = (
    *("learning_steps_seconds", "relearning_steps_seconds", "desired_retention"),
    *("maximum_interval_days", "fuzz", "new_per_day", "reviews_per_day"),
)
_EXTRA = ("extra_on", "extra_new", "extra_reviews")
_LIMITS = {"new_per_day", "reviews_per_day"}
# Set by `presets.save_model`, whose caller has the cards folded again.
_MODEL = ("memory_model", "parameters")
_COLUMNS = (*FIELDS, *_MODEL, *_EXTRA)
# A row that was changed is another version, with another xmin.
_VERSION = "s.id || ':' || s.xmin"
_READ = f"""
SELECT u.time_zone, {_VERSION}, s.id, s.name, {", ".join(f's."{name}"' for name in _COLUMNS)}
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

    # Which preset these are, and its name; None for the learner's common settings.
    preset_id: int | None = None
    preset_name: str = ""

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
    play_sounds: bool = True
    memory_model: str = DEFAULT_MODEL
    # The model's, fitted to the learner; empty for its own.
    parameters: tuple[float, ...] = ()
    # Whether they are this preset's and not those for all cards.
    has_own_parameters: bool = False
    extra_on: date | None = None
    extra_new: int = 0
    extra_reviews: int = 0
    # By the id of a deck: the deck whose preset holds for its cards; by that, its settings.
    governed_by: Mapping[UUID, UUID] = field(default_factory=dict)
    decks: Mapping[UUID, "EffectiveSettings"] = field(default_factory=dict)
    # Of those the ones whose preset has limits; the cards of the others count for the learner's.
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

    def governing_deck(self, deck_ids: Sequence[UUID]) -> UUID | None:
        """Return the deck whose preset holds for a card in these decks, if any has one."""
        found = {self.governed_by[deck_id] for deck_id in deck_ids if deck_id in self.governed_by}
        return min(found, key=lambda deck_id: self.deck_ranks[deck_id]) if found else None

    def of_decks(self, deck_ids: Sequence[UUID]) -> "EffectiveSettings":
        """Return the settings that hold for a card in these decks: a preset's, or the common."""
        if not self.decks or not deck_ids:
            return self
        deck_id = self.governing_deck(deck_ids)
        return self if deck_id is None else self.decks[deck_id]

    @property
    def models_differ(self) -> bool:
        """Tell whether two cards may have memories of different parameters."""
        own = self.schedule.model.key
        return any(each.schedule.model.key != own for each in self.decks.values())

    def with_parameters(
        self, preset_id: int | None, parameters: Sequence[float] | None
    ) -> "EffectiveSettings":
        """Return the settings as if a preset, or with None all cards, had these parameters.

        None for parameters is what holds without any of the preset's own.
        """
        given = tuple(parameters or ())
        if preset_id is None:
            own = dataclasses.replace(self, parameters=given)
            # A preset that has none of its own follows.
            changed = {
                deck_id: dataclasses.replace(each, parameters=given)
                for deck_id, each in self.decks.items()
                if not each.has_own_parameters
            }
        else:
            own, given = self, given or self.parameters
            changed = {
                deck_id: dataclasses.replace(
                    each, parameters=given, has_own_parameters=bool(parameters)
                )
                for deck_id, each in self.decks.items()
                if each.preset_id == preset_id
            }
        return dataclasses.replace(own, decks={**self.decks, **changed})


def settings_for(*, owner_id: UUID) -> EffectiveSettings:
    """Return what a learner has set. One SQL query; two where decks may have presets or order."""
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
    return known.with_decks(_decks_of(owner_id))


def remembered(owner_id: UUID) -> EffectiveSettings | None:
    """Return the settings as this process saw them last, which may be outdated.

    None where they have not been seen, or take more than one query.
    """
    known = _remembered.get(owner_id)
    return known.own if known is not None and known.is_all else None


@dataclass
class _Unpacked:
    """A learner's settings, and the rows they were read from."""

    rows: Rows
    own: EffectiveSettings
    # What each preset sets.
    presets: dict[int, dict[str, Any]]
    # The settings with decks, and the rows of the decks: as they were read last.
    whole: tuple[Rows, EffectiveSettings] | None = None

    @property
    def is_all(self) -> bool:
        """Tell whether `own` is all there is: there is no preset, and no order needs names."""
        return not self.presets and self.own.order != Order.DECK

    def with_decks(self, decks: Rows) -> EffectiveSettings:
        """Return the settings of a learner with these decks."""
        if self.whole is None or self.whole[0] != decks:
            self.whole = decks, _with_decks(self.own, self.presets, decks)
        return self.whole[1]


_remembered: dict[UUID, _Unpacked] = {}


def _unpacked(rows: Rows) -> _Unpacked:
    own: dict[str, Any] = {"zone_name": rows[0][0]} if rows else {}
    presets: dict[int, dict[str, Any]] = {}
    for _, _, row_id, name, *values in rows:
        given = {
            column: tuple(value) if isinstance(value, list) else value
            for column, value in zip(_COLUMNS, values, strict=True)
            if value is not None
        }
        if not name:
            own |= given
        else:
            presets[row_id] = {**given, "preset_id": row_id, "preset_name": name}
    versions = [row[1] for row in rows if row[1] is not None]
    stamp = ",".join([*(row[0] for row in rows[:1]), *versions])
    return _Unpacked(rows, EffectiveSettings(**own, stamp=stamp), presets)


def _decks_of(owner_id: UUID) -> Rows:
    own = Deck.objects.filter(owner_id=owner_id).order_by("id")
    return list(own.values_list("id", "name", "search", "preset_id", *_EXTRA))


def _with_decks(
    settings: EffectiveSettings, presets: Mapping[int, dict[str, Any]], decks: Rows
) -> EffectiveSettings:
    folded = {deck_id: fold(name) for deck_id, name, *_ in decks}
    ordered = sorted(folded, key=lambda deck_id: (folded[deck_id], str(deck_id)))
    with_own = {}
    of_presets = {key: _of_preset(settings, preset) for key, preset in presets.items()}
    by_deck: dict[UUID, EffectiveSettings] = {}
    limited = set()
    for deck_id, _, search, preset_id, *extra in decks:
        # A smart deck holds no cards, and governs none.
        if preset_id not in presets or search:
            continue
        with_own[folded[deck_id]] = deck_id
        by_deck[deck_id] = of_presets[preset_id]
        if extra[0] is not None:
            added = dict(zip(_EXTRA, extra, strict=True))
            by_deck[deck_id] = dataclasses.replace(by_deck[deck_id], **added)
        if extra[0] is not None or presets[preset_id].keys() & _LIMITS:
            limited.add(deck_id)
    governed = {}
    for deck_id, name in folded.items():
        parts = name.split(DECK_SEPARATOR)
        for length in range(len(parts), 0, -1):
            found = with_own.get(DECK_SEPARATOR.join(parts[:length]))
            if found is not None:
                governed[deck_id] = found
                break
    return dataclasses.replace(
        settings,
        governed_by=governed,
        decks=by_deck,
        limited=frozenset(limited),
        deck_ranks={deck_id: rank for rank, deck_id in enumerate(ordered)},
    )


def _of_preset(settings: EffectiveSettings, preset: dict[str, Any]) -> EffectiveSettings:
    """Return what holds under a preset: what it leaves open is as for all cards."""
    # What a learner added for today counts for their own limit, not for a deck's.
    given = {"extra_on": None, "extra_new": 0, "extra_reviews": 0, **preset}
    return dataclasses.replace(settings, **{**given, "has_own_parameters": "parameters" in preset})


def for_card(settings: EffectiveSettings, card: Flashcard) -> EffectiveSettings:
    """Return the settings that hold for one card: its deck's preset, or the learner's."""
    return settings.of_decks(card.deck_ids)


def queue_settings(settings: EffectiveSettings, now: datetime) -> QueueSettings:
    """Return the due queue's settings for the learner's present day."""
    today = settings.day.of(now)
    known = settings.queue_settings_by_day
    if today not in known:
        known.clear()
        known[today] = _queue_settings(settings, now, today)
    return known[today]


def _curves(settings: EffectiveSettings) -> dict[str, Any]:
    """Return the queue's curves, where parameters differ."""
    if not settings.models_differ:
        return {}

    def curve(own: EffectiveSettings, rank: int) -> Curve:
        model = own.schedule.model

        def chance(stabilities: Numbers) -> Numbers:
            ones = np.ones(len(stabilities))
            return model.retrievability(model.from_summary(ones, 5 * ones), stabilities)

        return Curve(model.key, chance, rank)

    ranks = settings.deck_ranks
    by_deck = {by: curve(settings.decks[by], ranks[by]) for by in settings.decks}
    curves = {deck_id: by_deck[by] for deck_id, by in settings.governed_by.items()}
    return {"curves": curves, "curve": curve(settings, len(ranks))}


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
        **_curves(settings),
    )


def _spans(seconds: tuple[int, ...]) -> tuple[timedelta, ...]:
    return tuple(timedelta(seconds=number) for number in seconds)
