"""Near copies have the vector of the face that they are like."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from facetrack.clusterer.near_copies import merge_near_copies


def _merged_slowly(vectors: NDArray[np.floating], apart: float) -> NDArray[np.floating]:
    """Row by row, as the docstring says it."""
    distances = cdist(vectors, vectors)
    kept = np.arange(len(vectors))
    for row in range(len(vectors)):
        before = [one for one in range(row) if kept[one] == one and distances[row, one] <= apart]
        kept[row] = min(before, key=lambda one: (distances[row, one], one), default=row)
    return vectors[kept]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("unit", [1.0, 1e-30])
def test_each_gets_the_nearest_that_is_kept(dtype: type, unit: float) -> None:
    points = np.random.default_rng(3).normal(size=(60, 3)).astype(dtype)
    points = np.concatenate([points, points[:9]])[np.random.default_rng(4).permutation(69)] * unit
    points = points.astype(dtype)
    before = points.copy()
    merged = merge_near_copies(points, 0.5 * unit)
    np.testing.assert_array_equal(merged, _merged_slowly(points, 0.5 * unit))
    np.testing.assert_array_equal(points, before)
    assert 20 < len(np.unique(merged, axis=0)) < 60
    assert merged.dtype == dtype


def test_a_chain_does_not_run_away() -> None:
    chain = np.array([[0.0], [0.9], [1.8], [2.7]])
    assert merge_near_copies(chain, 1.0).ravel().tolist() == [0.0, 0.0, 1.8, 1.8]


@pytest.mark.parametrize("n", [0, 1])
def test_few_faces(n: int) -> None:
    assert merge_near_copies(np.ones((n, 4), dtype=np.float32), 0.1).shape == (n, 4)
