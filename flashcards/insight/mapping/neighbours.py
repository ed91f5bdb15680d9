"""Nearest neighbours of many points: of all where they are few, else within the nearest groups."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from flashcards.insight.mapping.components import Floats

Places = NDArray[np.int32]

# With fewer points each is compared with all.
_EXACT_MOST = 4_000
# Else points are put into groups, as many as the root of their number, and compared with those of
# the nearest groups: about 96 of 100 neighbours are found among a hundred thousand.
_GROUPS_LOOKED_INTO = 12
_SAMPLE = 20_000
_ROUNDS = 6
_ROWS = 512
_FAR = np.float32(1e30)


def nearest(points: Floats, count: int) -> Iterator[tuple[Places, Places, Floats]]:
    """Yield, a part of the points at a time, their places, those of their neighbours, and how far.

    Distances are Euclidean, squared. `count` must be less than the number of points.
    """
    squares = np.einsum("ij,ij->i", points, points)
    for rows, among in _pairs(points, count):
        far = squares[rows][:, None] + squares[among][None] - 2 * (points[rows] @ points[among].T)
        far[rows[:, None] == among[None]] = _FAR
        found = np.argpartition(far, count - 1, axis=1)[:, :count]
        yield rows, among[found], np.maximum(np.take_along_axis(far, found, 1), 0)


def _pairs(points: Floats, count: int) -> Iterator[tuple[Places, Places]]:
    """Yield places, and the places of what each of them is compared with."""
    size = len(points)
    every = np.arange(size, dtype=np.int32)
    if size <= _EXACT_MOST:
        for start in range(0, size, _ROWS):
            yield every[start : start + _ROWS], every
        return
    number = int(np.sqrt(size))
    centres = group_centres(points, number)
    group = nearest_centres(points, centres)
    order = np.argsort(group, kind="stable").astype(np.int32)
    members = np.split(order, np.searchsorted(group[order], np.arange(1, number)))
    apart = ((centres[:, None] - centres[None]) ** 2).sum(axis=-1)
    for own, others in zip(members, np.argsort(apart, axis=1), strict=True):
        looked_into = _GROUPS_LOOKED_INTO
        while sum(len(members[each]) for each in others[:looked_into]) <= count:
            looked_into += 1
        among = np.concatenate([members[each] for each in others[:looked_into]])
        if not np.isin(own[:1], among).all():
            among = np.concatenate([own, among])
        for start in range(0, len(own), _ROWS):
            yield own[start : start + _ROWS], among


def group_centres(points: Floats, number: int, *, seed: int = 0) -> Floats:
    """Return (`number`, dimensions): the centres of groups of near points, by k-means.

    Of a sample of the points, where there are many.
    """
    random = np.random.default_rng(seed)
    sample = points
    if len(points) > _SAMPLE:
        sample = points[random.choice(len(points), _SAMPLE, replace=False)]
    centres = sample[random.choice(len(sample), number, replace=False)].copy()
    for _ in range(_ROUNDS):
        group = nearest_centres(sample, centres)
        sizes = np.bincount(group, minlength=number)
        sums = np.stack(
            [np.bincount(group, column, minlength=number) for column in sample.T], axis=1
        )
        filled = sizes > 0
        centres[filled] = sums[filled] / sizes[filled, None]
    return centres


def nearest_centres(points: Floats, centres: Floats) -> NDArray[np.int64]:
    """Return for each point the number of the centre that is nearest."""
    halves = np.einsum("ij,ij->i", centres, centres) / 2
    return np.concatenate(
        [
            np.argmax(points[start : start + _ROWS] @ centres.T - halves, axis=1)
            for start in range(0, len(points), _ROWS)
        ]
    )
