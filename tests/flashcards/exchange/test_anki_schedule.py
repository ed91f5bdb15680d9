"""Anki's schedule becomes rows of our log, and the card is their fold."""

import dataclasses
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashcards import scheduling
from flashcards.domain.records import Flashcard, LogKind, Rating, ReviewLog, State
from flashcards.domain.study_day import Day, zone_named
from flashcards.exchange.anki.records import Card, Review
from flashcards.exchange.anki.schedule import Calendar, drop_schedule, import_schedule
from flashcards.scheduling import ScheduleSettings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIRST = datetime(2026, 1, 10, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
SETTINGS = ScheduleSettings(day=Day(zone_named("Europe/Berlin")))
FITTED = (
    *(p * 1.01 for p in scheduling.DEFAULT_PARAMETERS[:4]),
    *scheduling.DEFAULT_PARAMETERS[4:],
)
CALENDAR = Calendar(date(2026, 1, 1), SETTINGS, NOW)
OURS = Flashcard(
    id=uuid.UUID(int=1),
    owner_id=uuid.UUID(int=2),
    note_id=uuid.UUID(int=3),
    question="?",
    due=FIRST,
    created_at=FIRST,
    edited_at=FIRST,
)


def card(**values: Any) -> Card:
    known: dict[str, Any] = {
        "id": 1, "note_id": 1, "deck_id": 1, "ordinal": 0, "type": 0, "queue": 0, "due": 0,
        "interval": 0, "factor": 0, "flag": 0, "data": "", "reps": 0, "lapses": 0,
    }  # fmt: skip
    return Card(**{**known, **values})


def review(
    at: datetime, ease: int, interval: int, last: int = 0, factor: int = 2500, kind: int = 1
) -> Review:
    return Review(round(at.timestamp() * 1000), ease, interval, last, factor, 4_000, kind)


HISTORY = [
    review(FIRST, 3, -600, -60, 0, 0),
    review(FIRST + timedelta(minutes=10), 3, 3, -600, 2500, 0),
    review(FIRST + 3 * DAY, 3, 8, 3),
    review(FIRST + 11 * DAY, 1, -600, 8),
    review(FIRST + 11 * DAY + timedelta(minutes=10), 3, 4, -600, 2300, 2),
]


def take(
    theirs: Card, reviews: list[Review], calendar: Calendar = CALENDAR
) -> tuple[Flashcard, list[ReviewLog]]:
    made, logs = import_schedule(OURS, theirs, reviews, calendar)
    # The invariant of the whole house.
    assert scheduling.fold(made, logs, settings=calendar.settings) == made
    assert [log.sequence for log in logs] == list(range(len(logs)))
    assert len({log.id for log in logs}) == len(logs)
    return made, logs


def test_every_rating_keeps_its_time_its_interval_and_its_state() -> None:
    made, logs = take(card(type=2, queue=2, due=24, interval=4), HISTORY)
    assert [log.rating for log in logs] == [3, 3, 3, 1, 3]
    assert [log.kind for log in logs] == ["learn", "learn", "review", "review", "relearn"]
    assert [log.elapsed_days for log in logs] == [None, 0, 3, 8, 0]
    assert [round(log.scheduled_days, 3) for log in logs] == [0.007, 3, 8, 0.007, 4]
    assert [log.reviewed_at.timestamp() * 1000 for log in logs] == [r.id for r in HISTORY]
    assert all(log.duration_ms == 4_000 for log in logs)
    assert (made.state, made.reps, made.lapses) == (State.REVIEW, 5, 1)
    assert made.due == FIRST + 15 * DAY + timedelta(minutes=10)


def test_it_is_the_schedule_that_reviewing_here_would_have_given() -> None:
    ours = OURS
    for each in HISTORY:
        at = datetime.fromtimestamp(each.id / 1000, UTC)
        ours, _ = scheduling.review(
            ours, Rating(each.ease), at, review_id=uuid.uuid4(), settings=SETTINGS
        )
    made, _ = take(card(type=2, queue=2, due=24, interval=4), HISTORY)
    for name in ("stability", "difficulty", "reps", "lapses", "last_review", "state"):
        assert getattr(made, name) == getattr(ours, name), name


def test_another_due_day_is_a_row_of_its_own() -> None:
    made, logs = take(card(type=2, queue=2, due=80, interval=4), HISTORY)
    assert (logs[-1].kind, logs[-1].rating) == (LogKind.MANUAL, None)
    assert SETTINGS.day.of(made.due) == date(2026, 1, 1) + 80 * DAY
    assert made.reps == 5


def test_days_are_counted_across_a_change_of_the_clocks() -> None:
    # Berlin leaves summer time on 25 October: 04:05 there is another hour of UTC after it.
    first = datetime(2025, 10, 17, 2, 5, tzinfo=UTC)
    reviews = [review(first, 4, 16, 0, 150, 0)]
    made, logs = take(card(type=2, queue=2, due=-60, interval=16), reviews)
    assert len(logs) == 1
    assert made.due == datetime(2025, 11, 2, 3, 5, tzinfo=UTC)


def test_a_forgotten_card_is_new_and_its_history_stays() -> None:
    made, logs = take(card(type=0), HISTORY)
    assert (made.state, made.stability, len(logs)) == (State.NEW, None, 6)
    assert scheduling.is_reset(logs[-1])
    said = review(FIRST + 12 * DAY, 0, 0, 0, 0, 4)
    made, logs = take(card(type=0), [*HISTORY, said])
    assert (made.state, len(logs)) == (State.NEW, 6)


def test_a_card_without_history_has_the_memory_that_ankis_fsrs_gave_it() -> None:
    reviewed = round((FIRST + 2 * DAY).timestamp())
    data = f'{{"s": 31.5, "d": 6.25, "dr": 0.9, "lrt": {reviewed}}}'
    made, logs = take(card(type=2, queue=2, due=50, interval=31, data=data), [])
    assert (made.stability, made.difficulty, made.reps) == (31.5, 6.25, 1)
    assert made.last_review == FIRST + 2 * DAY
    assert SETTINGS.day.of(made.due) == date(2026, 1, 1) + 50 * DAY
    assert (len(logs), logs[0].kind, scheduling.is_given(logs[0])) == (1, LogKind.MANUAL, True)
    # And from there on it is reviewed like any other.
    at = made.due + timedelta(hours=1)
    after, row = scheduling.review(made, Rating.GOOD, at, review_id=uuid.uuid4(), settings=SETTINGS)
    assert (after.stability or 0) > 31.5
    assert scheduling.fold(after, [*logs, row], settings=SETTINGS) == after
    undone, rows = scheduling.undo(after, [*logs, row], at, undo_id=uuid.uuid4(), settings=SETTINGS)
    assert dataclasses.replace(undone, sequence=1) == made
    assert len(rows) == 1
    late, rows = scheduling.review_late(
        after, [*logs, row], Rating.GOOD, at - 5 * DAY, review_id=uuid.uuid4(), settings=SETTINGS
    )
    assert (late.reps, len(rows)) == (3, 2)


def test_without_fsrs_it_is_the_interval_and_the_ease() -> None:
    easy, _ = take(card(type=2, queue=2, due=50, interval=30, factor=2800), [])
    hard, _ = take(card(type=2, queue=2, due=50, interval=30, factor=1300), [])
    assert easy.stability == hard.stability == 30
    assert (easy.difficulty or 0) < (hard.difficulty or 0)
    # FSRS's own Good answer lengthens that interval by that ease.
    memory = SETTINGS.model.from_sm2(2.5, 30)
    assert 1 < memory.difficulty < 10
    after = SETTINGS.model.next(memory, Rating.GOOD, 30)
    assert after.stability / 30 == pytest.approx(2.5, rel=0.01)


def test_a_history_that_begins_in_the_middle_begins_with_a_memory() -> None:
    made, logs = take(card(type=2, queue=2, due=24, interval=4), HISTORY[2:])
    assert scheduling.is_given(logs[0])
    assert logs[0].stability_after == 3
    assert logs[0].reviewed_at == FIRST
    assert (made.reps, made.lapses) == (4, 1)


@pytest.mark.parametrize("reviews", [[], HISTORY[2:], HISTORY[3:]])
def test_repetitions_and_lapses_without_rows_are_kept(reviews: list[Review]) -> None:
    theirs = card(type=2, queue=2, due=24, interval=4, factor=2300, reps=9, lapses=4)
    made, logs = take(theirs, reviews)
    assert (made.reps, made.lapses) == (9, 4)
    # Through reviews, an undo, a late review, other parameters and another due date.
    at = made.due + timedelta(hours=1)
    after, row = scheduling.review(
        made, Rating.AGAIN, at, review_id=uuid.uuid4(), settings=SETTINGS
    )
    assert (after.reps, after.lapses) == (10, 5)
    logs = [*logs, row]
    assert scheduling.fold(after, logs, settings=SETTINGS) == after
    late, rows = scheduling.review_late(
        after, logs, Rating.GOOD, at - DAY, review_id=uuid.uuid4(), settings=SETTINGS
    )
    assert (late.reps, scheduling.fold(late, [*logs, *rows], settings=SETTINGS)) == (11, late)
    undone, _ = scheduling.undo(after, logs, at, undo_id=uuid.uuid4(), settings=SETTINGS)
    assert (undone.reps, undone.lapses) == (9, 4)
    fitted = dataclasses.replace(SETTINGS, parameters=FITTED)
    assert (scheduling.fold(after, logs, settings=fitted).lapses) == 5
    moved, _ = scheduling.reschedule(
        made, logs[:-1], at, row_id=uuid.uuid4(), settings=dataclasses.replace(fitted, fuzz=False)
    )
    assert (moved.reps, moved.lapses) == (9, 4)


def test_given_rows_of_an_earlier_version_stand_for_one_review() -> None:
    theirs = card(type=2, queue=2, due=24, interval=4, reps=9, lapses=4)
    made, (row,) = take(theirs, [])
    old = dataclasses.replace(row, stability_before=None, difficulty_before=None)
    folded = scheduling.fold(made, [old], settings=SETTINGS)
    assert (folded.reps, folded.lapses, folded.stability) == (1, 0, made.stability)


def test_the_memory_is_the_one_that_ankis_fsrs_has() -> None:
    """Whatever parameters it was computed with, until the first review here and from then on."""
    data = '{"s": 31.5123, "d": 6.251, "dr": 0.9, "decay": 0.2}'
    theirs = card(type=2, queue=2, due=50, interval=4, data=data)
    made, logs = take(theirs, HISTORY)
    assert (made.stability, made.difficulty, made.reps, made.lapses) == (31.5123, 6.251, 5, 1)
    assert SETTINGS.day.of(made.due) == date(2026, 1, 1) + 50 * DAY
    assert [log.rating for log in logs] == [3, 3, 3, 1, 3, None]
    after, row = scheduling.review(
        made, Rating.GOOD, made.due, review_id=uuid.uuid4(), settings=SETTINGS
    )
    assert (after.stability or 0) > 31.5123
    assert scheduling.fold(after, [*logs, row], settings=SETTINGS) == after
    # The same memory needs no row: the replay of the reviews gives it.
    replayed, _ = take(card(type=2, queue=2, due=24, interval=4), HISTORY)
    data = f'{{"s": {replayed.stability:.4f}, "d": {replayed.difficulty:.3f}}}'
    assert take(card(type=2, queue=2, due=24, interval=4, data=data), HISTORY)[0] == replayed


def test_suspended_buried_flagged_and_begun_anew() -> None:
    theirs = card(type=2, queue=-1, due=24, interval=4, flag=2)
    made, _ = take(theirs, HISTORY)
    assert (made.suspended, made.flag, made.state) == (True, 2, State.REVIEW)
    made, _ = take(card(type=2, queue=-3, due=24, interval=4), HISTORY)
    assert made.buried_until == SETTINGS.day.start(NOW, days=1)
    made = drop_schedule(OURS, theirs, CALENDAR)
    assert (made.suspended, made.flag, made.state) == (True, 2, State.NEW)


def test_learning_cards_come_at_their_minute_and_practice_counts_for_nothing() -> None:
    soon = round((FIRST + timedelta(minutes=17)).timestamp())
    made, _ = take(card(type=1, queue=1, due=soon), HISTORY[:1])
    assert (made.state, made.step) == (State.LEARNING, 1)
    assert made.due == FIRST + timedelta(minutes=17)
    practice = review(FIRST + 12 * DAY, 1, 4, 4, 0, 3)
    made, logs = take(card(type=2, queue=2, due=24, interval=4), [*HISTORY, practice])
    assert (logs[-1].kind, made.reps, made.lapses) == (LogKind.CRAM, 5, 1)


def test_the_three_answers_of_the_first_scheduler_are_the_four_of_today() -> None:
    old = dataclasses.replace(CALENDAR, first_scheduler=True)
    _, logs = take(card(type=1, queue=1, due=round(NOW.timestamp())), [HISTORY[0]], old)
    assert logs[0].rating is Rating.EASY


moments = st.integers(-(2**40), 2**45)
rows = st.builds(
    Review,
    moments,
    st.integers(-1, 6),
    st.integers(-90_000, 40_000),
    st.integers(-90_000, 40_000),
    st.sampled_from([0, 100, 550, 1100, 1300, 2500, -7, 10**9]),
    st.integers(-5, 10**9),
    st.integers(-1, 7),
)
cards = st.builds(
    card,
    type=st.integers(-1, 5),
    queue=st.integers(-4, 5),
    due=st.one_of(st.integers(-(2**62), 2**62), st.integers(0, 400)),
    interval=st.integers(-(2**40), 2**40),
    factor=st.integers(-(2**40), 2**40),
    flag=st.integers(0, 7),
    reps=st.integers(-3, 2**40),
    lapses=st.integers(-3, 2**40),
    data=st.sampled_from(["", "{", '{"s":1,"d":5}', '{"s":"x"}', '{"s":9e9,"d":5}', "{}", "[]"]),
)


@given(cards, st.lists(rows, max_size=8))
def test_whatever_a_package_says_the_card_is_the_fold_of_its_log(
    theirs: Card, reviews: list[Review]
) -> None:
    take(theirs, sorted(reviews, key=lambda each: each.id))


@given(cards, st.lists(rows, max_size=6), st.booleans())
def test_what_a_card_counts_is_what_the_package_counts(
    theirs: Card, reviews: list[Review], with_log: bool
) -> None:
    """Of a card whose log is incomplete: no repetition and no lapse is lost."""
    history = sorted(reviews, key=lambda each: each.id) if with_log else []
    made, logs = take(theirs, history)
    if made.state is State.NEW or any(map(scheduling.is_reset, logs)):
        return
    if not history or scheduling.is_given(logs[0]):
        assert made.reps >= min(theirs.reps, 1_000_000)
        assert made.lapses >= min(theirs.lapses, 1_000_000)


def test_a_card_that_the_first_scheduler_relearns_is_so_here() -> None:
    # Its kind is that of reviews; later schedulers have one of its own.
    lapsed = [*HISTORY[:3], review(FIRST + 11 * DAY, 1, -600, 8)]
    later = FIRST + 11 * DAY + timedelta(minutes=10)
    for queue, due in ((1, round(later.timestamp())), (3, 22)):
        made, _ = take(card(type=2, queue=queue, due=due, interval=4), lapsed)
        assert (made.state, made.reps, made.lapses) == (State.RELEARNING, 4, 1)
        assert made.due == (later if queue == 1 else FIRST + 13 * DAY)
