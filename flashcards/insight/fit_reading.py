"""A learner's review log as the histories that a fit learns from.

Most cards' rows are taken as arrays. Where something was taken back, reset, given or told late,
the replay itself says what counts (`scheduling/replay.py`).
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np

from flashcards.domain.records import LogKind, ReviewLog, State
from flashcards.domain.study_day import micros
from flashcards.scheduling.fitting.histories import Histories
from flashcards.scheduling.memory_model import Mask, Numbers
from flashcards.scheduling.replay import (
    RATED,
    CountedReview,
    answered_reviews,
    counted_reviews,
    given_row,
)
from flashcards.store import review_logs

_COLUMNS = (
    *("flashcard_id", "sequence", "kind", "rating", "reviewed_at"),
    *("elapsed_days", "scheduled_days", "state_after"),
)
# Cards whose whole logs are read at once.
_BATCH = 400
_LEAST_STABILITY, _EASIEST, _HARDEST = 0.001, 1.0, 10.0
Answers = tuple[ReviewLog | None, list[CountedReview]]


@dataclass(frozen=True)
class Log:
    """What was answered, by card, and what of it the cards' schedules are folded from.

    The two differ where an import states a memory that other parameters led to: the answers before
    it teach something, but the schedule begins with it.
    """

    answered: Histories
    folded: Histories
    # The id of each card of `folded`, as text, in their order.
    folded_ids: list[str]


def read(owner_id: UUID, only: Collection[str] | None = None) -> Log:
    """Return a learner's log; with `only`, ids as text, that of these cards.

    Costs one read of eight columns, and of the whole logs of cards of which rows were taken back.
    """
    rows = review_logs.for_owner(owner_id).columns(*_COLUMNS)
    codes, ids = _numbered(rows["flashcard_id"])
    order = np.lexsort((rows["sequence"], codes))
    if only is not None:
        wanted = np.array([each in only for each in ids], dtype=bool)
        order = order[wanted[codes[order]]] if len(ids) else order
    codes = codes[order]
    columns = {name: rows[name][order] for name in _COLUMNS if name != "flashcard_id"}
    del rows
    at = columns["reviewed_at"].astype("datetime64[us]").astype(np.int64)
    rated = np.isin(columns["kind"].astype(str), [str(kind) for kind in RATED])
    odd = _odd_cards(codes, columns, at, rated, len(ids))
    plain = rated & ~odd[codes]
    chosen = {name: columns[name][plain] for name in ("rating", "elapsed_days")}
    simple = _plain(codes[plain], chosen["rating"], chosen["elapsed_days"], at[plain])
    plain_ids = [ids[code] for code in np.unique(codes[plain]).tolist()]
    special = [ids[code] for code in np.flatnonzero(odd).tolist()]
    special = special if only is None else [each for each in special if each in only]
    logs = _logs_of(owner_id, special)
    answered = _replayed(logs, special, answered_reviews)
    folded = _replayed(logs, special, _as_folded)
    moving = [card for card, (_, reviews) in zip(special, folded, strict=True) if reviews]
    return Log(
        answered=_joined(simple, _histories(answered)),
        folded=_joined(simple, _histories(folded)),
        folded_ids=plain_ids + moving,
    )


def _numbered(texts: Numbers) -> tuple[Numbers, list[str]]:
    """Return the number of each text, and the texts by number."""
    numbers: dict[str, int] = {}
    codes = [numbers.setdefault(text, len(numbers)) for text in texts.tolist()]
    return np.array(codes, dtype=np.int64), list(numbers)


def _odd_cards(
    codes: Numbers, columns: dict[str, Numbers], at: Numbers, rated: Mask, cards: int
) -> Mask:
    """Return the cards whose reviews do not simply count one after another."""
    kinds = columns["kind"].astype(str)
    is_manual = kinds == LogKind.MANUAL
    is_reset = (columns["state_after"] == State.NEW) & (columns["scheduled_days"] == 0)
    special = (kinds == LogKind.UNDO) | (
        is_manual & (is_reset | ~np.isnan(columns["elapsed_days"]))
    )
    places = np.flatnonzero(rated)
    back = (np.diff(codes[places]) == 0) & (np.diff(at[places]) < 0)
    found = np.zeros(cards, dtype=bool)
    found[codes[special]] = True
    found[codes[places[1:][back]]] = True
    return found


def _plain(codes: Numbers, ratings: Numbers, elapsed: Numbers, at: Numbers) -> Histories:
    _, starts, counts = np.unique(codes, return_index=True, return_counts=True)
    days = np.floor(np.maximum(np.nan_to_num(elapsed), 0.0))
    days[starts] = 0.0
    unknown = np.full(len(counts), np.nan)
    return Histories(counts, unknown, unknown, ratings.astype(np.int64), days, at.astype(float))


def _logs_of(owner_id: UUID, card_ids: list[str]) -> dict[str, list[ReviewLog]]:
    found: dict[str, list[ReviewLog]] = defaultdict(list)
    for start in range(0, len(card_ids), _BATCH):
        batch = [UUID(each) for each in card_ids[start : start + _BATCH]]
        for log in review_logs.for_owner(owner_id).filter(flashcard_id__in=batch):
            found[str(log.flashcard_id)].append(log)
    return found


def _replayed(
    logs: dict[str, list[ReviewLog]],
    card_ids: Iterable[str],
    replay: Callable[[list[ReviewLog]], Answers],
) -> list[Answers]:
    return [replay(logs[card_id]) for card_id in card_ids]


def _as_folded(logs: list[ReviewLog]) -> Answers:
    return given_row(logs), counted_reviews(logs)


def _histories(answers: list[Answers]) -> Histories:
    rows: list[list[tuple[int, float, float]]] = []
    memories: list[tuple[float, float] | None] = []
    for given, reviews in answers:
        rows.append(
            [
                (int(one.rating), float(one.elapsed_days or 0), float(micros(one.log.reviewed_at)))
                for one in reviews
            ]
        )
        memories.append(_memory(given))
    return Histories.of(rows, memories)


def _memory(given: ReviewLog | None) -> tuple[float, float] | None:
    if given is None or given.stability_after is None or given.difficulty_after is None:
        return None
    difficulty = min(max(given.difficulty_after, _EASIEST), _HARDEST)
    return max(given.stability_after, _LEAST_STABILITY), difficulty


def _joined(one: Histories, other: Histories) -> Histories:
    def both(name: str) -> Any:
        return np.concatenate([getattr(one, name), getattr(other, name)])

    names = ("counts", "stability", "difficulty", "ratings", "days", "at")
    return Histories(*(both(name) for name in names))
