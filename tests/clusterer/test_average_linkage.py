"""AverageLinkage's labels are SciPy's, numbered by their first point."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from reference import average_linkage
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist
from sklearn.base import clone
from sklearn.metrics import adjusted_rand_score

from facetrack.clusterer import AverageLinkage, shared
from facetrack.clusterer import average_linkage as average_linkage_module
from facetrack.core.faces import Vectors
from facetrack.evaluation.resampling import Bootstrap

LINE = np.array([[0.0], [1], [2], [4], [5], [9], [9], [9.5]])
RADII = [0.2, 0.3, 0.36, 0.39, 0.42, 0.5]


def _equal(points: Any, eps: float) -> None:
    labels = fcluster(
        linkage(pdist(np.asarray(points, float)), "average"), eps, "distance"
    ).tolist()
    order = list(dict.fromkeys(labels))
    found = AverageLinkage(eps).fit_predict(points)
    assert found.tolist() == [order.index(one) for one in labels]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_resamples_of_lfw(lfw: tuple[Vectors, NDArray[np.int64]], dtype: type) -> None:
    vectors: Vectors = lfw[0][:1500].astype(dtype)
    drawn = Bootstrap().draw(len(vectors), 0, "lfw", 0)  # with copies
    for eps in RADII:
        _equal(vectors[drawn], eps)


@pytest.mark.parametrize("eps", [0.25, 0.5, 1.0, 1.5, 3.0, 100.0])
def test_the_radius_is_inclusive(eps: float) -> None:
    _equal(LINE, eps)
    assert AverageLinkage(1.5).fit_predict(LINE).tolist() == [0, 0, 0, 1, 1, 2, 2, 2]


@pytest.mark.parametrize("d", [1, 2])
@pytest.mark.parametrize("eps", [0.5, 1.0, 1.5, 2.0])
def test_ties_with_copies(d: int, eps: float) -> None:
    # Two copies at most: the means of three are rounded on the way, in SciPy and not here.
    for seed in range(60):
        random = np.random.RandomState(seed)
        points = np.unique(random.randint(-2, 3, (random.randint(3, 8), d)), axis=0)
        both = np.concatenate([points, points[: random.randint(1, len(points) + 1)]])
        _equal(random.permutation(both), eps)


@pytest.mark.parametrize("size", [-700, -80, 70, 400])
def test_coordinates_of_any_size(size: int) -> None:
    points = np.random.RandomState(0).randint(-8, 9, (60, 3)).astype(float)
    expected = AverageLinkage(4.0).fit_predict(points)
    found = AverageLinkage(float(np.ldexp(4.0, size))).fit_predict(np.ldexp(points, size))
    assert found.tolist() == expected.tolist()


def test_copies_weigh() -> None:
    # Nine copies at 0 pull the group's mean distance from 2.5 to above 2.
    few, many = [0.0, 1.0], [0.0] * 9 + [1.0]
    for line, groups in ((few, 1), (many, 2)):
        points = np.array([*line, 2.8])[:, None]
        assert len(set(AverageLinkage(2.4).fit_predict(points).tolist())) == groups
        _equal(points, 2.4)


def test_one_tree_for_all_radii(
    lfw: tuple[Vectors, NDArray[np.int64]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from facetrack.clusterer.kernels import average

    shared.cache.clear()
    vectors = lfw[0][:300]
    cold = []
    for eps in RADII:
        shared.cache.clear()
        cold.append(AverageLinkage(eps).fit_predict(vectors).tolist())
    monkeypatch.setattr(average, "measure", None)  # the last tree serves all
    assert [AverageLinkage(eps).fit_predict(vectors).tolist() for eps in RADII] == cold


PHOTOS = st.integers(1, 14).flatmap(
    lambda n: st.tuples(
        arrays(np.float64, (n, 2), elements=st.floats(0, 1, width=16)),
        st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=n, max_size=n),
    )
)


@settings(max_examples=100, deadline=None)
@given(PHOTOS, st.integers(0, 2**31), st.sampled_from([0.3, 0.6, 1.0]))
def test_photos(drawn: tuple[NDArray[np.float64], list[str]], seed: int, eps: float) -> None:
    points, photos = drawn
    # Without ties, which the slow one decides otherwise; some are copies, of several photos.
    points = points + 0.01 * np.random.RandomState(seed).uniform(size=points.shape)
    points[len(points) // 2 :] = points[: len(points) - len(points) // 2]
    one_photo = np.equal.outer(photos, photos)
    found = AverageLinkage(eps).fit(points, photos=photos).labels_
    assert found.tolist() == average_linkage(points.tolist(), eps, one_photo.tolist())
    alone = AverageLinkage(eps).fit(points, photos=np.arange(len(points)))
    assert alone.labels_.tolist() == AverageLinkage(eps).fit_predict(points).tolist()


def test_faces_of_one_photo() -> None:
    points = np.array([[0.0], [0.1], [0.6], [0.65]])
    found = AverageLinkage(1.0).fit(points, photos=["a", "b", "a", "c"])
    assert found.labels_.tolist() == [0, 0, 1, 1]
    # Nearer than half of the radius they are as good as equal.
    assert AverageLinkage(1.3).fit(points, photos=["a", "b", "a", "c"]).labels_.tolist() == [0] * 4
    same: list[Any] = [[1, 2, 1, 3], [1.5, 0.5, 1.5, 2.5], np.array([b"a", b"b", b"a", b"c"])]
    for ids in same:
        assert AverageLinkage(1.0).fit(points, photos=ids).labels_.tolist() == [0, 0, 1, 1]


def test_what_is_refused() -> None:
    assert clone(AverageLinkage(eps=0.3)).get_params() == {"eps": 0.3, "neighbors": "auto"}
    for name, wrong in (("eps", 0.0), ("eps", "x"), ("neighbors", "all")):
        with pytest.raises(ValueError, match=name):
            AverageLinkage(0.3).set_params(**{name: wrong}).fit(LINE)
    for photos, told in ((["a"], "of each of the 8 rows"), (np.zeros((8, 2)), r"not \(8, 2\)")):
        with pytest.raises(ValueError, match=told):
            AverageLinkage(0.3).fit(LINE, photos=photos)


def test_the_input_is_not_changed() -> None:
    points = np.random.RandomState(0).normal(size=(50, 3))
    before = points.copy()
    AverageLinkage(0.5).fit(points)
    np.testing.assert_array_equal(points, before)


def test_on_a_graph(
    lfw: tuple[Vectors, NDArray[np.int64]], monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = lfw[0][:1500]
    drawn = Bootstrap().draw(len(vectors), 0, "lfw", 0)
    exact = AverageLinkage(0.39).fit(vectors[drawn])
    monkeypatch.setattr(average_linkage_module, "MOST_EXACT", 100)
    monkeypatch.setattr(average_linkage_module, "_group_exactly", None)
    near = AverageLinkage(0.39).fit(vectors[drawn])
    assert near.neighbors_recall_ is None
    found, truth = near.labels_.tolist(), exact.labels_.tolist()
    assert adjusted_rand_score(found, truth) > 0.98
    assert list(dict.fromkeys(found)) == list(range(max(found) + 1))
    # Copies are where their face is, whose photo is told by both.
    pairs = np.arange(len(drawn)) // 2
    apart = AverageLinkage(0.39).fit(vectors[drawn], photos=pairs).labels_
    together = np.flatnonzero(apart[0:-1:2] == apart[1::2])
    of_both = np.linalg.norm(vectors[drawn][0:-1:2] - vectors[drawn][1::2], axis=1)
    assert (of_both[together] <= 0.195).all()
    assert (near.labels_[0:-1:2] == near.labels_[1::2])[of_both > 0.195].any()


def test_by_faiss(lfw: tuple[Vectors, NDArray[np.int64]]) -> None:
    pytest.importorskip("faiss")
    vectors = lfw[0][:1000]
    near = AverageLinkage(0.39, "faiss").fit(vectors)
    assert near.neighbors_recall_ == 1.0
    assert adjusted_rand_score(near.labels_, AverageLinkage(0.39).fit_predict(vectors)) > 0.98
