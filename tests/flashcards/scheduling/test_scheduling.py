"""FSRS as MemoryLoop uses it: golden sequences, the learner's days, steps, fuzz and load."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashcards import scheduling
from flashcards.domain.records import Flashcard, LogKind, Rating, ReviewLog, State
from flashcards.domain.study_day import Day
from flashcards.scheduling import Agenda, ScheduleSettings

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


@pytest.mark.parametrize(
    ("last", "now", "days"),
    [
        # 23:00 and 05:00 by the clock of Berlin: six hours, and a night between.
        ("2026-03-10 22:00", "2026-03-11 04:00", 1),
        # 05:00 and 03:00 of the next calendar day: 22 hours, and still the same day.
        ("2026-03-10 04:00", "2026-03-11 02:00", 0),
        # Over the night on which the clocks go forward, 04:30 to 04:30 is 23 hours and a day.
        ("2026-03-28 03:30", "2026-03-29 02:30", 1),
        # And back: from 04:30 to 03:59 it is 24.5 hours, and the same day.
        ("2026-10-24 02:30", "2026-10-25 02:59", 0),
    ],
)
def test_days_are_counted_by_the_learners_own_rollovers(last: str, now: str, days: int) -> None:
    settings = replace(PLAIN, day=Day(ZoneInfo("Europe/Berlin")))
    first, then = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (last, now))
    card, _ = rate(new_card(), 4, first, settings)
    _, log = rate(card, 3, then, settings)
    assert log.elapsed_days == days
    model = PLAIN.model
    by_hand = model.next(model.next(None, Rating.EASY, 0), Rating.GOOD, days)
    assert log.stability_after == by_hand.stability


@pytest.mark.parametrize("evening", ["2026-03-28 03:30", "2026-10-24 03:30"])
def test_a_card_comes_back_at_the_same_time_by_the_clock_though_the_clocks_change(
    evening: str,
) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    now = datetime.fromisoformat(evening).replace(tzinfo=UTC)
    card, _ = rate(new_card(), 4, now, replace(PLAIN, day=Day(berlin)))
    assert card.due.astimezone(berlin).time() == now.astimezone(berlin).time()
    assert Day(berlin).between(now, card.due) == 8


def test_a_late_review_gets_its_true_interval() -> None:
    card, _ = rate(new_card(), 4, NOW)
    on_time, _ = rate(card, 3, card.due)
    late, log = rate(card, 3, card.due + timedelta(days=40))
    assert log.elapsed_days == 48
    assert (late.stability or 0) > (on_time.stability or 0)


@pytest.mark.parametrize(
    ("steps", "ratings", "minutes"),
    [
        ((1, 10), (3, 3), (10, 2 * 24 * 60)),
        ((1, 10), (1, 2, 3), (1, 5.5, 10)),
        ((5,), (2, 1), (7.5, 5)),
        ((1, 10, 60), (3, 3, 2), (10, 60, 60)),
        ((), (1,), (24 * 60,)),
        ((), (3,), (2 * 24 * 60,)),
    ],
)
def test_learning_steps_are_taken_one_by_one(
    steps: Sequence[int], ratings: Sequence[int], minutes: Sequence[float]
) -> None:
    settings = replace(PLAIN, learning_steps=tuple(timedelta(minutes=step) for step in steps))
    card, now = new_card(), NOW
    for rating, span in zip(ratings, minutes, strict=True):
        card, _ = rate(card, rating, now, settings)
        assert card.due - now == timedelta(minutes=span)
        now = card.due


def test_without_relearning_steps_a_forgotten_card_stays_in_review() -> None:
    card, _ = rate(new_card(), 4, NOW)
    card, log = rate(card, 1, card.due, replace(PLAIN, relearning_steps=()))
    assert (card.state, card.step, card.lapses) == (State.REVIEW, None, 1)
    assert log.scheduled_days >= 1


def test_a_higher_retention_comes_back_sooner_and_no_interval_passes_the_maximum() -> None:
    card, _ = rate(new_card(), 4, NOW)
    spans = [
        rate(card, 4, card.due, replace(PLAIN, desired_retention=retention))[1].scheduled_days
        for retention in (0.7, 0.8, 0.9, 0.95, 0.99)
    ]
    assert spans == sorted(spans, reverse=True)
    assert spans[0] > 10 * spans[-1]
    _, log = rate(card, 4, card.due, replace(PLAIN, maximum_interval_days=7))
    assert log.scheduled_days == 7


def seen_card(number: int = 7) -> Flashcard:
    """Return a card in review whose Good gives 30 days, give or take the fuzz of three."""
    return replace(
        new_card(),
        id=uuid.UUID(int=number),
        state=State.REVIEW,
        stability=9.0,
        difficulty=5.0,
        last_review=NOW - timedelta(days=9),
        reps=3,
    )


FUZZY = ScheduleSettings()


def days_of(card: Flashcard, settings: ScheduleSettings = FUZZY, **agenda: object) -> int:
    found = scheduling.preview(
        card,
        now=NOW,
        settings=settings,
        agenda=Agenda(**agenda),  # type: ignore[arg-type]
    )
    return found[Rating.GOOD].days


def test_the_interval_lands_on_the_day_with_the_fewest_cards() -> None:
    plain = days_of(seen_card(), PLAIN)
    first, last = scheduling.fuzz_range(plain, 36_500)
    assert last - first > 4
    for quiet in (first + 1, last - 1):
        counts = lambda a, b, quiet=quiet: [int(day != quiet) for day in range(a, b + 1)]  # noqa: E731 - a table of one
        assert days_of(seen_card(), counts=counts) == quiet


def test_without_anything_due_cards_spread_over_the_range() -> None:
    first, last = scheduling.fuzz_range(days_of(seen_card(), PLAIN), 36_500)
    assert {days_of(seen_card(n)) for n in range(200)} == set(range(first, last + 1))


def test_easy_days_are_left_out_where_the_range_allows() -> None:
    today = NOW.weekday()
    only = (today + days_of(seen_card(), PLAIN)) % 7
    easy = tuple(100 if weekday == only else 0 for weekday in range(7))
    landed = days_of(seen_card(), replace(FUZZY, easy_days=easy))
    assert (today + landed) % 7 == only
    none_left = replace(FUZZY, easy_days=(0,) * 7)
    first, last = scheduling.fuzz_range(days_of(seen_card(), PLAIN), 36_500)
    assert first <= days_of(seen_card(), none_left) <= last


def test_cards_near_in_meaning_do_not_fall_on_adjacent_days_where_the_range_allows() -> None:
    plain = days_of(seen_card(), PLAIN)
    first, last = scheduling.fuzz_range(plain, 36_500)
    landed = {days_of(seen_card(n), near=frozenset({plain})) for n in range(60)}
    assert landed == set(range(first, last + 1)) - {plain - 1, plain, plain + 1}
    everywhere = frozenset(range(first, last + 1))
    assert first <= days_of(seen_card(), near=everywhere) <= last


@given(
    stability=st.floats(0.001, 40_000),
    difficulty=st.floats(1, 10),
    state=st.sampled_from([State.LEARNING, State.REVIEW, State.RELEARNING]),
    settings=st.builds(
        ScheduleSettings,
        fuzz=st.booleans(),
        desired_retention=st.floats(0.7, 0.99),
        maximum_interval_days=st.sampled_from([1, 2, 3, 10, 36_500]),
        learning_steps=st.sampled_from([(), (timedelta(minutes=1), timedelta(minutes=10))]),
        relearning_steps=st.sampled_from([(), (timedelta(minutes=10),)]),
    ),
)
def test_a_better_rating_comes_back_a_day_later_at_least(
    stability: float, difficulty: float, state: State, settings: ScheduleSettings
) -> None:
    for step in (0, 1, None):
        card = replace(seen_card(), stability=stability, difficulty=difficulty, state=state)
        card = replace(card, step=None if state is State.REVIEW else step)
        again, *passing = scheduling.preview(card, now=NOW, settings=settings).values()
        assert again <= passing[0]
        for earlier, later in pairwise(passing):
            most = timedelta(days=settings.maximum_interval_days)
            assert later > earlier or earlier == later == most or later < timedelta(days=1)
            if earlier >= timedelta(days=1):
                assert later >= min(earlier + timedelta(days=1), most)


def test_a_card_of_little_memory_has_three_different_days() -> None:
    card = replace(seen_card(), stability=0.2, difficulty=9.9, last_review=NOW)
    days = [span.days for span in scheduling.preview(card, now=NOW, settings=PLAIN).values()]
    assert days[1:] == [1, 2, 3]


@given(st.integers(0, 2**64), st.floats(2, 300), st.lists(st.integers(0, 9), min_size=90))
def test_a_better_rating_never_comes_back_sooner(
    number: int, stability: float, loads: list[int]
) -> None:
    card = replace(seen_card(number), stability=stability)
    counts = lambda a, b: [loads[day % len(loads)] for day in range(a, b + 1)]  # noqa: E731 - a table of one
    spans = list(scheduling.preview(card, now=NOW, agenda=Agenda(counts=counts)).values())
    assert spans == sorted(spans)
    card, log = scheduling.review(
        card, Rating.GOOD, NOW, review_id=uuid.uuid4(), agenda=Agenda(counts=counts)
    )
    assert timedelta(days=log.scheduled_days) == spans[2]
