"""Repulsion: how all points of a layout push one another apart, worked out on a mesh.

The forces of t-SNE are convolutions of the points' density. Points are spread on a mesh, the
convolution is done by fast Fourier transforms, and the forces are read back where the points are
(Linderman and others, 2019, with linear interpolation). What it costs grows with the points, not
with their pairs. Of a few points all pairs are looked at instead.
"""

import numpy as np
from numpy.typing import NDArray

from flashcards.insight.mapping.components import Floats

# The mesh is this fine, in the unit of the layout's kernel, as far as the cells suffice.
_SPACING = 0.4
_CELLS_LEAST, _CELLS_MOST = 32, 512
# Of so few points each pair is looked at: that is exact, and no slower than a mesh. The layout of a
# few dozen may become so wide that a mesh has all of its cells, and takes seconds.
_PAIRS_MOST = 100
# The mesh reaches beyond the points, so that it need not be made anew at each step.
_MARGIN = 1.2


class Repulsion:
    """The forces between points, with the mesh of the last step if they are many."""

    def __init__(self) -> None:
        self._half = 0.0
        self._cells = 0
        self._kernels: list[NDArray[np.complexfloating]] = []

    def forces(self, points: Floats) -> Floats:
        """Return (n, 2): the sum of (a - b) / (1 + |a - b|²)², over that of 1 / (1 + |a - b|²)."""
        if len(points) <= _PAIRS_MOST:
            return _of_pairs(points)
        self._fit(points)
        cells = self._cells
        scaled = (points + np.float32(self._half)) / np.float32(self._spacing)
        corner = scaled.astype(np.int32)
        x, y = (scaled - corner).T
        at = corner[:, 0] * cells + corner[:, 1]
        corners = (
            (at, (1 - x) * (1 - y)),
            (at + 1, (1 - x) * y),
            (at + cells, x * (1 - y)),
            (at + cells + 1, x * y),
        )
        density = np.zeros(cells * cells)
        for place, share in corners:
            density += np.bincount(place, share, minlength=cells * cells)
        doubled = (2 * cells, 2 * cells)
        spectrum = np.fft.rfft2(density.reshape(cells, cells).astype(np.float32), s=doubled)
        felt = []
        for kernel in self._kernels:
            field = np.fft.irfft2(spectrum * kernel, s=doubled)[:cells, :cells].ravel()
            felt.append(sum(share * field[place] for place, share in corners))
        total, pushed_x, pushed_y = felt
        # Each point is at no distance from itself.
        others = max(float(np.sum(total)) - len(points), 1e-6)
        return (np.stack([pushed_x, pushed_y], axis=1) / others).astype(np.float32)

    @property
    def _spacing(self) -> float:
        return 2 * self._half / (self._cells - 1)

    def _fit(self, points: Floats) -> None:
        """Have a mesh that holds the points, and is not much larger."""
        reach = float(np.abs(points).max()) * 1.001 + 1e-6
        if self._half / 2 < reach < self._half:
            return
        self._half = reach * _MARGIN
        wanted = 2 ** int(np.ceil(np.log2(max(2 * self._half / _SPACING, 1))))
        self._cells = min(max(wanted, _CELLS_LEAST), _CELLS_MOST)
        # To either side, as the transform goes round.
        steps = np.fft.fftfreq(2 * self._cells, 1 / (2 * self._cells)) * self._spacing
        across = steps.astype(np.float32)[:, None]
        along = across.T
        near = 1 / (1 + across * across + along * along)
        squared = near * near
        self._kernels = [np.fft.rfft2(each) for each in (near, squared * across, squared * along)]


def _of_pairs(points: Floats) -> Floats:
    apart = points[:, None, :] - points[None, :, :]
    near = 1 / (1 + np.square(apart).sum(axis=2))
    others = max(float(near.sum()) - len(points), 1e-6)
    forces: Floats = (np.einsum("ab,abd->ad", near * near, apart) / others).astype(np.float32)
    return forces
