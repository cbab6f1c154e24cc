"""t-SNE by gradient descent (van der Maaten and Hinton 2008), for tens of thousands of points.

Each point is pulled to its nearest neighbours and pushed away from all others, first with
twelvefold pulls, which gather what belongs together, then with less and less. Steps are as long as
Belkina et al. 2019 have them ("Automated optimized parameters for t-distributed stochastic neighbor
embedding", Nature Communications 10): n by how many times the pulls are multiplied.

All sums are in one order and on one thread, so that a seed has one picture: a layout that is off by
a rounding error at first is another one at the end.
"""

import numpy as np
from scipy import sparse

from facetrack.clusterer.kernels.graph import find_graph
from facetrack.clusterer.shared import digest
from facetrack.core.faces import Vectors
from facetrack.core.progress import Progress
from facetrack.evaluation.tsne.kernels import attract, find_affinities
from facetrack.evaluation.tsne.mesh import Mesh, Places
from facetrack.system import threads

PERPLEXITY = 30
_NEIGHBOURS = 3 * PERPLEXITY  # further ones have next to nothing of a Gaussian
# How many steps, how many times the pulls are multiplied, how much of a step goes on in the next.
# In one leap from 12 to 1, as usual, neighbourhoods are torn that two steps on the way leave whole:
# on LFW by MobileFaceNet a divergence of 1.43 instead of 1.52 (scikit-learn: 1.49).
_PHASES = ((250, 12.0, 0.5), (100, 6.0, 0.8), (100, 3.0, 0.8), (750, 1.0, 0.8))
_START = 1e-4  # the first layout's deviation; steps are made for a small one
_JITTER = 0.01  # of that, by the seed
_LONGEST_STEP = 5.0
_LEAST_GAIN = 0.01


def lay_out(vectors: Vectors, seed: int, progress: Progress) -> Places:
    """(n, 2) float64 places of (n, d) vectors, more than 90 and not all equal."""
    affinities = _join(vectors)
    places = _start(vectors, seed)
    descent = _Descent(affinities, places)
    steps = [(pull, momentum) for count, pull, momentum in _PHASES for _ in range(count)]
    for pull, momentum in progress.bar(steps, total=len(steps), description="t-SNE", unit="step"):
        descent.step(pull, momentum)
    return descent.places


def _join(vectors: Vectors) -> sparse.csr_array:
    """The symmetric affinities of all pairs, which sum to 1."""
    n = len(vectors)
    everywhere = 2.1 * float(np.linalg.norm(vectors.astype(np.float64), axis=1).max())
    graph = find_graph(vectors, everywhere, digest(vectors), _NEIGHBOURS)
    squares = (graph.distances**2).reshape(n, _NEIGHBOURS)
    one_way = sparse.csr_array(
        (find_affinities(squares, PERPLEXITY).ravel(), graph.ends, graph.starts), (n, n)
    )
    both = (one_way + one_way.T).tocsr()
    both.sort_indices()
    both.data /= 2 * n
    return both


def _start(vectors: Vectors, seed: int) -> Places:
    """The first two principal components, small and jittered."""
    n = len(vectors)
    with threads.limit(1):  # the number of threads would show
        centred = vectors - vectors.mean(axis=0, dtype=np.float64)
        axes = np.linalg.eigh(centred.T @ centred)[1][:, :-3:-1]
        # An axis may point either way: the one in which its largest part is positive.
        axes *= np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
        places = np.zeros((n, 2))
        places[:, : axes.shape[1]] = centred @ axes
    places *= _START / places[:, 0].std()
    places += np.random.RandomState(seed).normal(0, _JITTER * _START, (n, 2))
    return places


class _Descent:
    """Steps downhill, each of a point's own length along each axis: longer while it goes on."""

    def __init__(self, affinities: sparse.csr_array, places: Places) -> None:
        self.places = places
        self._affinities = affinities
        self._mesh = Mesh()
        self._step = np.zeros_like(places)
        self._gains = np.ones_like(places)
        self._pulls = np.empty_like(places)

    def step(self, exaggeration: float, momentum: float) -> None:
        n = len(self.places)
        matrix = self._affinities
        attract(matrix.indptr, matrix.indices, matrix.data, self.places, self._pulls)
        pushes, total = self._mesh.repel(self.places)
        gradient = exaggeration * self._pulls - pushes / total
        turned = np.sign(self._step) != np.sign(gradient)
        self._gains = np.where(turned, self._gains + 0.2, self._gains * 0.8 + _LEAST_GAIN)
        self._step *= momentum
        self._step -= n / exaggeration * self._gains * gradient
        lengths = np.maximum(np.linalg.norm(self._step, axis=1, keepdims=True), 1e-300)
        self._step *= np.minimum(1, _LONGEST_STEP / lengths)
        self.places = self.places + self._step
        self.places -= self.places.mean(axis=0)
