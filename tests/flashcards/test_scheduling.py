"""FSRS as MemoryLoop uses it: golden intervals, fuzz that a replay repeats, state = fold(log)."""

import dataclasses
import itertools
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashcards import scheduling
from flashcards.records import Flashcard, LogKind, Rating, ReviewLog, State
from flashcards.scheduling import ScheduleSettings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLAIN = ScheduleSettings(fuzz=False)


def new_card() -> Flashcard:
    return Flashcard(
        id=uuid.UUID(int=7),
        owner_id=uuid.UUID(int=1),
        note_id=uuid.UUID(int=2),
        question="When did the Great Fire of London begin?",
        answer="2 September 1666",
        due=NOW,
        created_at=NOW,
        edited_at=NOW,
    )


def rate(
    card: Flashcard, rating: int, now: datetime, settings: ScheduleSettings = PLAIN
) -> tuple[Flashcard, ReviewLog]:
    return scheduling.review(card, Rating(rating), now, review_id=uuid.uuid4(), settings=settings)


@pytest.mark.parametrize(
    ("rating", "stability", "difficulty"),
    [(1, 0.212, 6.4133), (2, 1.2931, 5.112171), (3, 2.3065, 2.118104), (4, 8.2956, 1.0)],
)
def test_the_first_review_gives_the_published_state(
    rating: int, stability: float, difficulty: float
) -> None:
    card, _ = rate(new_card(), rating, NOW)
    assert card.stability == pytest.approx(stability, abs=1e-6)
    assert card.difficulty == pytest.approx(difficulty, abs=1e-6)


def test_a_sequence_of_reviews_gives_the_published_state() -> None:
    card, now = new_card(), NOW
    for rating, gap in zip((1, 3, 3, 3, 3, 3), (0, 0, 1, 3, 8, 21), strict=True):
        now += timedelta(days=gap)
        card, _ = rate(card, rating, now)
    assert card.stability == pytest.approx(53.62691, abs=1e-4)
    assert card.difficulty == pytest.approx(6.3574867, abs=1e-6)


def test_reviewed_when_due_the_intervals_are_the_published_ones() -> None:
    card, now, days = new_card(), NOW, []
    for rating in [3] * 6 + [1] * 2 + [3] * 5:
        card, _ = rate(card, rating, now)
        days.append((card.due - now).days)
        now = card.due
    assert days == [0, 2, 11, 46, 163, 498, 0, 0, 2, 4, 7, 12, 21]


def test_fuzz_stays_in_its_bands_and_leaves_short_intervals_alone() -> None:
    assert scheduling.fuzz_range(2, 36_500) == (2, 2)
    assert scheduling.fuzz_range(5, 36_500) == (4, 6)
    assert scheduling.fuzz_range(10, 36_500) == (8, 12)
    assert scheduling.fuzz_range(100, 36_500) == (93, 107)
    assert scheduling.fuzz_range(100, 100) == (93, 100)


def test_the_preview_is_what_the_rating_then_gives() -> None:
    card, now = new_card(), NOW
    for _ in range(4):
        previews = scheduling.preview(card, now=now)
        for rating, interval in previews.items():
            after, _ = scheduling.review(card, rating, now, review_id=uuid.uuid4())
            assert after.due - now == interval
        card, _ = scheduling.review(card, Rating.GOOD, now, review_id=uuid.uuid4())
        now = card.due


def test_again_on_a_review_card_is_a_lapse_and_on_a_learning_card_is_not() -> None:
    card, _ = rate(new_card(), 1, NOW)
    assert (card.state, card.lapses) == (State.LEARNING, 0)
    card, _ = rate(card, 4, NOW + timedelta(minutes=1))
    card, log = rate(card, 1, card.due)
    assert (card.state, card.lapses, log.kind) == (State.RELEARNING, 1, LogKind.REVIEW)


def test_retrievability_is_nine_tenths_after_one_stability() -> None:
    card, _ = rate(new_card(), 4, NOW)
    assert card.stability is not None
    later = NOW + timedelta(days=card.stability)
    assert scheduling.retrievability(card, later) == pytest.approx(0.9)
    assert scheduling.retrievability(new_card(), NOW) is None


def test_a_long_absence_from_the_desk_counts_a_minute() -> None:
    _, log = scheduling.review(
        new_card(), Rating.GOOD, NOW, review_id=uuid.uuid4(), duration_ms=3_600_000
    )
    assert log.duration_ms == 60_000


def test_an_undo_without_a_review_is_refused() -> None:
    with pytest.raises(ValueError, match="no review"):
        scheduling.undo(new_card(), [], NOW, undo_id=uuid.uuid4())


def test_a_late_review_takes_its_place_in_history() -> None:
    on_time, late = new_card(), new_card()
    for day, rating in ((0, 3), (1, 4), (9, 3)):
        on_time, _ = rate(on_time, rating, NOW + timedelta(days=day))
    logs = []
    for day, rating in ((0, 3), (9, 3)):
        late, log = rate(late, rating, NOW + timedelta(days=day))
        logs.append(log)
    late, log = scheduling.review_late(
        late,
        logs,
        Rating.EASY,
        NOW + timedelta(days=1),
        review_id=uuid.uuid4(),
        settings=PLAIN,
    )
    assert late == on_time
    assert (log.sequence, log.elapsed_days, log.state_before) == (2, 1.0, State.LEARNING)


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([1, 2, 3, 4]), st.integers(-60 * 24 * 40, 60 * 24 * 400)),
        st.just("undo"),
    ),
    max_size=25,
)


@given(ACTIONS)
def test_the_state_is_the_fold_of_the_log(actions: list[object]) -> None:
    card, logs, now = new_card(), list[ReviewLog](), NOW
    ids = (uuid.UUID(int=n) for n in itertools.count(1))
    for action in actions:
        if isinstance(action, tuple) and action[1] < 0 and card.last_review:
            late = card.last_review + timedelta(minutes=action[1])
            card, log = scheduling.review_late(
                card, logs, Rating(action[0]), late, review_id=next(ids)
            )
        elif isinstance(action, tuple):
            now += timedelta(minutes=abs(action[1]))
            card, log = scheduling.review(card, Rating(action[0]), now, review_id=next(ids))
        elif scheduling.effective(logs):
            now += timedelta(seconds=1)
            card, log = scheduling.undo(card, logs, now, undo_id=next(ids))
        else:
            continue
        assert log.sequence == len(logs)
        logs.append(log)
        assert scheduling.fold(card, reversed(logs)) == card


@given(st.lists(st.sampled_from([1, 2, 3, 4]), min_size=1, max_size=10))
def test_undoing_everything_gives_the_card_as_it_was_made(ratings: list[int]) -> None:
    card, logs, now = new_card(), list[ReviewLog](), NOW
    for rating in ratings:
        card, log = rate(card, rating, now, scheduling.DEFAULT_SETTINGS)
        logs.append(log)
        now = card.due
    for _ in ratings:
        card, log = scheduling.undo(card, logs, now, undo_id=uuid.uuid4())
        logs.append(log)
    assert dataclasses.replace(card, sequence=0) == new_card()
    assert card.sequence == len(logs)
