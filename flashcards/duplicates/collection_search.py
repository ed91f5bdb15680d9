"""The duplicate search through a whole collection: a background job, and the groups it finds."""

import logging
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from django.db import transaction
from django.utils import timezone

from flashcards import store
from flashcards.cards import jobs
from flashcards.domain.records import Flashcard
from flashcards.duplicates import overlaps, similarity
from flashcards.models import DuplicateSearch
from flashcards.store import Numbers, cards
from memoryloop.embeddings import EmbeddingError

logger = logging.getLogger(__name__)

# Two cards whose cosine is lower are not compared further.
LIKELY = 0.6
# Rows compared with all later ones in one multiplication. A slice ends with a block.
BLOCK = 128
# Compared with so many at a time.
PART = 8_192
# Of each card only so many of its nearest are judged: more share a topic, not a fact.
NEIGHBOURS = 6
# Pairs judged at once: their texts are embedded together.
JUDGED = 64
PAIRS_MOST = 2_000
# A worker that has reported no progress for so long is dead.
HEARTBEAT = timedelta(minutes=5)
BROKEN = "The model that compares cards cannot be run right now. Try again later."
INTERRUPTED = "The search was interrupted. Start it again."

Status = DuplicateSearch.Status


@dataclass(frozen=True)
class Group:
    """Cards that ask for the same fact."""

    cards: list[Flashcard]
    score: float

    @property
    def key(self) -> str:
        """Return the ids of its cards, as forms carry them."""
        return " ".join(str(card.id) for card in self.cards)


def start(*, owner_id: UUID, now: datetime) -> DuplicateSearch:
    """Start a search through an owner's cards, or return the one that is under way."""
    with transaction.atomic():
        search, created = DuplicateSearch.objects.select_for_update().get_or_create(
            owner_id=owner_id, defaults={"started_at": now, "updated_at": now}
        )
        if not created and is_working(search, now):
            return search
        if not created:
            search.delete()
            search = DuplicateSearch.objects.create(
                owner_id=owner_id, started_at=now, updated_at=now
            )
        jobs.request_duplicates(owner_id, search.id)
    return search


def stop(*, owner_id: UUID, now: datetime) -> None:
    """End the search; what it found until now stays."""
    DuplicateSearch.objects.filter(owner_id=owner_id, status=Status.WORKING).update(
        status=Status.STOPPED, updated_at=now
    )


def is_working(search: DuplicateSearch, now: datetime) -> bool:
    return search.status == Status.WORKING and search.updated_at > now - HEARTBEAT


def latest(*, owner_id: UUID, now: datetime) -> DuplicateSearch | None:
    """Return the owner's last search; one whose worker died becomes failed."""
    search = DuplicateSearch.objects.filter(owner_id=owner_id).first()
    if search and search.status == Status.WORKING and not is_working(search, now):
        search.status, search.error = Status.FAILED, INTERRUPTED
        search.save(update_fields=["status", "error"])
    return search


def run(
    *,
    owner_id: UUID,
    search_id: UUID,
    clock: Callable[[], datetime] = timezone.now,
    seconds: float = math.inf,
) -> None:
    """Search the owner's cards, to the end or for so long; then the worker is asked again.

    Saves its progress, goes on where it was, and ends when it is stopped. If it is not under way
    but a later one of theirs is, which found this job waiting, it does that one.
    """
    search = DuplicateSearch.objects.filter(owner_id=owner_id, status=Status.WORKING).first()
    if search is None:
        return
    search_id = search.id
    running = DuplicateSearch.objects.filter(id=search_id, status=Status.WORKING)
    ends = time.monotonic() + seconds
    known = [(one, other, score) for one, other, score in search.pairs]
    try:
        for compared, total, pairs in _search(owner_id, search.compared, known):
            found = sorted(pairs, key=lambda pair: -float(pair[2]))[:PAIRS_MOST]
            if not running.update(compared=compared, total=total, pairs=found, updated_at=clock()):
                return
            if search.compared < compared < total and time.monotonic() >= ends:
                jobs.request_duplicates(owner_id, search_id)
                return
    except EmbeddingError:
        logger.warning("Duplicates cannot be searched for right now.", exc_info=True)
        _end(search_id, Status.FAILED, clock(), error=BROKEN)
        return
    _end(search_id, Status.DONE, clock())


def groups(*, owner_id: UUID, search: DuplicateSearch) -> list[Group]:
    """Return the groups that were found, the likeliest first, with the cards as they are now.

    Pairs marked as no duplicates, siblings, and cards deleted since are left out.
    """
    ids = {UUID(i) for pair in search.pairs for i in pair[:2]}
    chosen = cards.for_owner(owner_id).in_bulk(sorted(ids, key=str)) if ids else {}
    apart = overlaps.marked_pairs(owner_id)
    linked: dict[UUID, UUID] = {}
    scores: dict[UUID, float] = {}
    for first, second, score in search.pairs:
        one, other = UUID(first), UUID(second)
        if one not in chosen or other not in chosen or _pair(one, other) in apart:
            continue
        a, b = _root(linked, one), _root(linked, other)
        linked[b] = a
        scores[a] = max(float(score), scores.get(a, 0.0), scores.get(b, 0.0))
    members: dict[UUID, list[Flashcard]] = defaultdict(list)
    for card_id in {*linked, *linked.values()}:
        members[_root(linked, card_id)].append(chosen[card_id])
    # The card with the most reviews comes first: it is proposed to be kept.
    found = [
        Group(sorted(group, key=lambda c: (-c.reps, c.created_at)), scores.get(root, 0.0))
        for root, group in members.items()
        if len(group) > 1
    ]
    return sorted(found, key=lambda group: (-group.score, group.key))


def _search(
    owner_id: UUID, done: int, pairs: list[tuple[str, str, float]]
) -> Iterator[tuple[int, int, list[tuple[str, str, float]]]]:
    """Yield (cards compared, cards in all, pairs found so far), of which some are known."""
    ids, matrix = _in_order(*store.vectors(owner_id))
    yield min(done, len(ids)), len(ids), pairs
    known = {(one, other) for one, other, _ in pairs}
    for start_row in range(done, len(ids), BLOCK):
        likely = _likely(matrix, start_row)
        for start_pair in range(0, len(likely), JUDGED):
            part = [(ids[a], ids[b], near) for a, b, near in likely[start_pair:][:JUDGED]]
            # A slice that was cut off has found some of its block's pairs already.
            pairs += [each for each in _judged(owner_id, part) if each[:2] not in known]
            yield start_row, len(ids), pairs
        yield min(start_row + BLOCK, len(ids)), len(ids), pairs


def _in_order(ids: list[UUID], matrix: Numbers) -> tuple[list[UUID], Numbers]:
    """Return the rows in the order of their ids, so that the next slice finds them there."""
    keys = np.frombuffer(b"".join(each.bytes for each in ids), dtype=[("a", ">u8"), ("b", ">u8")])
    order = np.lexsort((keys["b"], keys["a"]))
    return [ids[row] for row in order.tolist()], matrix[order]


def _likely(matrix: Numbers, start: int) -> list[tuple[int, int, float]]:
    """Return the pairs of a block's rows with later ones that are near enough to be judged.

    Each is (row, row, cosine).
    """
    block = matrix[start : start + BLOCK].astype(np.float32)
    # There is no fast product of float16, and all of them as float32 would take much memory.
    parts = range(start, len(matrix), PART)
    nearness = np.hstack([block @ matrix[n : n + PART].astype(np.float32).T for n in parts])
    found: list[tuple[int, int, float]] = []
    for row in range(len(block)):
        later = nearness[row, row + 1 :]
        near = np.flatnonzero(later >= LIKELY)
        nearest = near[np.argsort(-later[near], kind="stable")[:NEIGHBOURS]]
        found += [(start + row, start + row + 1 + int(n), float(later[n])) for n in nearest]
    return found


def _judged(
    owner_id: UUID, pairs: Sequence[tuple[UUID, UUID, float]]
) -> list[tuple[str, str, float]]:
    wanted = sorted({card_id for pair in pairs for card_id in pair[:2]}, key=str)
    found = cards.for_owner(owner_id).in_bulk(wanted)
    present = [
        (found[a], found[b], near)
        for a, b, near in pairs
        if a in found and b in found and found[a].note_id != found[b].note_id
    ]
    scores = overlaps.compare(
        [(similarity.text_of(a), similarity.text_of(b), near) for a, b, near in present]
    )
    return [
        (str(a.id), str(b.id), round(score, 4))
        for (a, b, _), (score, _) in zip(present, scores, strict=True)
        if score >= similarity.SAME
    ]


def _end(search_id: UUID, status: str, now: datetime, *, error: str = "") -> None:
    DuplicateSearch.objects.filter(id=search_id, status=Status.WORKING).update(
        status=status, error=error, updated_at=now
    )


def _pair(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    return (one, other) if str(one) < str(other) else (other, one)


def _root(linked: dict[UUID, UUID], card_id: UUID) -> UUID:
    while linked.setdefault(card_id, card_id) != card_id:
        card_id = linked[card_id]
    return card_id
