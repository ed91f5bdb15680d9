"""The layout: positions in two dimensions in which cards that mean much the same are near.

t-SNE (van der Maaten and Hinton, 2008), begun from the principal components (Kobak and Berens,
2019) with its repulsion on a mesh. docs/decisions/0061-card-map.md says why it is ours, and how
well the neighbours of cards are kept.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from flashcards.insight.mapping.affinities import Affinities, affinities
from flashcards.insight.mapping.components import Floats, Vectors, reduce
from flashcards.insight.mapping.neighbours import Places, nearest
from flashcards.insight.mapping.repulsion import Repulsion

# Of fewer cards there is no map.
CARDS_LEAST = 6
# Directions that are kept of the vectors: they tell nine of ten nearest neighbours.
COMPONENTS = 50
NEIGHBOURS, PERPLEXITY = 15, 10.0
# (steps, exaggeration of what attracts, momentum): first groups find together, then they open.
PHASES = ((80, 12.0, 0.5), (170, 1.5, 0.8))
STEPS = sum(steps for steps, _, _ in PHASES)
# A twelfth of the number of points, which is the usual rate, is too small for a few.
_RATE_LEAST = 10.0
# The spread of the positions at the beginning.
_BEGIN = 1e-4
# A card is placed among so many of those nearest to it, and beside them by so much of the map.
_PLACED_AMONG = 3
_BESIDE = 0.004
_ROWS = 256
# The share of the work that finding neighbours is, for the progress.
_NEIGHBOURS_SHARE = 0.3


class Cancelled(Exception):
    """The progress function wants no more."""


def lay_out(
    vectors: Vectors,
    *,
    begin: Floats | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> Floats:
    """Return (n, 2) float32 positions of at least CARDS_LEAST vectors, within -1 to 1.

    `begin` are (n, 2) positions to begin from, as of an older layout. `progress` gets the share
    that is done and may raise to end it. 100,000 take about a minute of one core, and 200 MB of
    memory besides the vectors.
    """
    return lay_out_points(reduce(vectors, COMPONENTS), begin=begin, progress=progress)


def lay_out_points(
    points: Floats,
    *,
    begin: Floats | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> Floats:
    """Return the layout of vectors that are reduced already; see `lay_out`."""
    near, distances = _neighbours(points, progress)
    pairs = affinities(near, distances, PERPLEXITY)
    del near, distances
    # Of vectors of one dimension there is one component.
    found = np.pad(points, ((0, 0), (0, 1)))[:, :2] if begin is None else begin
    found = found / max(float(found.std()), 1e-12) * _BEGIN
    return within(_moved(found.astype(np.float32), pairs, progress))


def _neighbours(points: Floats, progress: Callable[[float], None]) -> tuple[Places, Floats]:
    size = len(points)
    # Of a few cards not nearly all are neighbours.
    count = min(NEIGHBOURS, max(2, size // 3))
    near = np.empty((size, count), dtype=np.int32)
    distances = np.empty((size, count), dtype=np.float32)
    done = 0
    for rows, places, far in nearest(points, count):
        near[rows], distances[rows] = places, far
        done += len(rows)
        progress(_NEIGHBOURS_SHARE * done / size)
    return near, distances


def _moved(points: Floats, pairs: Affinities, progress: Callable[[float], None]) -> Floats:
    """Return the positions after all steps of the descent."""
    size, step = len(points), 0
    rate = np.float32(max(_RATE_LEAST, size / 12))
    velocity, gains = np.zeros_like(points), np.ones_like(points)
    repulsion = Repulsion()
    one, other, weights, starts = pairs.one, pairs.other, pairs.weights, pairs.starts
    for steps, exaggeration, momentum in PHASES:
        for _ in range(steps):
            x = points[one, 0] - points[other, 0]
            y = points[one, 1] - points[other, 1]
            pull = weights / (1 + x * x + y * y)
            pulled = np.stack(
                [np.add.reduceat(pull * x, starts), np.add.reduceat(pull * y, starts)], axis=1
            )
            gradient = 4 * (np.float32(exaggeration) * pulled - repulsion.forces(points))
            turns = np.sign(gradient) != np.sign(velocity)
            gains = np.maximum(np.where(turns, gains + 0.2, gains * 0.8), 0.01).astype(np.float32)
            velocity = np.float32(momentum) * velocity - rate * gains * gradient
            points = points + velocity
            points -= points.mean(axis=0)
            step += 1
            progress(_NEIGHBOURS_SHARE + (1 - _NEIGHBOURS_SHARE) * step / STEPS)
    return points


def within(points: Floats) -> Floats:
    """Return positions centred and scaled, so that they are within -1 to 1."""
    low, high = points.min(axis=0), points.max(axis=0)
    half = max(float((high - low).max()) / 2, 1e-9)
    scaled: Floats = ((points - (low + high) / 2) / half).astype(np.float32)
    return scaled


def turned(points: Floats, old: Floats, kept: NDArray[np.bool_]) -> Floats:
    """Return a layout turned, or mirrored, so that it is most like the old one.

    `old` are (m, 2) positions of the m points that are `kept`. Orthogonal Procrustes.
    """
    if len(old) < 2:
        return points
    middle = points[kept].mean(axis=0)
    left, _, right = np.linalg.svd((points[kept] - middle).T @ (old - old.mean(axis=0)))
    return within(((points - middle) @ (left @ right)).astype(np.float32))


def placed(vectors: Vectors, known: Vectors, positions: Floats) -> Floats:
    """Return (m, 2): where new vectors go in a layout, without moving what is there.

    Each goes among the known ones nearest to it, a little to a side of its own.
    """
    found = np.empty((len(vectors), 2), dtype=np.float32)
    among = min(_PLACED_AMONG, len(known))
    for start in range(0, len(vectors), _ROWS):
        part = vectors[start : start + _ROWS].astype(np.float32)
        likeness = _likeness(part, known)
        near = np.argpartition(-likeness, among - 1, axis=1)[:, :among]
        like = np.take_along_axis(likeness, near, 1)
        best = like.argmax(axis=1)
        # Of neighbours in several places of the map, those near to the nearest one count.
        spots = positions[near]
        home = spots[np.arange(len(part)), best][:, None]
        far = ((spots - home) ** 2).sum(axis=2)
        weights = np.maximum(like, 0.01) ** 4 * (far < 0.01)
        weights[np.arange(len(part)), best] += 1e-6
        middle = (spots * weights[..., None]).sum(axis=1) / weights.sum(axis=1)[:, None]
        turn = np.arange(start, start + len(part)) * 2.399963
        found[start : start + len(part)] = middle + _BESIDE * np.stack(
            [np.cos(turn), np.sin(turn)], axis=1
        )
    return found.clip(-1, 1)


def _likeness(part: Floats, known: Vectors) -> Floats:
    """Return (rows, n) cosines of vectors of unit length, a part of the known ones at a time."""
    pieces = [
        part @ known[start : start + 4_096].astype(np.float32).T
        for start in range(0, len(known), 4_096)
    ]
    return np.concatenate(pieces, axis=1)
