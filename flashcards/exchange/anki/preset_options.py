"""Options of a preset: what Anki's have, and what of it MemoryLoop has.

Read from either schema into one form. A value that makes no sense counts as not given.
"""

import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flashcards.exchange.anki import protobuf
from flashcards.models import StudySettings

# What MemoryLoop allows: a step is shorter than a day, as FSRS chooses the time from then on.
STEPS_MOST = 10
_STEP_MOST_SECONDS = 23 * 3_600
_LIMIT_MOST = 9_999
_INTERVAL_MOST = 36_500
_WEEK = 7
_DAY_SECONDS = 86_400

# By the number in Anki: what differs from its default, the day it was due.
_ORDERS = {
    2: StudySettings.Order.DECK,
    7: StudySettings.Order.RETRIEVABILITY,
    8: StudySettings.Order.RANDOM,
    12: StudySettings.Order.OVERDUENESS,
}
_DEFAULT_ORDERS = (0, 1)
_MIXES = {1: StudySettings.NewCards.AFTER, 2: StudySettings.NewCards.BEFORE}

# In the messages of the newer schema.
_LEARNING, _RELEARNING, _EASY_DAYS = 1, 2, 4
_NUMBERS = {
    "new_per_day": 9, "reviews_per_day": 10, "maximum_interval": 16, "minimum_interval": 17,
    "insert_order": 20, "leech_action": 21, "leech_threshold": 22, "is_silent": 23,
    "answer_time": 24, "has_timer": 25, "mix": 30, "learning_mix": 31, "sort_order": 32,
    "order": 33, "gather_order": 34,
}  # fmt: skip
# What Anki has unless it was changed, where that is not 0.
_DEFAULTS = {"minimum_interval": 1, "leech_action": 1, "leech_threshold": 8, "answer_time": 60}
# What MemoryLoop does not have, by the options that set it.
_UNKNOWN = {
    "the order of new cards": ("insert_order", "sort_order", "gather_order"),
    "the place of cards in learning among the reviews": ("learning_mix",),
    "the threshold and the action for leeches": ("leech_threshold", "leech_action"),
    "the least interval after forgetting": ("minimum_interval",),
    "the timer and the longest answer time": ("has_timer", "answer_time"),
}
OTHER_ORDER = "the review order"
LONG_STEPS = "learning and relearning steps of a day or more"


@dataclass(frozen=True)
class Options:
    """The options of a preset besides FSRS's, by the names of `StudySettings`."""

    # What presets have here as well; only what the file says. Steps are in seconds.
    own: Mapping[str, Any] = field(default_factory=dict)
    # What is set for all cards here; only what is not as in a new collection of Anki.
    common: Mapping[str, Any] = field(default_factory=dict)
    # In words, what is set and MemoryLoop does not have.
    unknown: tuple[str, ...] = ()


def from_json(preset: Mapping[str, Any]) -> Options:
    """Return the options of a preset of the older schema."""
    new, reviews, lapses = (_mapping(preset.get(name)) for name in ("new", "rev", "lapse"))
    numbers = {
        "new_per_day": new.get("perDay"),
        "reviews_per_day": reviews.get("perDay"),
        "maximum_interval": reviews.get("maxIvl"),
        "minimum_interval": lapses.get("minInt"),
        # 1 is by position there.
        "insert_order": None if new.get("order") is None else int(new["order"] != 1),
        "leech_action": lapses.get("leechAction"),
        "leech_threshold": lapses.get("leechFails"),
        "is_silent": preset.get("autoplay") is False,
        "answer_time": preset.get("maxTaken"),
        "has_timer": preset.get("timer"),
        "mix": preset.get("newMix"),
        "learning_mix": preset.get("interdayLearningMix"),
        "sort_order": preset.get("newSortOrder"),
        "order": preset.get("reviewOrder"),
        "gather_order": preset.get("newGatherPriority"),
    }
    known = {
        name: number for name, given in numbers.items() if (number := _whole(given)) is not None
    }
    easy = preset.get("easyDaysPercentages")
    return _options(known, new.get("delays"), lapses.get("delays"), easy)


def from_message(data: bytes) -> Options:
    """Return the options of a preset of the newer schema. Raises BadMessage."""
    given: dict[int, int] = {}
    lists = dict.fromkeys((_LEARNING, _RELEARNING, _EASY_DAYS), b"")
    for number, value in protobuf.fields(data):
        if isinstance(value, int):
            given[number] = value
        elif number in lists:
            # Packed into one value, or one value each.
            lists[number] += value
    if _NUMBERS["maximum_interval"] not in given:
        # Each whole preset has one; of another, 0 and what is not said look the same.
        return Options()
    known = {name: given.get(number, 0) for name, number in _NUMBERS.items()}
    steps, again, easy = (list(_floats(each)) for each in lists.values())
    return _options(known, steps, again, easy)


def _options(known: Mapping[str, int], learning: Any, relearning: Any, easy: Any) -> Options:
    own: dict[str, Any] = {}
    unknown = []
    for name, given in (
        ("learning_steps_seconds", learning),
        ("relearning_steps_seconds", relearning),
    ):
        steps = _steps(given)
        if steps is not None:
            kept = [each for each in steps if each <= _STEP_MOST_SECONDS]
            own[name] = kept[:STEPS_MOST]
            if any(each >= _DAY_SECONDS for each in steps):
                unknown.append(LONG_STEPS)
    for name, option, least, most in (
        ("new_per_day", "new_per_day", 0, _LIMIT_MOST),
        ("reviews_per_day", "reviews_per_day", 0, _LIMIT_MOST),
        ("maximum_interval_days", "maximum_interval", 1, _INTERVAL_MOST),
    ):
        if option in known:
            own[name] = min(max(known[option], least), most)
    common: dict[str, Any] = {}
    order = known.get("order", 0)
    if order in _ORDERS:
        common["order"] = _ORDERS[order].value
    elif order not in _DEFAULT_ORDERS:
        unknown.append(OTHER_ORDER)
    if known.get("is_silent"):
        common["play_sounds"] = False
    if known.get("mix", 0) in _MIXES:
        common["new_cards"] = _MIXES[known["mix"]].value
    if days := _easy_days(easy):
        common["easy_days"] = days
    unknown += [
        what
        for what, names in _UNKNOWN.items()
        if any(known.get(name, _DEFAULTS.get(name, 0)) != _DEFAULTS.get(name, 0) for name in names)
    ]
    return Options(own, common, tuple(dict.fromkeys(unknown)))


def _steps(minutes: Any) -> list[int] | None:
    """Return steps in seconds, one at least; None for what are none."""
    if not isinstance(minutes, Sequence) or isinstance(minutes, str):
        return None
    numbers = [_number(each) for each in minutes]
    if any(each is None or each < 0 for each in numbers):
        return None
    return [max(1, round(each * 60)) for each in numbers if each is not None]


def _easy_days(shares: Any) -> list[int]:
    """Return percentages, Monday first; none where all days are normal or none is left."""
    if not isinstance(shares, Sequence) or len(shares) != _WEEK:
        return []
    numbers = [_number(each) for each in shares]
    if any(each is None or not 0 <= each <= 1 for each in numbers):
        return []
    # Anki has normal, reduced and minimum days as well, whatever the number between.
    percents = [100 if each == 1 else 0 if not each else 50 for each in numbers]
    return percents if any(percents) and set(percents) != {100} else []


def _number(value: Any) -> float | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < 1e9 and math.isfinite(value) else None


def _whole(value: Any) -> int | None:
    """Return a number or a switch as a whole number; None for what is none."""
    number = _number(int(value) if isinstance(value, bool) else value)
    return None if number is None else int(number)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _floats(packed: bytes) -> Iterator[float]:
    whole = len(packed) // 4
    for number in struct.unpack(f"<{whole}f", packed[: whole * 4]):
        # Stored with the precision of 32 bits.
        yield round(number, 4)
