"""Principal components: the few directions in which vectors differ most."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Vectors = NDArray[np.float16] | Floats

# Rows that are turned into float32 at a time: 15 MB of 900 dimensions.
_PART = 4_096


def reduce(vectors: Vectors, dimensions: int) -> Floats:
    """Return (n, `dimensions`) float32, or fewer where the vectors have fewer; centred.

    By the covariance of all vectors, of which a part at a time is in memory besides them. The same
    vectors give the same, up to rounding, in whichever order they are.
    """
    count, width = vectors.shape
    mean = np.zeros(width)
    products = np.zeros((width, width))
    for start in range(0, count, _PART):
        part = vectors[start : start + _PART].astype(np.float32)
        mean += part.sum(axis=0)
        products += part.T @ part
    mean /= max(1, count)
    covariance = products - count * np.outer(mean, mean)
    _, axes = np.linalg.eigh(covariance)
    axes = axes[:, ::-1][:, : min(dimensions, width)]
    # An axis has no direction of its own: its largest entry is to be positive.
    largest = np.argmax(np.abs(axes), axis=0)
    axes = (axes * np.sign(axes[largest, np.arange(axes.shape[1])])).astype(np.float32)
    reduced = np.empty((count, axes.shape[1]), dtype=np.float32)
    shift = mean.astype(np.float32) @ axes
    for start in range(0, count, _PART):
        part = vectors[start : start + _PART].astype(np.float32)
        reduced[start : start + _PART] = part @ axes - shift
    return reduced
