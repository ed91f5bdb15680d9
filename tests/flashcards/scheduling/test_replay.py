"""State = fold(log): whatever was rated, taken back, told late or set otherwise in between."""

import itertools
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashcards import scheduling
from flashcards.domain.records import Flashcard, LogKind, Rating, ReviewLog, State
from flashcards.domain.study_day import Day
from flashcards.scheduling import DEFAULT_PARAMETERS, Agenda, ScheduleSettings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLAIN = ScheduleSettings(fuzz=False)
CARD = Flashcard(
    id=uuid.UUID(int=7),
    owner_id=uuid.UUID(int=1),
    note_id=uuid.UUID(int=2),
    question="When did the Great Fire of London begin?",
    answer="2 September 1666",
    due=NOW,
    created_at=NOW,
    edited_at=NOW,
)
OTHER_PARAMETERS = tuple(
    value * 1.1 if number < 4 else value for number, value in enumerate(DEFAULT_PARAMETERS)
)


@dataclass
class Learner:
    """A card, its log as it grows, and what is set at the moment."""

    card: Flashcard = CARD
    now: datetime = NOW
    settings: ScheduleSettings = field(default_factory=ScheduleSettings)
    agenda: Agenda = field(default_factory=Agenda)
    logs: list[ReviewLog] = field(default_factory=list)
    # Before the newest review: the card, and the settings that the review went by.
    before: tuple[Flashcard, ScheduleSettings] = (CARD, PLAIN)
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def next_id(self) -> uuid.UUID:
        return uuid.UUID(int=next(self._ids))

    def rate(self, rating: int, minutes: int = 0) -> None:
        self.now += timedelta(minutes=minutes)
        self.before = self.card, self.settings
        self.card, log = scheduling.review(
            self.card,
            Rating(rating),
            self.now,
            review_id=self.next_id(),
            settings=self.settings,
            agenda=self.agenda,
        )
        self.logs.append(log)

    def cram(self, rating: int) -> None:
        self.card, log = scheduling.cram(
            self.card, Rating(rating), self.now, review_id=self.next_id()
        )
        self.logs.append(log)

    def rate_late(self, rating: int, minutes_before: int) -> None:
        if self.card.last_review is None:
            return self.rate(rating)
        self.card, rows = scheduling.review_late(
            self.card,
            self.logs,
            Rating(rating),
            self.card.last_review - timedelta(minutes=minutes_before),
            review_id=self.next_id(),
            settings=self.settings,
        )
        self.logs += rows
        return None

    def undo(self, *, any_of: int | None = None) -> None:
        standing = scheduling.effective(self.logs)
        if not standing:
            return
        self.now += timedelta(seconds=1)
        which = standing[-1 if any_of is None else any_of % len(standing)]
        rated, undo_id = self.card, self.next_id()
        self.card, rows = scheduling.undo(
            rated,
            self.logs,
            self.now,
            undo_id=undo_id,
            undoes=None if any_of is None else which.id,
            settings=self.settings,
        )
        before, settings = self.before
        if rated.sequence == before.sequence + 1 == which.sequence + 1 and (
            settings.parameters == self.settings.parameters
        ):
            fast = scheduling.undo_newest(rated, before, which.id, self.now, undo_id=undo_id)
            assert (self.card, rows) == (fast[0], [fast[1]])
        self.logs += rows

    def change_parameters(self, parameters: tuple[float, ...]) -> None:
        self.settings = replace(self.settings, parameters=parameters)
        self.card, row = scheduling.reschedule(
            self.card, self.logs, self.now, row_id=self.next_id(), settings=self.settings
        )
        self.logs += [row] if row else []

    def reset(self) -> None:
        self.by_hand(scheduling.reset_row(self.card, self.now, log_id=self.next_id()))

    def set_due(self, days: int) -> None:
        if self.card.state is not State.NEW:
            due = self.now + timedelta(days=days)
            self.by_hand(scheduling.due_row(self.card, due, self.now, log_id=self.next_id()))

    def by_hand(self, row: ReviewLog) -> None:
        self.logs.append(row)
        self.card = scheduling.fold(self.card, self.logs, settings=self.settings)

    def reschedule(self) -> None:
        self.change_parameters(self.settings.parameters)

    def travel(self, zone: tzinfo, hour: int) -> None:
        self.settings = replace(self.settings, day=Day(zone, time(hour)))

    def set(self, **values: object) -> None:
        self.settings = replace(self.settings, **values)  # type: ignore[arg-type]

    def fold(self) -> Flashcard:
        # In any order, and with none of the settings but the memory model and its parameters.
        only = ScheduleSettings(
            memory_model=self.settings.memory_model, parameters=self.settings.parameters
        )
        return scheduling.fold(self.card, reversed(self.logs), settings=only)


ZONES = [ZoneInfo(name) for name in ("Europe/Berlin", "America/Los_Angeles", "Pacific/Apia")]
MINUTES = st.integers(0, 60 * 24 * 400)
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("rate"), st.integers(1, 4), MINUTES),
        st.tuples(st.just("rate"), st.integers(1, 4), st.integers(0, 60 * 30)),
        st.tuples(st.just("rate_late"), st.integers(1, 4), st.integers(1, 60 * 24 * 40)),
        st.tuples(st.just("cram"), st.integers(1, 4)),
        st.tuples(st.just("undo")),
        st.tuples(st.just("undo_any"), st.integers(0, 20)),
        st.tuples(
            st.just("change_parameters"), st.sampled_from([DEFAULT_PARAMETERS, OTHER_PARAMETERS])
        ),
        st.tuples(st.just("travel"), st.sampled_from(ZONES), st.integers(0, 23)),
        st.tuples(st.just("retention"), st.floats(0.7, 0.99)),
        st.tuples(st.just("steps"), st.lists(st.integers(1, 600), max_size=4)),
        st.tuples(st.just("fuzz"), st.booleans()),
        st.tuples(st.just("reset")),
        st.tuples(st.just("set_due"), st.integers(0, 400)),
        st.tuples(st.just("reschedule")),
        st.tuples(st.just("agenda"), st.lists(st.integers(0, 50), min_size=3, max_size=30)),
    ),
    max_size=25,
)


def do(learner: Learner, action: str, *values: object) -> None:
    match action, values:
        case "retention", (value,):
            learner.set(desired_retention=value)
        case "steps", (list() as minutes,):
            steps = tuple(timedelta(minutes=minute) for minute in minutes)
            learner.set(learning_steps=steps, relearning_steps=steps[:1])
        case "fuzz", (value,):
            learner.set(fuzz=value)
        case "agenda", (list() as loads,):
            learner.agenda = Agenda(
                counts=lambda a, b: [loads[day % len(loads)] for day in range(a, b + 1)],
                near=frozenset(loads[:3]),
            )
        case "undo_any", (int() as which,):
            learner.undo(any_of=which)
        case _:
            getattr(learner, action)(*values)


@given(ACTIONS)
def test_the_state_is_the_fold_of_the_log(actions: list[tuple[object, ...]]) -> None:
    learner = Learner()
    for action, *values in actions:
        do(learner, str(action), *values)
        assert [log.sequence for log in learner.logs] == list(range(len(learner.logs)))
        assert learner.fold() == learner.card
        assert learner.card.sequence == len(learner.logs)
        if learner.logs:
            assert learner.logs[-1].state_after == learner.card.state


@given(st.lists(st.tuples(st.integers(1, 4), MINUTES), min_size=1, max_size=30), st.booleans())
def test_undoing_step_by_step_gives_each_state_that_was(
    ratings: list[tuple[int, int]], fuzz: bool
) -> None:
    learner, states = Learner(), list[Flashcard]()
    learner.set(fuzz=fuzz)
    for rating, minutes in ratings:
        states.append(learner.card)
        learner.rate(rating, minutes)
    for before in reversed(states):
        learner.undo()
        assert replace(learner.card, sequence=before.sequence) == before
    assert len(learner.logs) == 2 * len(ratings)


def test_a_late_review_takes_its_place_in_history() -> None:
    on_time, late = Learner(settings=PLAIN), Learner(settings=PLAIN)
    for day, rating in ((0, 3), (1, 4), (9, 3)):
        on_time.now = NOW + timedelta(days=day)
        on_time.rate(rating)
    late.rate(3)
    late.rate(3, 9 * 24 * 60)
    late.rate_late(4, 8 * 24 * 60)
    assert replace(late.card, sequence=3) == on_time.card
    told, chosen = late.logs[2:]
    assert (told.sequence, told.elapsed_days, told.state_before) == (2, 1.0, State.LEARNING)
    assert (chosen.kind, chosen.rating, chosen.sequence) == (LogKind.MANUAL, None, 3)


def test_taking_back_a_review_told_late_gives_the_card_as_it_was_without_it() -> None:
    learner = Learner(settings=PLAIN)
    learner.rate(3)
    learner.rate(3, 9 * 24 * 60)
    before = learner.card
    learner.rate_late(4, 8 * 24 * 60)
    assert learner.card.stability != before.stability
    learner.undo(any_of=1)
    assert replace(learner.card, sequence=before.sequence) == before


def test_new_parameters_move_the_memory_and_the_day_and_can_be_set_back() -> None:
    learner = Learner(settings=PLAIN)
    learner.rate(4)
    learner.rate(3, 8 * 24 * 60)
    before = learner.card
    learner.change_parameters(OTHER_PARAMETERS)
    assert (learner.card.stability or 0) > (before.stability or 0)
    assert learner.card.due > before.due
    learner.change_parameters(DEFAULT_PARAMETERS)
    assert replace(learner.card, sequence=before.sequence) == before


def test_rescheduling_leaves_new_cards_and_cards_in_their_steps_alone() -> None:
    learner = Learner(settings=PLAIN)
    learner.change_parameters(OTHER_PARAMETERS)
    assert (learner.card, learner.logs) == (CARD, [])
    learner.rate(3)
    due = learner.card.due
    learner.change_parameters(DEFAULT_PARAMETERS)
    assert (learner.card.due, len(learner.logs)) == (due, 1)


def test_days_counted_in_one_time_zone_stay_what_they_were_after_a_journey() -> None:
    learner = Learner(now=datetime(2026, 3, 10, 22, tzinfo=UTC), settings=PLAIN)
    learner.travel(ZoneInfo("Europe/Berlin"), 4)
    learner.rate(4)
    learner.rate(3, 6 * 60)
    assert learner.logs[-1].elapsed_days == 1
    learner.travel(ZoneInfo("America/Los_Angeles"), 6)
    assert learner.fold() == learner.card


def test_the_days_of_old_logs_keep_their_meaning() -> None:
    # Rows written before days were the learner's own carry the exact time between two reviews.
    learner = Learner(settings=PLAIN)
    learner.rate(4)
    learner.rate(3, 60 * 24 * 9 - 60)
    whole = [log.elapsed_days for log in learner.logs]
    learner.logs[1] = replace(learner.logs[1], elapsed_days=8.958333)
    folded = learner.fold()
    model = PLAIN.model
    by_hand = model.next(model.next(None, Rating.EASY, 0), Rating.GOOD, 8)
    assert (whole, folded.stability) == ([None, 9.0], by_hand.stability)


def test_cramming_changes_nothing_and_can_be_taken_back() -> None:
    learner = Learner(settings=PLAIN)
    learner.rate(4)
    crammed = replace(
        learner.logs[0],
        id=learner.next_id(),
        sequence=1,
        kind=LogKind.CRAM,
        rating=Rating.AGAIN,
        reviewed_at=NOW + timedelta(days=1),
    )
    learner.logs.append(crammed)
    assert learner.fold() == replace(learner.card, sequence=2)
    learner.card = replace(learner.card, sequence=2)
    learner.undo()
    assert (learner.card.reps, learner.fold()) == (1, learner.card)


def test_an_undo_without_a_review_is_refused() -> None:
    with pytest.raises(ValueError, match="no review"):
        scheduling.undo(CARD, [], NOW, undo_id=uuid.uuid4())
