"""Generated histories: rows of a review log as ours are, and as no sane program writes them."""

import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from flashcards.domain.answer_codes import KINDS
from flashcards.domain.records import LogKind, Rating, ReviewLog, State

# Offsets of half and of three quarters of an hour, clocks that change by half an hour, at midnight,
# across the line of dates, or in a year when others do not.
ZONES = (
    *("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu"),
    *("America/St_Johns", "Australia/Lord_Howe", "America/Havana", "Africa/Casablanca"),
    *("Pacific/Apia", "Pacific/Chatham", "America/Santiago", "Atlantic/Azores"),
)
# An evening after a night in which clocks changed in Europe, and one in America.
NOWS = (
    datetime(2026, 3, 29, 21, 7, tzinfo=UTC),
    datetime(2026, 11, 1, 20, 50, tzinfo=UTC),
    datetime(2026, 7, 14, 3, 59, tzinfo=UTC),
)
_DAYS = st.one_of(st.none(), st.sampled_from([0.0, 0.999, 1.0, 5.0, 20.0, 21.0, 400.0]))


@st.composite
def answers(draw: st.DrawFn, now: datetime = NOWS[0]) -> ReviewLog:
    """Return an answer from two years before a moment to some days after it."""
    minutes = draw(
        st.one_of(st.integers(-5 * 24 * 60, 3 * 24 * 60), st.integers(-700 * 24 * 60, 0))
    )
    return ReviewLog(
        id=draw(st.uuids(version=4)),
        owner_id=uuid.UUID(int=1),
        flashcard_id=uuid.UUID(int=2),
        sequence=0,
        kind=draw(st.sampled_from(KINDS)),
        rating=draw(st.sampled_from(Rating)),
        reviewed_at=now + timedelta(minutes=minutes, seconds=draw(st.integers(0, 59))),
        duration_ms=draw(st.integers(0, 60_000)),
        elapsed_days=draw(_DAYS),
        state_before=draw(st.sampled_from([State.REVIEW, *State])),
        stability_before=draw(_DAYS),
        state_after=State.REVIEW,
    )


def undo_of(log: ReviewLog, at: datetime) -> ReviewLog:
    """Return the row that takes an answer back."""
    return ReviewLog(
        id=uuid.uuid5(log.id, "undo"),
        owner_id=log.owner_id,
        flashcard_id=log.flashcard_id,
        sequence=0,
        kind=LogKind.UNDO,
        reviewed_at=at,
        undoes=log.id,
        state_before=log.state_after,
        state_after=log.state_before,
    )
