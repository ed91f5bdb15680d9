"""Memory states of Anki's cards: FSRS's own, or those of an interval and an ease."""

import json
from datetime import UTC, datetime

from flashcards.scheduling import Memory, ScheduleSettings

# A lower ease is FSRS's difficulty, which Anki writes into the same field.
_DIFFICULTY_UNTIL = 1_100
_EASE = 2.5
# Anki rounds the stability of a card to four places and its difficulty to three.
_ROUNDED = 0.001


def is_same(one: Memory[float], other: Memory[float]) -> bool:
    """Tell whether two memories are the same, up to what Anki rounds."""
    return (
        abs(one.stability - other.stability) <= _ROUNDED * max(1.0, other.stability)
        and abs(one.difficulty - other.difficulty) <= 2 * _ROUNDED
    )


def from_sm2(factor: int, interval: float, settings: ScheduleSettings) -> Memory[float]:
    """Return the memory state of an interval and an ease factor."""
    if 100 <= factor <= _DIFFICULTY_UNTIL:
        difficulty = 1 + (factor / 1000 - 0.1) * 9
        return settings.model.from_summary(max(float(interval), 0.1), difficulty)
    ease = factor / 1000 if factor > _DIFFICULTY_UNTIL else _EASE
    return settings.model.from_sm2(min(ease, 10.0), float(interval))


def from_fsrs(
    data: str, settings: ScheduleSettings
) -> tuple[Memory[float], datetime | None] | None:
    """Return the memory state that Anki's FSRS has stored on a card, and its last review."""
    try:
        found = json.loads(data) if data.startswith("{") else {}
        stability, difficulty = float(found["s"]), float(found["d"])
        reviewed = int(found.get("lrt") or 0)
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return None
    if not (0 < stability < 1e6 and 1 <= difficulty <= 10):
        return None
    last = datetime.fromtimestamp(reviewed, UTC) if 0 < reviewed < 2**33 else None
    return settings.model.from_summary(stability, difficulty), last
