"""The duplicate search through a whole collection: a background job, and the groups it finds."""

import logging
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db import transaction
from django.utils import timezone

from flashcards import store
from flashcards.cards import embedding, jobs
from flashcards.domain.records import Flashcard, Kind
from flashcards.duplicates import joining, overlaps, resolving
from flashcards.duplicates.card_text import CardText, text_of
from flashcards.duplicates.formulas import signs_of
from flashcards.duplicates.judge import ORDER, Verdict
from flashcards.duplicates.words import words_of
from flashcards.models import DuplicateSearch
from flashcards.store import Numbers, cards
from memoryloop.embeddings import EmbeddingError

logger = logging.getLogger(__name__)

# Cards farther apart are not compared further: a share of the distance beyond which the model takes
# texts for unrelated. With the built-in one, nine of ten pairs that say the same are nearer.
LIKELY_SHARE = 0.89
# Of those that are not nearer than this, only cards whose answers share words or numbers.
NEARER_SHARE = 0.73
# Rows compared with all later ones in one multiplication. A slice ends with a block.
BLOCK = 128
# Compared with so many at a time.
PART = 8_192
# Of each card only so many of its nearest are judged: more share a topic, not a fact.
NEIGHBOURS = 6
# Pairs judged at once: their texts are embedded together.
JUDGED = 64
PAIRS_MOST = 2_000
# Of pairs that are easily confused, the surest few: many share a topic.
CONFUSABLE_MOST = 200
CONFUSABLE_CHANCE = 0.6
# A worker that has reported no progress for so long is dead.
HEARTBEAT = timedelta(minutes=5)
BROKEN = "The model that compares cards cannot be run right now. Try again later."
INTERRUPTED = "The search was interrupted. Start it again."

Status = DuplicateSearch.Status
# The ids of two cards, how sure it is, and what they are to one another.
Pair = tuple[str, str, float, str]


@dataclass(frozen=True)
class Group:
    """Cards that ask for the same fact, or two that are reversed or easily confused."""

    cards: list[Flashcard]
    score: float
    verdict: Verdict = Verdict.SAME

    @property
    def can_be_joined(self) -> bool:
        """Tell whether two cards asked both ways round can be one note."""
        one, other = self.cards[:2]
        return (
            self.verdict is Verdict.REVERSED
            and one.kind == other.kind == Kind.BASIC
            and joining.are_swapped(text_of(one), text_of(other))
        )

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
    known = [_pair_of(stored) for stored in search.pairs]
    try:
        for compared, total, pairs in _search(owner_id, search.compared, known):
            found = _surest(pairs)
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
    """Return the groups that were found, with the cards as they are now.

    First those that say the same, then pairs that are asked both ways round, then those that are
    easily confused; the likeliest of each first. Pairs that the learner marked, siblings, and cards
    deleted since are left out.
    """
    pairs = [_pair_of(stored) for stored in search.pairs]
    ids = {UUID(i) for pair in pairs for i in pair[:2]}
    chosen = cards.for_owner(owner_id).in_bulk(sorted(ids, key=str)) if ids else {}
    apart = resolving.marked_pairs(owner_id)
    same: list[tuple[UUID, UUID, float]] = []
    found: list[Group] = []
    for first, second, score, verdict in pairs:
        one, other = UUID(first), UUID(second)
        if one not in chosen or other not in chosen or _in_order_of_ids(one, other) in apart:
            continue
        if chosen[one].note_id == chosen[other].note_id:
            continue
        if verdict == Verdict.SAME:
            same.append((one, other, score))
        else:
            pair = _oldest_first([chosen[one], chosen[other]])
            found.append(Group(pair, score, Verdict(verdict)))
    found += _linked(same, chosen)
    return sorted(found, key=lambda group: (ORDER.index(group.verdict), -group.score, group.key))


def _linked(
    pairs: Sequence[tuple[UUID, UUID, float]], chosen: Mapping[UUID, Flashcard]
) -> list[Group]:
    """Return groups of cards that say the same: what is the same as the same card is one group."""
    linked: dict[UUID, UUID] = {}
    scores: dict[UUID, float] = {}
    for one, other, score in pairs:
        a, b = _root(linked, one), _root(linked, other)
        linked[b] = a
        scores[a] = max(score, scores.get(a, 0.0), scores.get(b, 0.0))
    members: dict[UUID, list[Flashcard]] = defaultdict(list)
    for card_id in {*linked, *linked.values()}:
        members[_root(linked, card_id)].append(chosen[card_id])
    return [
        Group(_oldest_first(group), scores.get(root, 0.0))
        for root, group in members.items()
        if len(group) > 1
    ]


def _oldest_first(group: list[Flashcard]) -> list[Flashcard]:
    # The card with the most reviews comes first: it is proposed to be kept.
    return sorted(group, key=lambda card: (-card.reps, card.created_at))


def _pair_of(stored: Sequence[Any]) -> Pair:
    """Return a pair as it was stored; earlier ones were of cards that say the same."""
    one, other, score, *verdict = stored
    return str(one), str(other), float(score), str(verdict[0]) if verdict else Verdict.SAME


def _surest(pairs: Iterable[Pair]) -> list[Pair]:
    by_score = sorted(pairs, key=lambda pair: -pair[2])
    confusable = [pair for pair in by_score if pair[3] == Verdict.CONFUSABLE][:CONFUSABLE_MOST]
    others = [pair for pair in by_score if pair[3] != Verdict.CONFUSABLE][:PAIRS_MOST]
    return [*others, *confusable]


def _search(owner_id: UUID, done: int, pairs: list[Pair]) -> Iterator[tuple[int, int, list[Pair]]]:
    """Yield (cards compared, cards in all, pairs found so far), of which some are known."""
    ids, matrix = _in_order(*store.vectors(owner_id))
    yield min(done, len(ids)), len(ids), pairs
    known = {pair[:2] for pair in pairs}
    unrelated = embedding.unrelated()
    least, sure = 1.0 - LIKELY_SHARE * unrelated, 1.0 - NEARER_SHARE * unrelated
    for start_row in range(done, len(ids), BLOCK):
        likely = _likely(matrix, start_row, least)
        for start_pair in range(0, len(likely), JUDGED):
            part = [(ids[a], ids[b], near >= sure) for a, b, near in likely[start_pair:][:JUDGED]]
            # A slice that was cut off has found some of its block's pairs already.
            pairs += [each for each in _judged(owner_id, part) if each[:2] not in known]
            yield start_row, len(ids), pairs
        yield min(start_row + BLOCK, len(ids)), len(ids), pairs


def _in_order(ids: list[UUID], matrix: Numbers) -> tuple[list[UUID], Numbers]:
    """Return the rows in the order of their ids, so that the next slice finds them there."""
    keys = np.frombuffer(b"".join(each.bytes for each in ids), dtype=[("a", ">u8"), ("b", ">u8")])
    order = np.lexsort((keys["b"], keys["a"]))
    return [ids[row] for row in order.tolist()], matrix[order]


def _likely(matrix: Numbers, start: int, least: float) -> list[tuple[int, int, float]]:
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
        near = np.flatnonzero(later >= least)
        nearest = near[np.argsort(-later[near], kind="stable")[:NEIGHBOURS]]
        found += [(start + row, start + row + 1 + int(n), float(later[n])) for n in nearest]
    return found


def _judged(owner_id: UUID, pairs: Sequence[tuple[UUID, UUID, bool]]) -> list[Pair]:
    """Return those of some pairs that have something in common; each says whether it is near."""
    wanted = sorted({card_id for pair in pairs for card_id in pair[:2]}, key=str)
    found = cards.for_owner(owner_id).in_bulk(wanted)
    present = [
        (found[a], found[b])
        for a, b, is_near in pairs
        if a in found
        and b in found
        and found[a].note_id != found[b].note_id
        and (is_near or _answer_alike(text_of(found[a]), text_of(found[b])))
    ]
    judgements = overlaps.compare([(text_of(a), text_of(b)) for a, b in present])
    return [
        (str(a.id), str(b.id), round(judgement.chance, 4), str(judgement.verdict))
        for (a, b), judgement in zip(present, judgements, strict=True)
        if judgement.verdict in (Verdict.SAME, Verdict.REVERSED)
        or (judgement.verdict is Verdict.CONFUSABLE and judgement.chance >= CONFUSABLE_CHANCE)
    ]


def _answer_alike(one: CardText, other: CardText) -> bool:
    a, b = words_of(one.answer), words_of(other.answer)
    return bool(a.stems & b.stems) or bool(signs_of(one.answer) and signs_of(other.answer))


def _end(search_id: UUID, status: str, now: datetime, *, error: str = "") -> None:
    DuplicateSearch.objects.filter(id=search_id, status=Status.WORKING).update(
        status=status, error=error, updated_at=now
    )


def _in_order_of_ids(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    return (one, other) if str(one) < str(other) else (other, one)


def _root(linked: dict[UUID, UUID], card_id: UUID) -> UUID:
    while linked.setdefault(card_id, card_id) != card_id:
        card_id = linked[card_id]
    return card_id
