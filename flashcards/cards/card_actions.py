"""The actions of the card browser: what each makes of a card, and what undoes it. Pure functions.

An inverse is JSON: {"set": {field: value}}, {"add"|"remove": {"tags"|"deck_ids": […]}}, or
{"log": id} of a row of the review log, or {"fold": True} where the memory alone changed, with the
parameters that govern it. It undoes this change and no later one.
"""

import dataclasses
import enum
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from flashcards import scheduling
from flashcards.domain.records import Flashcard, LogKind, ReviewLog, State
from flashcards.scheduling import DEFAULT_SETTINGS, ScheduleSettings
from memoryloop.folding import fold

Inverse = dict[str, Any]


class Verb(enum.StrEnum):
    TAG = "tag"
    UNTAG = "untag"
    PUT_IN = "put_in"
    TAKE_OUT = "take_out"
    SUSPEND = "suspend"
    RESUME = "resume"
    BURY = "bury"
    UNBURY = "unbury"
    FLAG = "flag"
    RESET = "reset"
    SET_DUE = "set_due"
    RESCHEDULE = "reschedule"
    REFOLD = "refold"
    DELETE = "delete"


# These write a row into the log of the card's reviews, and so does their undo.
SCHEDULING = frozenset({Verb.RESET, Verb.SET_DUE, Verb.RESCHEDULE, Verb.REFOLD})


@dataclasses.dataclass(frozen=True, slots=True)
class Done:
    """What an action made of a card, what undoes it, and the log row that goes with it."""

    after: Flashcard
    inverse: Inverse
    log: ReviewLog | None = None


def apply(
    verb: Verb,
    argument: Mapping[str, Any],
    card: Flashcard,
    now: datetime,
    logs: Sequence[ReviewLog] = (),
    settings: ScheduleSettings = DEFAULT_SETTINGS,
) -> Done | None:
    """Return what an action makes of a card, or None if it changes nothing.

    `argument` is that of the BulkChange: "tag", "deck", "flag", "until" or "due". `logs` is the
    card's whole log, read only for SCHEDULING, and folded by `settings`.
    """
    if verb in SCHEDULING:
        return _scheduled(verb, argument, card, now, logs, settings)
    after, inverse = _VERBS[verb](card, argument, now)
    return Done(after, inverse) if after != card else None


def undo(
    card: Flashcard,
    inverse: Inverse,
    logs: Sequence[ReviewLog],
    now: datetime,
    settings: ScheduleSettings = DEFAULT_SETTINGS,
) -> Done | None:
    """Return the card with an action undone, or None if that changes nothing.

    A schedule with later reviews is left alone.
    """
    if "fold" in inverse:
        after = scheduling.fold(card, logs, settings=settings)
        return Done(after, {}) if after != card else None
    if "log" in inverse:
        return _unscheduled(card, uuid.UUID(inverse["log"]), logs, now, settings)
    after = card
    for field, value in inverse.get("set", {}).items():
        value = datetime.fromisoformat(value) if field in _TIMES and value else value
        after = _replaced(after, field, value)
    for field, values in inverse.get("add", {}).items():
        after = _with(after, field, values)
    for field, values in inverse.get("remove", {}).items():
        after = _without(after, field, values)
    return Done(after, {}) if after != card else None


def _scheduled(
    verb: Verb,
    argument: Mapping[str, Any],
    card: Flashcard,
    now: datetime,
    logs: Sequence[ReviewLog],
    settings: ScheduleSettings,
) -> Done | None:
    if card.state is State.NEW:
        # A new card has neither a schedule to reset nor a due date.
        return None
    # A row may not be older than the last one in the log.
    now = max(now, card.last_review) if card.last_review else now
    if verb is Verb.RESCHEDULE:
        after, moved = scheduling.reschedule(
            card, logs, now, row_id=uuid.uuid4(), settings=settings
        )
        if moved is None or after.due == card.due:
            return None
        return Done(after, {"log": str(moved.id)}, moved)
    if verb is Verb.REFOLD:
        after, moved = scheduling.reschedule(
            card, logs, now, row_id=uuid.uuid4(), settings=settings
        )
        if moved is not None and after.due != card.due:
            return Done(after, {"log": str(moved.id)}, moved)
        after = scheduling.fold(card, logs, settings=settings)
        return Done(after, {"fold": True}) if after != card else None
    if verb is Verb.RESET:
        row = scheduling.reset_row(card, now, log_id=uuid.uuid4())
    else:
        due = datetime.fromisoformat(argument["due"])
        row = scheduling.due_row(card, due, now, log_id=uuid.uuid4())
    after = scheduling.fold(card, [*logs, row], settings=settings)
    return Done(after, {"log": str(row.id)}, row)


def _unscheduled(
    card: Flashcard,
    log_id: uuid.UUID,
    logs: Sequence[ReviewLog],
    now: datetime,
    settings: ScheduleSettings,
) -> Done | None:
    done = next((log for log in logs if log.id == log_id), None)
    later = [log for log in logs if done is not None and log.sequence > done.sequence]
    if done is None or any(log.undoes == log_id or log.kind is not LogKind.UNDO for log in later):
        return None
    row = scheduling.undo_row(card, log_id, now, undo_id=uuid.uuid4())
    return Done(scheduling.fold(card, [*logs, row], settings=settings), {}, row)


_TIMES = frozenset({"buried_until", "deleted_at"})
_Step = Callable[[Flashcard, Mapping[str, Any], datetime], tuple[Flashcard, Inverse]]


def _replaced(card: Flashcard, field: str, value: Any) -> Flashcard:
    fields: dict[str, Any] = {field: value}
    return dataclasses.replace(card, **fields)


def _set(card: Flashcard, field: str, value: Any) -> tuple[Flashcard, Inverse]:
    before = getattr(card, field)
    kept = before.isoformat() if isinstance(before, datetime) else before
    return _replaced(card, field, value), {"set": {field: kept}}


def _add(card: Flashcard, field: str, value: str) -> tuple[Flashcard, Inverse]:
    return _with(card, field, [value]), {"remove": {field: [value]}}


def _tag(card: Flashcard, argument: Mapping[str, Any], _: datetime) -> tuple[Flashcard, Inverse]:
    # The card may have it in another spelling.
    wanted = fold(argument["tag"])
    return _add(card, "tags", next((t for t in card.tags if fold(t) == wanted), argument["tag"]))


def _remove(card: Flashcard, field: str, values: list[str]) -> tuple[Flashcard, Inverse]:
    return _without(card, field, values), {"add": {field: values}}


def _with(card: Flashcard, field: str, values: Iterable[str]) -> Flashcard:
    added = map(_of(field), values)
    return _replaced(card, field, tuple(dict.fromkeys([*getattr(card, field), *added])))


def _without(card: Flashcard, field: str, values: Iterable[str]) -> Flashcard:
    gone = set(map(_of(field), values))
    kept = tuple(value for value in getattr(card, field) if value not in gone)
    return _replaced(card, field, kept)


def _of(field: str) -> Callable[[str], Any]:
    return uuid.UUID if field == "deck_ids" else str


def _untag(card: Flashcard, argument: Mapping[str, Any], _: datetime) -> tuple[Flashcard, Inverse]:
    # The tags that `tag:` finds: in any case, and those inside it.
    wanted = fold(argument["tag"])
    gone = [tag for tag in card.tags if f"{fold(tag)}::".startswith(f"{wanted}::")]
    return _remove(card, "tags", gone)


_VERBS: dict[Verb, _Step] = {
    Verb.TAG: _tag,
    Verb.UNTAG: _untag,
    Verb.PUT_IN: lambda card, argument, _: _add(card, "deck_ids", argument["deck"]),
    Verb.TAKE_OUT: lambda card, argument, _: _remove(card, "deck_ids", [argument["deck"]]),
    Verb.SUSPEND: lambda card, _, __: _set(card, "suspended", value=True),
    Verb.RESUME: lambda card, _, __: _set(card, "suspended", value=False),
    Verb.BURY: lambda card, argument, _: _set(
        card, "buried_until", datetime.fromisoformat(argument["until"])
    ),
    Verb.UNBURY: lambda card, _, __: _set(card, "buried_until", None),
    Verb.FLAG: lambda card, argument, _: _set(card, "flag", argument["flag"]),
    Verb.DELETE: lambda card, _, now: _set(card, "deleted_at", card.deleted_at or now),
}
