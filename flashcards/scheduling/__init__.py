"""The scheduler: when a card comes back, from its ratings and their times."""

from flashcards.scheduling import anki_values
from flashcards.scheduling.fsrs_adapter import DEFAULT_PARAMETERS
from flashcards.scheduling.fuzz import Agenda, fuzz_range
from flashcards.scheduling.manual_entries import (
    due_row,
    given_counts,
    given_row,
    is_given,
    is_reset,
    reset_row,
    since_reset,
    undo_row,
    with_given_counts,
)
from flashcards.scheduling.memory_model import Memory, memory_fields
from flashcards.scheduling.outcomes import interval_days
from flashcards.scheduling.replay import after_each, as_new, effective, governing
from flashcards.scheduling.scheduler import (
    cram,
    days_until,
    fold,
    is_outdated,
    preview,
    put_into_past,
    reschedule,
    retrievability,
    review,
    review_late,
    undo,
    undo_newest,
)
from flashcards.scheduling.settings import DEFAULT_MODEL, DEFAULT_SETTINGS, ScheduleSettings

__all__ = [
    "DEFAULT_MODEL",
    "DEFAULT_PARAMETERS",
    "DEFAULT_SETTINGS",
    "Agenda",
    "Memory",
    "ScheduleSettings",
    "after_each",
    "anki_values",
    "as_new",
    "cram",
    "days_until",
    "due_row",
    "effective",
    "fold",
    "fuzz_range",
    "given_counts",
    "given_row",
    "governing",
    "interval_days",
    "is_given",
    "is_outdated",
    "is_reset",
    "memory_fields",
    "preview",
    "put_into_past",
    "reschedule",
    "reset_row",
    "retrievability",
    "review",
    "review_late",
    "since_reset",
    "undo",
    "undo_newest",
    "undo_row",
    "with_given_counts",
]
