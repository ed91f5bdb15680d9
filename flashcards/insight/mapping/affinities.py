"""Affinities: how much two points belong together, as t-SNE has it, of near points only."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flashcards.insight.mapping.components import Floats
from flashcards.insight.mapping.neighbours import Places

# Halvings of the range that a point's width is looked for in.
_HALVINGS = 40


@dataclass(frozen=True)
class Affinities:
    """Pairs of points, each both ways round, sorted by the first, with weights that sum to 1."""

    # (pairs,) places of both points.
    one: Places
    other: Places
    weights: Floats
    # (n,) where the pairs of each point begin; each point has at least one.
    starts: NDArray[np.int64]


def affinities(near: Places, distances: Floats, perplexity: float) -> Affinities:
    """Return the affinities of points with (n, k) nearest neighbours at squared distances.

    Each point's kernel is as wide as makes its neighbours worth `perplexity` equal ones.
    """
    size, count = near.shape
    weights = _kernels(distances, perplexity)
    first = np.repeat(np.arange(size, dtype=np.int64), count)
    second = near.ravel().astype(np.int64)
    pairs = np.concatenate([first * size + second, second * size + first])
    both = np.concatenate([weights.ravel(), weights.ravel()])
    del first, second, weights
    order = np.argsort(pairs, kind="stable")
    pairs, both = pairs[order], both[order]
    begins = np.flatnonzero(np.concatenate([[True], pairs[1:] != pairs[:-1]]))
    summed = np.add.reduceat(both, begins)
    pairs = pairs[begins]
    one = (pairs // size).astype(np.int32)
    return Affinities(
        one,
        (pairs % size).astype(np.int32),
        (summed / summed.sum()).astype(np.float32),
        np.searchsorted(one, np.arange(size)),
    )


def _kernels(distances: Floats, perplexity: float) -> Floats:
    """Return the weight of each neighbour for each point; each row sums to 1."""
    far = distances - distances.min(axis=1, keepdims=True)
    wanted = np.float32(np.log(min(perplexity, far.shape[1] * 0.99)))
    sharpness = 1 / np.maximum(far.mean(axis=1), np.float32(1e-12))
    low = np.zeros_like(sharpness)
    high = np.full_like(sharpness, np.inf)
    for _ in range(_HALVINGS):
        kernel = np.exp(-far * sharpness[:, None])
        total = kernel.sum(axis=1)
        entropy = np.log(total) + sharpness * (kernel * far).sum(axis=1) / total
        is_wide = entropy > wanted
        low = np.where(is_wide, sharpness, low)
        high = np.where(is_wide, high, sharpness)
        doubled = np.minimum(sharpness * 2, np.float32(1e12))
        sharpness = np.where(np.isinf(high), doubled, (low + high) / 2)
    kernel = np.exp(-far * sharpness[:, None])
    weights: Floats = kernel / kernel.sum(axis=1, keepdims=True)
    return weights
