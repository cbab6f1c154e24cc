"""Faces on a plane by t-SNE, however many there are (PROTOCOL, "t-SNE").

| how many       | what lays them out                                                           |
|----------------|------------------------------------------------------------------------------|
| up to 1,000    | scikit-learn, in a few seconds, which other loops would take to be compiled   |
| up to `MOST`   | `descent.py`, all of them                                                     |
| more           | the same for a sample of `MOST`; each other face lies beside the nearest of it |
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.kernels.distances import Points
from facetrack.core.faces import Vectors
from facetrack.core.progress import QUIET, Progress
from facetrack.system import threads

MOST = 30_000
"""More are not laid out at once: half a minute."""

_FEW = 1000
_BLOCK = 4096  # faces that are placed at a time
_BLOCK_BYTES = 32 * 2**20  # of distances: products of fewer rows are slow
# Of the way to the nearest face of the sample: so no two of its faces share a neighbourhood.
_BESIDE = 0.45


@dataclass(frozen=True)
class Layout:
    """Where n faces are on a plane.

    coordinates: (n, 2) float32. laid_out: (n,) bool, those that t-SNE has placed; each other one
    is beside the nearest of them.
    """

    coordinates: NDArray[np.float32]
    laid_out: NDArray[np.bool_]

    def choose(self, faces: NDArray[np.integer] | slice) -> "Layout":
        """That of some of the faces."""
        return Layout(self.coordinates[faces], self.laid_out[faces])

    def describe(self) -> str:
        """A sentence on what was sampled; empty where nothing was."""
        n, some = len(self.laid_out), int(self.laid_out.sum())
        if some == n:
            return ""
        return (
            f"{some:,} of {n:,} faces were laid out by t-SNE, the rest placed beside their nearest."
        )

    def caption(self) -> str:
        """The same to follow a number of faces, in few words."""
        some = int(self.laid_out.sum())
        if some == len(self.laid_out):
            return ""
        return f", {some:,} of them laid out, the rest beside their nearest"


def name_method(n: int, most: int = MOST) -> str:
    """How so many faces are laid out, in letters: another method puts them elsewhere.

    To be changed with anything that changes a layout.
    """
    name = "sklearn" if min(n, most) <= _FEW else "mesh1"
    return name if n <= most else f"{name}of{most}"


def draw_sample(n: int, seed: int, most: int = MOST) -> NDArray[np.bool_]:
    """Which of n faces are laid out, (n,): all, or as many as may be, each as likely as another."""
    sampled = np.ones(n, bool)
    if n > most:
        sampled[np.random.RandomState(seed).permutation(n)[most:]] = False
    return sampled


def compute_layout(
    vectors: Vectors, seed: int, progress: Progress = QUIET, most: int = MOST
) -> Layout:
    """The layout of (n, d) vectors: the same for the same seed, in every process.

    most: how many are laid out at once, no more.
    """
    sampled = draw_sample(len(vectors), seed, most)
    if sampled.all():
        return Layout(_lay_out(vectors, seed, progress), sampled)
    coordinates = np.empty((len(vectors), 2), np.float32)
    coordinates[sampled] = _lay_out(vectors[sampled], seed, progress)
    coordinates[~sampled] = _place(
        vectors[~sampled], vectors[sampled], coordinates[sampled], seed, progress
    )
    return Layout(coordinates, sampled)


def _lay_out(vectors: Vectors, seed: int, progress: Progress) -> NDArray[np.float32]:
    if len(vectors) == 0 or (vectors == vectors[0]).all():
        # One place for all. Their spread, which is divided by, is 0.
        return np.zeros((len(vectors), 2), np.float32)
    if len(vectors) <= _FEW:
        return _fit_few(vectors, seed)
    from facetrack.evaluation.tsne.descent import lay_out

    return lay_out(vectors, seed, progress).astype(np.float32)


def _fit_few(vectors: Vectors, seed: int) -> NDArray[np.float32]:
    """scikit-learn's defaults.

    The perplexity, 30 by default, must be below n: it is (n - 1) / 3 for 30 faces or fewer.
    """
    from sklearn.manifold import TSNE

    n = len(vectors)
    # One thread: the number of BLAS threads shows in the result, and on a machine with
    # other jobs two threads took 12 times as long as one for 600 faces.
    with threads.limit(1):
        perplexity = 30.0 if n > 30 else (n - 1) / 3
        model = TSNE(n_components=2, perplexity=perplexity, random_state=seed)
        return np.asarray(model.fit_transform(vectors), dtype=np.float32)


def _find_nearest(vectors: Vectors, sample: Vectors, progress: Progress) -> NDArray[np.int64]:
    """The nearest of the sample, (m,): of two that rounding cannot tell apart either.

    Products of one thread and one size are the same in every process; two of them run at a time.
    """
    points = Points(sample)

    def find(start: int) -> NDArray[np.int64]:
        blocks = points.squared(vectors[start : start + _BLOCK], np.float32, _BLOCK_BYTES)
        return np.concatenate([squared.argmin(axis=1) for _, squared, _ in blocks])

    starts = range(0, len(vectors), _BLOCK)
    pool = ThreadPoolExecutor(2)
    try:
        with threads.limit(1):
            blocks = progress.bar(
                pool.map(find, starts), total=len(starts), description="placing faces", unit="block"
            )
            return np.concatenate(list(blocks))
    finally:
        pool.shutdown(cancel_futures=True)  # who interrupts does not wait for all of them


def _place(
    vectors: Vectors,
    sample: Vectors,
    where: NDArray[np.float32],
    seed: int,
    progress: Progress,
) -> NDArray[np.float64]:
    """(m, 2) places beside the nearest of the sample, which is at (s, 2) `where`.

    They fill a disc about it that touches no other face's, and is no larger than most.
    """
    from scipy.spatial import KDTree

    nearest = _find_nearest(vectors, sample, progress)
    apart = KDTree(where).query(where, 2)[0][:, 1]
    radii = _BESIDE * np.minimum(apart, np.median(apart))[nearest]
    random = np.random.RandomState(seed)
    radii *= np.sqrt(random.random_sample(len(nearest)))
    angles = 2 * np.pi * random.random_sample(len(nearest))
    away: NDArray[np.float64] = np.column_stack([np.cos(angles), np.sin(angles)])
    away *= radii[:, None]
    return where[nearest] + away
