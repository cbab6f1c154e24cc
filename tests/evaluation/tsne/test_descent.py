"""t-SNE's gradient against its formulas, pair by pair, and its layouts against scikit-learn's."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse
from sklearn.manifold import TSNE, trustworthiness
from threadpoolctl import threadpool_limits

from facetrack.core.faces import Vectors
from facetrack.core.progress import QUIET
from facetrack.evaluation.tsne.descent import PERPLEXITY, lay_out
from facetrack.evaluation.tsne.kernels import attract, find_affinities
from facetrack.evaluation.tsne.mesh import Mesh


def _kernel(places: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """1 / (1 + |yᵢ - yⱼ|²) without a point and itself, (n, n), and yᵢ - yⱼ, (n, n, 2)."""
    apart = places[:, None] - places
    kernel = 1 / (1 + (apart**2).sum(axis=2))
    np.fill_diagonal(kernel, 0)
    return kernel, apart


@pytest.mark.parametrize("spread", [1e-4, 1.0, 40.0])
def test_pushes_are_the_sums_over_all_pairs(spread: float) -> None:
    places = spread * np.random.RandomState(0).normal(size=(400, 2)) + 17
    kernel, apart = _kernel(places)
    expected = (kernel[:, :, None] ** 2 * apart).sum(axis=1)
    pushes, total = Mesh().repel(places)
    assert total == pytest.approx(kernel.sum(), abs=0.01 * len(places))
    error = np.linalg.norm(pushes - expected, axis=1).max()
    assert error < 0.03 + 0.005 * np.linalg.norm(expected, axis=1).max()


def test_a_mesh_follows_its_points() -> None:
    mesh = Mesh()
    places = np.random.RandomState(0).normal(size=(50, 2))
    for spread in (1, 3, 40, 41, 2):
        found, fresh = mesh.repel(spread * places), Mesh().repel(spread * places)
        np.testing.assert_allclose(found[0], fresh[0], atol=1e-4)
        assert found[1] == pytest.approx(fresh[1], rel=1e-5)


def test_pulls_are_the_sums_over_the_neighbours() -> None:
    random = np.random.RandomState(0)
    places = random.normal(size=(60, 2))
    affinities = random.random_sample((60, 60)) * (random.random_sample((60, 60)) < 0.2)
    matrix = sparse.csr_array(affinities)
    kernel, apart = _kernel(places)
    pulls = np.empty_like(places)
    attract(matrix.indptr, matrix.indices, matrix.data, places, pulls)
    expected = ((affinities * kernel)[:, :, None] * apart).sum(axis=1)
    np.testing.assert_allclose(pulls, expected, atol=1e-14)


def test_affinities_have_the_perplexity() -> None:
    squares = np.sort(np.random.RandomState(0).random_sample((20, 90)), axis=1) ** 2
    found = find_affinities(squares, PERPLEXITY)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    np.testing.assert_allclose(np.exp(-(found * np.log(found)).sum(axis=1)), PERPLEXITY, rtol=1e-6)
    assert (np.diff(found, axis=1) <= 0).all()
    equal = find_affinities(np.zeros((2, 90)), PERPLEXITY)  # copies of one face
    np.testing.assert_allclose(equal, 1 / 90)


def test_neighbourhoods_stay_as_whole_as_scikit_learns(
    lfw: tuple[Vectors, NDArray[np.int64]],
) -> None:
    vectors = lfw[0][:400]
    with threadpool_limits(1):
        theirs = TSNE(random_state=0).fit_transform(vectors)
    found = lay_out(vectors, 0, QUIET)
    assert trustworthiness(vectors, found) > trustworthiness(vectors, theirs) - 0.01


def test_copies_of_a_face_are_beside_each_other() -> None:
    random = np.random.RandomState(0)
    vectors = random.normal(size=(300, 8)).astype(np.float32)
    vectors[:120] = vectors[0]
    found = lay_out(vectors, 0, QUIET)
    assert np.isfinite(found).all()
    middle = found[:120].mean(axis=0)
    furthest = np.linalg.norm(found[:120] - middle, axis=1).max()
    assert np.count_nonzero(np.linalg.norm(found[120:] - middle, axis=1) < furthest) < 5


def test_one_axis_is_enough() -> None:
    line = np.linspace(0, 1, 150, dtype=np.float32)[:, None]
    found = lay_out(line, 0, QUIET)
    assert np.isfinite(found).all()
    assert trustworthiness(line, found) > 0.95
