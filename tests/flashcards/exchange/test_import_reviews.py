"""Whatever a later package has of a card, and whatever was reviewed here: nothing is lost."""

import dataclasses
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from flashcards import scheduling
from flashcards.domain.records import Flashcard, LogKind, Rating, ReviewLog, State
from flashcards.exchange import import_reviews
from flashcards.exchange.anki.records import Card, Review
from flashcards.exchange.anki.schedule import Calendar, import_schedule
from tests.flashcards.exchange.test_anki_schedule import CALENDAR, OURS, SETTINGS, card

DAY = timedelta(days=1)
NOW = CALENDAR.now
FIRST = datetime(2026, 1, 3, 9, tzinfo=UTC)
# (hours since the first, ease, interval, kind): learning, reviews, resets and due dates.
reviews = st.lists(
    st.tuples(
        st.integers(0, 1_300),
        st.integers(0, 4),
        st.sampled_from([-600, 0, 1, 3, 12]),
        st.sampled_from([0, 1, 1, 2, 3, 4]),
    ),
    max_size=6,
    unique_by=lambda each: each[0],
)
here = st.lists(
    st.tuples(st.integers(0, 1_300), st.sampled_from(["again", "good", "undo", "reset", "cram"])),
    max_size=3,
)
theirs = st.builds(
    card,
    type=st.sampled_from([0, 1, 2, 2, 2, 3]),
    due=st.integers(1, 120),
    interval=st.integers(1, 60),
    reps=st.integers(0, 20),
    lapses=st.integers(0, 5),
    data=st.sampled_from(["", '{"s": 12.5, "d": 6.25}']),
)


def rows(given_reviews: list[tuple[int, int, int, int]]) -> list[Review]:
    return [
        Review(round((FIRST + timedelta(hours=hour)).timestamp() * 1000), ease, interval, 1, 2500,
               4_000, kind)
        for hour, ease, interval, kind in sorted(given_reviews)
    ]  # fmt: skip


def act(
    ours: Flashcard, logs: list[ReviewLog], hour: int, what: str
) -> tuple[Flashcard, list[ReviewLog]]:
    """Return a card after something that was done here, and its log."""
    # At another minute than those of the package, and not before what was done last.
    at = FIRST + timedelta(hours=hour, minutes=30)
    at = max([at, *(log.reviewed_at + timedelta(minutes=1) for log in logs)])
    if what == "undo":
        if not scheduling.effective(logs):
            return ours, logs
        after, added = scheduling.undo(ours, logs, at, undo_id=uuid.uuid4(), settings=SETTINGS)
        return after, [*logs, *added]
    if what == "reset":
        row = scheduling.reset_row(ours, at, log_id=uuid.uuid4())
        return scheduling.fold(ours, [*logs, row], settings=SETTINGS), [*logs, row]
    if what == "cram":
        after, row = scheduling.cram(ours, Rating.GOOD, at, review_id=uuid.uuid4())
        return after, [*logs, row]
    rating = Rating.AGAIN if what == "again" else Rating.GOOD
    after, row = scheduling.review(ours, rating, at, review_id=uuid.uuid4(), settings=SETTINGS)
    return after, [*logs, row]


def schedule_of(ours: Flashcard) -> dict[str, Any]:
    # A span of days has not every microsecond.
    names = ("state", "last_review", "reps", "lapses", "stability", "difficulty", "step")
    return {"due": round(ours.due.timestamp())} | {name: getattr(ours, name) for name in names}


def answers(logs: list[ReviewLog]) -> list[tuple[datetime, Rating | None]]:
    undone = {log.undoes for log in logs}
    return sorted(
        (log.reviewed_at, log.rating)
        for log in logs
        if log.rating is not None and log.id not in undone
    )


@settings(deadline=None)
@given(reviews, reviews, here, theirs, theirs, st.booleans())
def test_a_later_package(
    first: list[tuple[int, int, int, int]],
    more: list[tuple[int, int, int, int]],
    done: list[tuple[int, str]],
    before: Card,
    after: Card,
    is_changed: bool,
) -> None:
    ours, logs = import_schedule(OURS, before, rows(first), CALENDAR)
    for hour, what in sorted(done):
        ours, logs = act(ours, logs, hour, what)
    taken = {each[0] for each in first}
    later = rows([*first, *(each for each in more if each[0] not in taken)])

    def bring(ours: Flashcard, logs: list[ReviewLog]) -> import_reviews.Brought:
        return import_reviews.bring(ours, logs, after, later, CALENDAR, is_changed=is_changed)

    brought = bring(ours, logs)
    both = [*logs, *brought.rows]
    # A card is the fold of its log, whose positions and ids are each there once.
    assert scheduling.fold(brought.card, both, settings=SETTINGS) == brought.card
    assert [log.sequence for log in both] == list(range(len(both)))
    assert len({log.id for log in both}) == len(both)
    # No answer of either side is lost, and none is there twice.
    there = answers(both)
    known = {at for at, _ in answers(logs)}
    assert known <= {at for at, _ in there}
    assert len({at for at, _ in there} - known) == len(there) - len(answers(logs))
    _, whole = import_schedule(OURS, after, later, CALENDAR)
    undone = {log.undoes for log in logs if log.undoes}
    taken_back = {log.reviewed_at for log in logs if log.id in undone}
    assert {at for at, _ in answers(whole)} - taken_back <= {at for at, _ in there}

    # The same package again brings nothing.
    again = import_reviews.bring(brought.card, both, after, later, CALENDAR)
    assert not [row for row in again.rows if row.rating is not None]
    assert schedule_of(again.card) == schedule_of(brought.card)

    # The undo gives back what was, and after it the package brings the same.
    back, undo = import_reviews.take_back(
        brought.card, both, [row.id for row in brought.rows], NOW, SETTINGS
    )
    assert schedule_of(back) == schedule_of(scheduling.fold(ours, logs, settings=SETTINGS))
    rest = [*both, *undo]
    assert answers(rest) == answers(logs)
    once_more = bring(back, rest)
    assert schedule_of(once_more.card) == schedule_of(brought.card)
    assert answers([*rest, *once_more.rows]) == there


def test_reviews_that_an_export_has_moved_by_milliseconds_are_known() -> None:
    """A package has each millisecond once, over all of its cards."""
    at = FIRST + timedelta(microseconds=400)
    ours, row = scheduling.review(OURS, Rating.GOOD, at, review_id=uuid.uuid4(), settings=SETTINGS)
    for moved in (0, 1, 7, 300):
        number = round(FIRST.timestamp() * 1000) + moved
        later = [Review(number, 3, -600, 0, 0, 4_000, 0)]
        learning = card(type=1, due=round((FIRST + DAY).timestamp()))
        assert import_reviews.bring(ours, [row], learning, later, CALENDAR).rows == []


def test_what_is_learnt_elsewhere_counts_from_its_own_day() -> None:
    calendar = Calendar(CALENDAR.day_zero, SETTINGS, NOW)
    ours, first = scheduling.review(
        OURS, Rating.EASY, FIRST, review_id=uuid.uuid4(), settings=SETTINGS
    )
    ours, last = scheduling.review(
        ours, Rating.GOOD, FIRST + 20 * DAY, review_id=uuid.uuid4(), settings=SETTINGS
    )
    between = rows([(24 * 9, 3, 12, 1)])
    brought = import_reviews.bring(ours, [first, last], card(type=2, due=60), between, calendar)
    (row, due) = brought.rows
    assert (row.elapsed_days, due.kind, brought.card.state) == (9.0, LogKind.MANUAL, State.REVIEW)
    # As if all three had been made here, in their order.
    expected = OURS
    for days, rating in ((0, Rating.EASY), (9, Rating.GOOD), (20, Rating.GOOD)):
        expected, _ = scheduling.review(
            expected, rating, FIRST + days * DAY, review_id=uuid.uuid4(), settings=SETTINGS
        )
    assert dataclasses.replace(brought.card, sequence=0) == dataclasses.replace(
        expected, sequence=0
    )
