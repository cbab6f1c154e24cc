"""What pushes the points of a t-SNE apart, for all of them at once, by a grid.

Every two points push each other by (yᵢ - yⱼ) / (1 + |yᵢ - yⱼ|²)², which is minus half the slope of
Σⱼ 1 / (1 + |yᵢ - yⱼ|²). That sum is smooth, so it is worked out at the nodes of a grid, where it is
a convolution and takes two Fourier transforms, and read between them by splines: the particle mesh
of molecular dynamics (Essmann et al. 1995, "A smooth particle mesh Ewald method"). That t-SNE's
sums can go over a grid is Linderman et al. 2019 ("Fast interpolation-based t-SNE for improved
visualization of single-cell RNA-seq data", Nature Methods 16). The time grows with the points and
with the plane that they cover, not with the pairs.
"""

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from facetrack.evaluation.tsne.kernels import NODES, read, spread

Places = NDArray[np.float64]

CELL = 0.5
"""A cell's side. The push of a pair, up to 0.32, is then off by 0.03 at most, of many by 1 %."""

# Of a spline of degree 5 at its middle node and the two beside it.
_AT_NODES = np.array([66, 26, 1]) / 120
# Room to grow by before there is another grid, whose kernel has to be made.
_SPARE = 1.1


class Mesh:
    """A grid that follows its points as they spread."""

    def __init__(self) -> None:
        self._side = 0  # of the grid with as much again around it, so that its ends do not meet
        self._kernel = np.empty((0, 0))

    def repel(self, places: Places) -> tuple[Places, float]:
        """What pushes each of (n, 2) points, (n, 2), and Σ 1 / (1 + |yᵢ - yⱼ|²) over all pairs.

        A pair counts in both directions, a point with itself not at all.
        """
        cells = places / CELL
        cells -= cells.min(axis=0)
        needed = int(cells.max()) + NODES
        if not needed <= self._side // 2 <= 2 * _SPARE * needed:
            self._plan(int(_SPARE * needed) + NODES)
        grid = np.zeros((needed, needed))
        spread(cells, grid)
        slope = np.empty_like(places)
        total = read(cells, self._convolve(grid), slope)
        slope -= slope.mean(axis=0)  # what two points do to each other cancels
        return slope * (-0.5 / CELL), total - len(places)

    def _plan(self, needed: int) -> None:
        """A grid of at least so many nodes a side, and the kernel between its nodes."""
        self._side = scipy.fft.next_fast_len(2 * needed, real=True)
        far = np.minimum(np.arange(self._side), self._side - np.arange(self._side)) * CELL
        between = 1 / (1 + far[:, None] ** 2 + far**2)
        # Points are shared out by splines, and the sum is read by them: undone, so that a point on
        # a node has there what it has without a grid.
        turns = 2 * np.pi * np.arange(self._side) / self._side
        blur = _AT_NODES[0] + 2 * sum(_AT_NODES[i] * np.cos(i * turns) for i in (1, 2))
        half = self._side // 2 + 1
        self._kernel = scipy.fft.rfft2(between).real / np.outer(blur**2, blur[:half] ** 2)

    def _convolve(self, grid: Places) -> Places:
        """The sum over a grid's nodes, at each of them; without the zeros around it."""
        waves = scipy.fft.fft(scipy.fft.rfft(grid, self._side, axis=1), self._side, axis=0)
        waves *= self._kernel
        back = scipy.fft.ifft(waves, axis=0, overwrite_x=True)[: len(grid)]
        field: Places = scipy.fft.irfft(back, self._side, axis=1)
        return field
