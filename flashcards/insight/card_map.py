"""The card map: made in the background, and kept for each learner.

New cards are placed among those nearest to them. When a tenth is new or gone, or another embedding
model serves, all cards are laid out anew, turned as the old layout was.
"""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

import numpy as np
from django.db import transaction
from django.db.models import QuerySet

from flashcards import store
from flashcards.cards import jobs
from flashcards.domain.search_text import search_text
from flashcards.insight.mapping import layout, regions
from flashcards.insight.mapping.components import reduce
from flashcards.insight.mapping.layout import CARDS_LEAST, Cancelled
from flashcards.insight.mapping.regions import Region
from flashcards.models import CardMap
from flashcards.store import Numbers
from memoryloop.errors import sentence_of

logger = logging.getLogger(__name__)

# With so many new cards as a share of those that were laid out, all are laid out anew.
NEW_SHARE = 0.1
# A layout begins from the old one, unless so many of its cards are new.
BEGIN_ANEW_SHARE = 0.5
# In larger collections the worker places new cards: their vectors take a while to read.
PLACED_AT_ONCE_MOST = 5_000
# The worker is asked again for what it could not do, as for cards without a vector, after so long.
AGAIN_AFTER = timedelta(minutes=1)
# A worker that has reported nothing for so long is dead.
HEARTBEAT = timedelta(minutes=5)
_BEAT_SECONDS = 1.0
# The words of so many cards name the regions.
_READ_MOST = 12_000
_READ_AT_ONCE = 1_000
BROKEN = "The map could not be made. Try again later."
INTERRUPTED = "Making the map was interrupted. Try again."

Status = CardMap.Status
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Layout:
    """Where a learner's cards lie: a version of the map."""

    row: CardMap

    @property
    def version(self) -> int:
        return self.row.version

    @cached_property
    def id_texts(self) -> Numbers:
        """Return the cards' ids as text of 36 bytes, (n,)."""
        return id_texts(bytes(self.row.card_ids))

    @cached_property
    def positions(self) -> Numbers:
        """Return (n, 2) float32, from -1 to 1; upwards is positive."""
        return np.frombuffer(bytes(self.row.positions), dtype="<f4").reshape(-1, 2)

    @cached_property
    def regions(self) -> list[Region]:
        return [
            Region(each["x"], each["y"], each["level"], tuple(each["words"]))
            for each in self.row.regions
        ]

    def __len__(self) -> int:
        return len(self.row.card_ids) // 16


def id_texts(packed: bytes) -> Numbers:
    """Return ids of 16 bytes each as text of 36 bytes each, (n,)."""
    digits = np.frombuffer(packed.hex().encode(), dtype="S1").reshape(-1, 32)
    text = np.full((len(digits), 36), b"-", dtype="S1")
    for start, end, at in ((0, 8, 0), (8, 12, 9), (12, 16, 14), (16, 20, 19), (20, 32, 24)):
        text[:, at : at + end - start] = digits[:, start:end]
    return text.reshape(-1).view("S36")


def latest(*, owner_id: UUID, now: datetime) -> CardMap | None:
    """Return the learner's map; one whose worker died becomes failed. One SQL query or two."""
    row = CardMap.objects.filter(owner_id=owner_id).first()
    if row and row.status == Status.WORKING and row.updated_at <= now - HEARTBEAT:
        row.status, row.error = Status.FAILED, INTERRUPTED
        row.save(update_fields=["status", "error"])
    return row


def bring_up(*, owner_id: UUID, now: datetime) -> CardMap | None:
    """Return the learner's map, with what was added since placed, or asked of the worker.

    None while there are too few cards for a map. One that failed or was stopped stays as it is.
    """
    row = latest(owner_id=owner_id, now=now)
    columns = store.columns(owner_id)
    if columns.total < CARDS_LEAST:
        return row if row is not None and row.version else None
    if row is None:
        return request(owner_id=owner_id, now=now)
    if row.status != Status.DONE:
        return row
    known = int((columns.places_of(Layout(row).id_texts) >= 0).sum())
    new = columns.total - known
    serving = store.read_vector_sets().serving.key
    is_old = row.vectors != serving or _is_old(row, known, new)
    if not is_old and not new:
        return row
    if not is_old and columns.total <= PLACED_AT_ONCE_MOST:
        return _place(row, now)
    # What it could not do just now, as cards had no vectors yet, it cannot do again at once.
    return row if row.updated_at > now - AGAIN_AFTER else request(owner_id=owner_id, now=now)


def request(*, owner_id: UUID, now: datetime) -> CardMap:
    """Have the map made or brought up by the worker, and return it; what there is stays seen."""
    with transaction.atomic():
        row, _ = CardMap.objects.select_for_update().get_or_create(
            owner_id=owner_id, defaults={"status": Status.FAILED, "updated_at": now}
        )
        if row.status == Status.WORKING and row.updated_at > now - HEARTBEAT:
            return row
        row.status, row.error, row.progress = Status.WORKING, "", 0
        row.run, row.updated_at = uuid.uuid4(), now
        row.save(update_fields=["status", "error", "progress", "run", "updated_at"])
        jobs.request_map(owner_id)
    return row


def stop(*, owner_id: UUID, now: datetime) -> None:
    """Have the worker give up the map that it is making; what was there before stays."""
    CardMap.objects.filter(owner_id=owner_id, status=Status.WORKING).update(
        status=Status.STOPPED, run=uuid.uuid4(), updated_at=now
    )


def run(*, owner_id: UUID, clock: Clock) -> None:
    """Make the learner's map, or place new cards in it. For the worker; saves its progress."""
    row = CardMap.objects.filter(owner_id=owner_id, status=Status.WORKING).first()
    if row is None:
        return
    try:
        _bring_up(row, clock)
    except Cancelled:
        # The learner stopped it, the account is gone, or another job took over.
        logger.info("The making of a map was given up.")
    except Exception as error:
        told = sentence_of(error, BROKEN)
        _own(row).update(status=Status.FAILED, error=told, updated_at=clock())
        raise


def _bring_up(row: CardMap, clock: Clock) -> None:
    store.settle_batches(row.owner_id)
    serving = store.read_vector_sets().serving.key
    ids, vectors = store.vectors(row.owner_id)
    old = _known(row, ids)
    gone = row.laid_out - int((old >= 0).sum())
    is_new = old < 0
    fits = row.version > 0 and row.vectors == serving
    if fits and not _is_old(row, row.laid_out - gone, int(is_new.sum())):
        _write_placed(row, ids, vectors, old, clock())
        return
    if len(ids) < CARDS_LEAST:
        # The vectors are still being made.
        _own(row).update(status=Status.DONE, updated_at=clock())
        return
    points = reduce(vectors, layout.COMPONENTS)
    del vectors
    before = Layout(row).positions[old[~is_new]]
    begin = None
    if fits and is_new.mean() < BEGIN_ANEW_SHARE:
        unit = points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-9)
        begin = np.empty((len(ids), 2), dtype=np.float32)
        begin[~is_new] = before
        begin[is_new] = layout.placed(unit[is_new], unit[~is_new], before)
    found = layout.lay_out_points(points, begin=begin, progress=_beat(row, clock))
    found = layout.turned(found, before, ~is_new)
    named = regions.find(found, _texts(row.owner_id, ids))
    _own(row).update(
        status=Status.DONE,
        progress=100,
        updated_at=clock(),
        made_at=clock(),
        version=row.version + 1,
        vectors=serving,
        laid_out=len(ids),
        card_ids=b"".join(each.bytes for each in ids),
        positions=found.astype("<f4").tobytes(),
        regions=[
            {"x": each.x, "y": each.y, "level": each.level, "words": list(each.words)}
            for each in named
        ],
    )


def _place(row: CardMap, now: datetime) -> CardMap:
    """Place new cards at once, those of them that have a vector already."""
    ids, vectors = store.vectors(row.owner_id)
    _write_placed(row, ids, vectors, _known(row, ids), now)
    row.refresh_from_db()
    return row


def _write_placed(
    row: CardMap, ids: list[UUID], vectors: Numbers, old: Numbers, now: datetime
) -> None:
    """Put the new ones of the cards with these vectors behind the others of the map."""
    is_new = np.flatnonzero(old < 0)
    values: dict[str, object] = {"status": Status.DONE, "progress": 100, "updated_at": now}
    if len(is_new):
        is_old = old >= 0
        known = Layout(row).positions
        spots = layout.placed(vectors[is_new], vectors[is_old], known[old[is_old]])
        fresh = b"".join(ids[place].bytes for place in is_new.tolist())
        values |= {
            "version": row.version + 1,
            "card_ids": bytes(row.card_ids) + fresh,
            "positions": bytes(row.positions) + spots.astype("<f4").tobytes(),
        }
    _own(row).filter(version=row.version).update(**values)


def _is_old(row: CardMap, known: int, new: int) -> bool:
    """Tell whether so much is new or gone that all is to be laid out anew."""
    placed = max(0, len(row.card_ids) // 16 - row.laid_out)
    gone = max(0, row.laid_out + placed - known)
    return placed + new + gone > NEW_SHARE * row.laid_out


def _known(row: CardMap, ids: list[UUID]) -> Numbers:
    """Return where each card stands in the map; -1 for one that does not."""
    packed = bytes(row.card_ids)
    at = {packed[start : start + 16]: start // 16 for start in range(0, len(packed), 16)}
    return np.array([at.get(each.bytes, -1) for each in ids], dtype=np.int64)


def _texts(owner_id: UUID, ids: list[UUID]) -> dict[int, str]:
    """Return the words of some of the cards, by the place of each."""
    columns = store.columns(owner_id)
    places = columns.places_of(ids)
    there = np.flatnonzero(places >= 0)
    if len(there) > _READ_MOST:
        there = np.sort(np.random.default_rng(0).choice(there, _READ_MOST, replace=False))
    texts = {}
    for start in range(0, len(there), _READ_AT_ONCE):
        part = there[start : start + _READ_AT_ONCE]
        for place, card in zip(part.tolist(), columns.cards(places[part]), strict=True):
            texts[place] = search_text(card)
    return texts


def _beat(row: CardMap, clock: Clock) -> Callable[[float], None]:
    """Return what saves the progress, each second. Raises Cancelled when the run is not ours."""
    last = clock()

    def beat(share: float) -> None:
        nonlocal last
        now = clock()
        if (now - last).total_seconds() < _BEAT_SECONDS:
            return
        last = now
        if not _own(row).update(progress=min(99, int(100 * share)), updated_at=now):
            raise Cancelled

    return beat


def _own(row: CardMap) -> "QuerySet[CardMap]":
    """Return the row, if it is still ours to write."""
    return CardMap.objects.filter(id=row.id, run=row.run)
