"""Reviews of a file for a card that is here already: those that its log lacks, and their undo.

A review of the file is known by its id, or by its time and its rating. The others are put into
their places in time. What was reviewed here stays: if the newest review is one of the file, the
card is due when the file says, else when all reviews together give.
"""

import dataclasses
import uuid
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from flashcards import scheduling
from flashcards.domain.records import Flashcard, LogKind, ReviewLog, State
from flashcards.exchange.anki.memory import is_same
from flashcards.exchange.anki.records import Card, Review
from flashcards.exchange.anki.schedule import Calendar, import_schedule
from flashcards.scheduling import ScheduleSettings
from flashcards.scheduling.memory_model import MemoryModel, memory_of

# A package has each millisecond once: where two cards share one, a review is some of them later.
_MOVED_MOST = timedelta(seconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_SECOND = timedelta(seconds=1)
_COUNTING = (LogKind.LEARN, LogKind.REVIEW, LogKind.RELEARN)


@dataclasses.dataclass(frozen=True)
class Brought:
    """A card with what a file brings to its log, and the new rows."""

    card: Flashcard
    rows: list[ReviewLog] = dataclasses.field(default_factory=list)
    # Whether a reset or a due date of the file was left out, because of what was done here.
    has_left_out: bool = False


def bring(
    card: Flashcard,
    logs: Sequence[ReviewLog],
    theirs: Card,
    reviews: Sequence[Review],
    calendar: Calendar,
    *,
    is_changed: bool = False,
) -> Brought:
    """Return a card with the reviews of the file that its log lacks. `logs` is its whole log.

    `is_changed` tells that the file says something else of the card's schedule than at its last
    import: it may have been rescheduled without a row in the file's log.
    """
    standing = _standing(logs)
    if reviews and not is_changed and _are_all_known(standing, reviews):
        return Brought(card)
    goal, file_rows = import_schedule(scheduling.as_new(card), theirs, reviews, calendar)
    log = _Log(card, logs, calendar.settings)
    if not standing:
        # Never reviewed here, or the undo of an import took it all back.
        log.add_all(file_rows)
        return log.ending_as(goal)
    known = _known(standing, file_rows)
    from_log = {uuid.uuid5(card.id, str(review.id)) for review in reviews}
    fresh = [row for row in file_rows if row.id in from_log - known.keys()]
    here = {row.id for row in known.values()}
    own = [row for row in standing if row.id not in here and _is_own(row)] + _own_undos(logs)
    if not own:
        # The file knows every review, and so the state. One without a log says the state alone.
        if fresh or not reviews or is_changed:
            log.add_all(fresh)
            return log.ending_as(goal)
        return Brought(card)
    reviewed = [row for row in fresh if row.rating is not None]
    log.add_all(reviewed)
    if not reviewed:
        theirs_alone = _Log(card, [row for row in logs if row not in own], calendar.settings)
        is_rescheduled = is_changed and theirs_alone.ending_as(goal).rows
        return Brought(card, has_left_out=bool(fresh or is_rescheduled))
    if reviewed[-1].reviewed_at > max(row.reviewed_at for row in own):
        return log.due_as(goal)
    return dataclasses.replace(log.replayed(), has_left_out=len(fresh) > len(reviewed))


def take_back(
    card: Flashcard,
    logs: Sequence[ReviewLog],
    row_ids: Iterable[UUID],
    now: datetime,
    settings: ScheduleSettings,
) -> tuple[Flashcard, list[ReviewLog]]:
    """Return a card without the rows that an import brought, and the rows that record this."""
    there = {log.id for log in logs} - {log.undoes for log in logs}
    rows: list[ReviewLog] = []
    for row_id in row_ids:
        if row_id in there:
            at = dataclasses.replace(card, sequence=card.sequence + len(rows))
            rows.append(scheduling.undo_row(at, row_id, now, undo_id=_undo_id(row_id)))
    if not rows:
        return card, []
    return scheduling.fold(card, [*logs, *rows], settings=settings), rows


class _Log:
    """The log of a card while rows of a file are added to it."""

    def __init__(
        self, card: Flashcard, logs: Sequence[ReviewLog], settings: ScheduleSettings
    ) -> None:
        self._card = card
        self._logs = list(logs)
        self._settings = settings
        self._ids = {log.id for log in logs}
        self._next = max((log.sequence for log in logs), default=-1) + 1
        self._rows: list[ReviewLog] = []
        undone = {log.undoes for log in logs if log.kind is LogKind.UNDO}
        live = [log for log in logs if log.id not in undone]
        resets = [log.reviewed_at for log in live if scheduling.is_reset(log)]
        self._reset_at = max(resets, default=None)
        self._times = sorted(
            log.reviewed_at
            for log in scheduling.since_reset(logs)
            if log.id not in undone and (log.kind in _COUNTING or scheduling.is_given(log))
        )

    def add_all(self, rows: Iterable[ReviewLog]) -> None:
        for row in rows:
            self._add(row)

    def _add(self, row: ReviewLog) -> None:
        """Add a row, with the days since the review before it in this log."""
        elapsed, kind = row.elapsed_days, row.kind
        if kind in _COUNTING and self._reset_at is not None and row.reviewed_at <= self._reset_at:
            # The card was made new after it: it stays in the log as one that moves nothing.
            kind = LogKind.CRAM
        if kind in _COUNTING:
            at = bisect_right(self._times, row.reviewed_at)
            days = self._settings.day.between(self._times[at - 1], row.reviewed_at) if at else None
            elapsed = None if days is None else float(days)
        if scheduling.is_reset(row):
            self._times = []
        elif kind in _COUNTING or scheduling.is_given(row):
            self._times.insert(bisect_right(self._times, row.reviewed_at), row.reviewed_at)
        row_id = self._next_id() if row.id in self._ids else row.id
        self._append(dataclasses.replace(row, id=row_id, kind=kind, elapsed_days=elapsed))

    def ending_as(self, goal: Flashcard) -> Brought:
        """Return the card with the state, the memory and the due date that the file has."""
        after = self._folded()
        if goal.state is State.NEW:
            if after.state is not State.NEW:
                row = scheduling.reset_row(after, self._last_at(), log_id=self._next_id())
                self._append(row)
            return self._brought()
        is_certain = goal.state is not State.LEARNING and goal.last_review is not None
        if is_certain and not _agrees(after, goal, self._settings.model):
            assert goal.last_review is not None  # noqa: S101 - just looked at
            self._append(scheduling.given_row(goal, goal.last_review, log_id=self._next_id()))
            return self._brought()
        return self.due_as(goal)

    def due_as(self, goal: Flashcard) -> Brought:
        """Return the card with the due date and the state that the file has."""
        after = self._folded()
        is_known = State.NEW not in (after.state, goal.state)
        if is_known and (after.state is not goal.state or abs(after.due - goal.due) > _SECOND):
            row = scheduling.due_row(after, goal.due, self._last_at(), log_id=self._next_id())
            self._append(dataclasses.replace(row, state_after=goal.state))
        return self._brought()

    def replayed(self) -> Brought:
        """Return the card with the due date that the replay of all its reviews gives."""
        if not any(row.kind in _COUNTING for row in self._rows):
            return self._brought()
        after, self._rows = scheduling.put_into_past(
            self._card, self._logs, self._rows, settings=self._settings
        )
        return Brought(after, self._rows)

    def _append(self, row: ReviewLog) -> None:
        self._rows.append(dataclasses.replace(row, sequence=self._next))
        self._ids.add(row.id)
        self._next += 1

    def _next_id(self) -> UUID:
        return _import_id(self._card.id, self._next)

    def _last_at(self) -> datetime:
        rows = [*self._logs, *self._rows]
        return max(row.reviewed_at for row in rows if row.kind is not LogKind.UNDO)

    def _folded(self) -> Flashcard:
        return scheduling.fold(self._card, [*self._logs, *self._rows], settings=self._settings)

    def _brought(self) -> Brought:
        return Brought(self._folded() if self._rows else self._card, self._rows)


def _standing(logs: Sequence[ReviewLog]) -> list[ReviewLog]:
    """Return the rows that no undo of an import took back. What the learner undid is among them."""
    gone = {log.undoes for log in logs if log.undoes and log.id == _undo_id(log.undoes)}
    return [log for log in logs if log.kind is not LogKind.UNDO and log.id not in gone]


def _are_all_known(standing: Sequence[ReviewLog], reviews: Sequence[Review]) -> bool:
    there = {(log.reviewed_at - _EPOCH) // _MILLISECOND for log in standing}
    return all(review.id in there for review in reviews)


def _known(standing: Sequence[ReviewLog], file_rows: Sequence[ReviewLog]) -> dict[UUID, ReviewLog]:
    """Return the rows of the file's history that the log has, and which each of them is."""
    found: dict[UUID, ReviewLog] = {}
    by_id = {log.id: log for log in standing}
    taken: set[UUID] = set()
    for row in file_rows:
        if row.id in by_id:
            found[row.id] = by_id[row.id]
            taken.add(row.id)
    for most in (_MILLISECOND, _MOVED_MOST):
        left = sorted(
            (log for log in standing if log.id not in taken), key=lambda log: log.reviewed_at
        )
        times = [log.reviewed_at for log in left]
        for row in file_rows:
            if row.id in found:
                continue
            start = bisect_right(times, row.reviewed_at - most)
            for log in left[start:]:
                if log.reviewed_at >= row.reviewed_at + most:
                    break
                if log.id not in taken and log.rating == row.rating:
                    found[row.id] = log
                    taken.add(log.id)
                    break
    return found


def _is_own(log: ReviewLog) -> bool:
    """Tell whether a row that the file does not have is of here: an import did not work it out."""
    if log.kind is LogKind.CRAM or scheduling.is_given(log):
        return False
    made = {_import_id(log.flashcard_id, log.sequence)}
    made |= {uuid.uuid5(log.flashcard_id, name) for name in ("due", "reset")}
    return log.id not in made


def _own_undos(logs: Sequence[ReviewLog]) -> list[ReviewLog]:
    return [log for log in logs if log.undoes and log.id != _undo_id(log.undoes)]


def _agrees(card: Flashcard, goal: Flashcard, model: MemoryModel) -> bool:
    """Tell whether a card has the memory of another, and as many reviews at least."""
    one, other = memory_of(card, model), memory_of(goal, model)
    return (
        one is not None
        and other is not None
        and is_same(one, other)
        and (card.reps >= goal.reps and card.lapses >= goal.lapses)
    )


def _import_id(card_id: UUID, sequence: int) -> UUID:
    return uuid.uuid5(card_id, f"import {sequence}")


def _undo_id(row_id: UUID) -> UUID:
    return uuid.uuid5(row_id, "import undone")
