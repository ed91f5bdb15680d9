"""The scheduler: when a card comes back, from its ratings and their times."""

from flashcards.scheduling.fsrs_adapter import (
    Memory,
    Outcome,
    from_sm2,
    interval_days,
    outcomes,
    remembered,
)
from flashcards.scheduling.fuzz import EMPTY, Agenda, fuzz_range
from flashcards.scheduling.manual_entries import (
    due_row,
    is_given,
    is_reset,
    reset_row,
    since_reset,
    undo_row,
)
from flashcards.scheduling.replay import as_new, effective, governing, standing
from flashcards.scheduling.scheduler import (
    cram,
    fold,
    preview,
    reschedule,
    retrievability,
    review,
    review_late,
    undo,
)
from flashcards.scheduling.settings import DEFAULT_PARAMETERS, DEFAULT_SETTINGS, ScheduleSettings

__all__ = [
    "DEFAULT_PARAMETERS",
    "DEFAULT_SETTINGS",
    "EMPTY",
    "Agenda",
    "Memory",
    "Outcome",
    "ScheduleSettings",
    "as_new",
    "cram",
    "due_row",
    "effective",
    "fold",
    "from_sm2",
    "fuzz_range",
    "governing",
    "interval_days",
    "is_given",
    "is_reset",
    "outcomes",
    "preview",
    "remembered",
    "reschedule",
    "reset_row",
    "retrievability",
    "review",
    "review_late",
    "since_reset",
    "standing",
    "undo",
    "undo_row",
]
