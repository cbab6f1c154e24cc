"""Labels against exact arithmetic, for coordinates of any size."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from conftest import SHARED
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from sklearn.cluster import MeanShift as ScikitLearns
from two_ways import fit_both_ways

from facetrack.clusterer import DBSCAN, MeanShift
from facetrack.clusterer.kernels.distances import scale

# Powers of two between float64's least and greatest numbers; 1e-22 and 1e18 are -73 and 60.
SIZES = [-1060, -700, -250, -100, -80, -74, 0, 59, 61, 70, 120, 400, 1010]


def _squared(p: NDArray[np.floating], q: NDArray[np.floating]) -> Fraction:
    return sum(
        ((Fraction(float(a)) - Fraction(float(b))) ** 2 for a, b in zip(p, q, strict=True)),
        Fraction(0),
    )


def _components(points: NDArray[np.floating], eps: float) -> list[int]:
    """DBSCAN's labels with min_samples=1, in fractions."""
    labels = list(range(len(points)))
    limit = Fraction(float(eps)) ** 2
    for i, j in product(range(len(points)), repeat=2):
        if _squared(points[i], points[j]) <= limit:
            labels = [labels[i] if one == labels[j] else one for one in labels]
    order = list(dict.fromkeys(labels))
    return [order.index(one) for one in labels]


@pytest.mark.parametrize("size", SIZES)
@given(
    arrays(np.float64, (7, 2), elements=st.integers(-8, 8)),
    st.integers(1, 6),
)
@settings(max_examples=10, deadline=None)
def test_dbscan_of_any_size(size: int, whole: NDArray[np.float64], eps: int) -> None:
    # Whole numbers: many pairs are exactly the radius apart, which is inclusive.
    points, radius = np.ldexp(whole, size), float(np.ldexp(float(eps), size))
    assert fit_both_ways(points, radius).labels_.tolist() == _components(points, radius)
    plain = fit_both_ways(whole, float(eps), 3)
    far = fit_both_ways(points, radius, 3)
    assert far.labels_.tolist() == plain.labels_.tolist()
    assert far.core_sample_indices_.tolist() == plain.core_sample_indices_.tolist()


@pytest.mark.parametrize("size", SIZES)
@given(
    arrays(np.float64, (9, 2), elements=st.integers(-8, 8)),
    st.integers(1, 6),
)
@settings(max_examples=10, deadline=None)
def test_mean_shift_of_any_size(size: int, whole: NDArray[np.float64], bandwidth: int) -> None:
    points = np.ldexp(whole, size)
    found = MeanShift(float(np.ldexp(float(bandwidth), size))).fit(points)
    expected = ScikitLearns(bandwidth=float(bandwidth)).fit(whole)
    assert found.labels_.tolist() == expected.labels_.tolist()
    assert len(found.cluster_centers_) == len(expected.cluster_centers_)
    # Each point is with the centre that is nearest, to the last digit of the centres.
    for point, label in zip(points, found.labels_, strict=True):
        apart = [_squared(point, centre) for centre in found.cluster_centers_]
        assert apart[label] <= min(apart) * (1 + Fraction(1, 10**12))


@pytest.mark.parametrize("size", [-140, -80, 70, 120])
def test_float32_of_any_size(size: int) -> None:
    whole = np.random.RandomState(0).randint(-8, 9, (40, 3)).astype(np.float32)
    points, radius = np.ldexp(whole, size), float(np.ldexp(3.0, size))
    assert points.dtype == np.float32
    assert fit_both_ways(points, radius).labels_.tolist() == _components(whole, 3.0)
    assert MeanShift(radius).fit_predict(points).tolist() == (
        MeanShift(3.0).fit_predict(whole).tolist()
    )


def test_radii_beyond_all_numbers() -> None:
    whole = np.array([[1.0], [2], [9]])
    tiny, huge = np.ldexp(whole, -1000), np.ldexp(whole, 1000)
    assert DBSCAN(1e300).fit_predict(tiny).tolist() == [0, 0, 0]
    assert DBSCAN(1e-300).fit_predict(huge).tolist() == [0, 1, 2]
    assert MeanShift(1e300).fit_predict(tiny).tolist() == [0, 0, 0]
    assert len(set(MeanShift(1e-300).fit_predict(huge).tolist())) == 3
    assert DBSCAN(1.0).fit_predict(np.zeros((3, 2))).tolist() == [0, 0, 0]


def test_points_of_ordinary_size_stay_as_they_are() -> None:
    points = np.random.RandomState(0).normal(size=(5, 3)).astype(np.float32)
    same, radius, exponent = scale(points, 0.3)
    assert same is points
    assert (radius, exponent) == (0.3, 0)


@given(st.integers(0, 2**32 - 1), st.sampled_from([1 - 1e-9, 1 - 1e-12, 1 + 1e-12, 1 + 1e-9]))
@settings(max_examples=40, deadline=None)
def test_float32_points_are_decided_exactly(seed: int, factor: float) -> None:
    points = np.random.RandomState(seed).normal(size=(2, 128)).astype(np.float32)
    eps = float(np.linalg.norm(points[0].astype(float) - points[1])) * factor
    assert fit_both_ways(points, eps).labels_.tolist() == _components(points, eps)


def test_where_float32_decides_otherwise_facetrack_is_exact() -> None:
    path = SHARED / "cases/dbscan_two_points.npz"
    if not path.exists():
        pytest.skip("no stored points here")
    with np.load(path) as stored:
        points, eps = stored["p"], float(stored["eps"])
    truth = _components(points, eps)
    apart = np.subtract(points[0], points[1])  # in float32
    in_float32 = bool(np.sqrt((apart * apart).sum()) <= np.float32(eps))
    assert in_float32 != (truth == [0, 0])
    assert fit_both_ways(points, eps).labels_.tolist() == truth
    assert fit_both_ways(points.astype(np.float64), eps).labels_.tolist() == truth
