import numpy as np
import pytest

from facetrack.clusterer.kernels.assigning import find_least, follow_least


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("k", "u"), [(1, 1), (3, 5), (40, 1024), (30, 2500)])
def test_as_numpy_finds_it(k: int, u: int, dtype: type) -> None:
    random = np.random.RandomState(k)
    cross: np.ndarray = random.normal(size=(k, u)).astype(dtype)
    norms: np.ndarray = random.rand(k).astype(dtype)
    apart = cross * -2
    apart += norms[:, None]
    labels, least = find_least(cross, norms)
    np.testing.assert_array_equal(labels, apart.argmin(axis=0))
    np.testing.assert_array_equal(least, apart.min(axis=0))
    assert labels.dtype == np.int64


def test_the_first_of_equally_near_centres() -> None:
    cross = np.array([[0.0, 1], [1, 1], [1, 0]], np.float32)
    labels, least = find_least(cross, np.array([0.0, 0, 0], np.float32))
    assert labels.tolist() == [1, 0]
    assert least.tolist() == [-2, -2]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("levels", [3, 1000])
def test_from_what_was_found_before_some_centres_moved(levels: int, dtype: type) -> None:
    random = np.random.RandomState(levels)
    k, u = 40, 700
    # Few levels: many centres are equally near.
    cross: np.ndarray = (random.randint(-levels, levels, (k, u)) / levels).astype(dtype)
    norms: np.ndarray = (random.randint(0, levels, k) / levels).astype(dtype)
    nearest = find_least(cross, norms)
    for share in (0, 0.05, 0.2, 0.5, 0.8, 1):
        moved = np.flatnonzero(random.uniform(size=k) < share)
        cross[moved] = random.randint(-levels, levels, (len(moved), u)) / levels
        norms[moved] = random.randint(0, levels, len(moved)) / levels
        nearest = follow_least(cross, norms, moved, nearest)
        for found, expected in zip(nearest, find_least(cross, norms), strict=True):
            np.testing.assert_array_equal(found, expected)
            assert found.dtype == expected.dtype
