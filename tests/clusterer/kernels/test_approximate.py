"""DBSCAN with faiss's neighbours: exact where every list is searched, else a measured share."""

import subprocess
import sys
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from omegaconf import OmegaConf
from reference import dbscan
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from facetrack.clusterer import DBSCAN
from facetrack.clusterer.kernels import approximate
from facetrack.core.errors import UserError
from facetrack.core.faces import Vectors, scale_to_unit
from facetrack.tasks.context.estimators import build_estimator

Faces = tuple[Vectors, NDArray[np.int64]]

EPS = 0.28


@pytest.fixture
def faiss() -> Any:
    return pytest.importorskip("faiss", reason="faiss is not installed: the extra facetrack[faiss]")


def _equal(points: Any, eps: float, min_samples: int) -> None:
    expected = DBSCAN(eps, min_samples).fit(points)
    found = DBSCAN(eps, min_samples, "faiss").fit(points)
    np.testing.assert_array_equal(found.labels_, expected.labels_)
    np.testing.assert_array_equal(found.core_sample_indices_, expected.core_sample_indices_)
    assert found.neighbors_recall_ == 1.0
    assert expected.neighbors_recall_ is None


def _recall(found: DBSCAN) -> float:
    assert found.neighbors_recall_ is not None
    return found.neighbors_recall_


def _several(vectors: Vectors, times: int) -> Vectors:
    """More faces than are searched exhaustively: copies a little apart."""
    noise = np.random.RandomState(0).normal(size=(times * len(vectors), vectors.shape[1]))
    return scale_to_unit(np.tile(vectors, (times, 1)) + 0.01 * noise.astype(np.float32))


@pytest.mark.parametrize(
    "eps",
    [pytest.param(0.2, marks=pytest.mark.long), EPS, pytest.param(0.34, marks=pytest.mark.long)],
)
def test_lfw(faiss: Any, lfw: Faces, eps: float) -> None:
    _equal(lfw[0], eps, 1)
    # Fewer than 2,500 faces: every list is searched.
    for min_samples in (1, 2, 5):
        _equal(lfw[0][:2000].astype(np.float64), eps, min_samples)


@pytest.mark.parametrize("min_samples", [2, pytest.param(5, marks=pytest.mark.long)])
def test_one_missed_neighbour_costs_one_face(faiss: Any, lfw: Faces, min_samples: int) -> None:
    expected = DBSCAN(0.34, min_samples).fit_predict(lfw[0])
    found = DBSCAN(0.34, min_samples, "faiss").fit(lfw[0])
    assert _recall(found) > 0.9999
    assert np.count_nonzero(found.labels_ != expected) <= 2
    assert adjusted_rand_score(found.labels_, expected) > 0.999


def test_more_faces_than_are_searched_exhaustively(faiss: Any, lfw: Faces) -> None:
    points = _several(lfw[0][:4000], 2)
    found = DBSCAN(EPS, neighbors="faiss").fit(points)
    assert _recall(found) > 0.9999
    assert adjusted_rand_score(found.labels_, DBSCAN(EPS).fit_predict(points)) > 0.999


@pytest.mark.parametrize(
    "points",
    [
        np.array([[1.0, 2, 3]]),
        np.ones((7, 3)),
        np.ones((3000, 3)),
        np.concatenate([np.zeros((5, 2)), np.full((5, 2), 1e6)]),
        np.random.RandomState(0).normal(size=(5, 40)),
        np.random.RandomState(0).normal(size=(40, 6))[::2, ::3],
        np.asfortranarray(np.random.RandomState(0).normal(size=(100, 3)).astype(np.float32)),
        np.random.RandomState(0).normal(size=(100, 3)) + 1e5,
        np.repeat(np.random.RandomState(0).normal(size=(50, 3)), 3, axis=0),
        np.arange(200.0)[:, None],
    ],
    ids=[
        *("one", "equal", "many equal", "far", "n < d", "strided", "fortran float32"),
        *("far from 0", "duplicates", "a line"),
    ],
)
@pytest.mark.parametrize("min_samples", [1, 2, 4])
def test_made_cases(
    faiss: Any, points: np.ndarray, min_samples: int, capfd: pytest.CaptureFixture[str]
) -> None:
    for eps in (1e-3, 0.5, 1.0, 3.0, 1e9):
        _equal(points, eps, min_samples)
    assert capfd.readouterr() == ("", "")  # faiss warns on standard error of few points


points_on_a_grid = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=14
)


@settings(max_examples=100, deadline=None)
@given(points_on_a_grid, st.sampled_from([0.5, 1.0, 1.5, 2.0, 2.5, 5.0]), st.integers(1, 5))
def test_ties_at_the_radius(points: list[tuple[int, int]], eps: float, min_samples: int) -> None:
    pytest.importorskip("faiss", reason="faiss is not installed: the extra facetrack[faiss]")
    halves = np.array(points) / 2
    found = DBSCAN(eps, min_samples, "faiss").fit_predict(halves)
    assert found.tolist() == dbscan([tuple(one) for one in halves], eps, min_samples)


def test_the_recall_is_measured_and_clusters_are_pieces_of_the_exact_ones(
    faiss: Any, lfw: Faces, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = lfw[0]
    exact = DBSCAN(EPS).fit_predict(points)
    recalls = []
    for probes in (1, 4, 16):
        monkeypatch.setattr(approximate, "_PROBES", probes)
        found = DBSCAN(EPS, neighbors="faiss").fit(points)
        recalls.append(_recall(found))
        # Each found cluster lies within one exact cluster.
        both = len(np.unique(np.stack([exact, found.labels_]), axis=1).T)
        assert both == len(np.unique(found.labels_))
    assert 0.3 < recalls[0] < recalls[1] < recalls[2] <= 1

    # The slow way: every pair of the sample, in float64.
    monkeypatch.setattr(approximate, "_PROBES", 1)
    near = approximate.Neighbours(points, EPS)
    sample = np.random.RandomState(0).choice(len(points), 1000, replace=False)
    there = missed = 0
    for point in sample:
        apart = np.square(points - points[point].astype(np.float64)).sum(axis=1)
        expected = set(np.flatnonzero(apart <= EPS * EPS).tolist())
        ((_, _, found_there),) = near.blocks(np.array([point]))
        assert set(found_there.tolist()) <= expected
        there += len(expected) - 1
        missed += len(expected) - len(found_there)
    assert near.recall() == recalls[0] == (there - missed) / there


def test_same_labels_again_and_with_any_number_of_threads(faiss: Any, lfw: Faces) -> None:
    points = _several(lfw[0][:2500], 3)
    labels, recalls = [], []
    for threads in (1, 2, 2):
        with threadpool_limits(threads):
            assert faiss.omp_get_max_threads() == threads
            found = DBSCAN(EPS, neighbors="faiss").fit(points)
        labels.append(found.labels_)
        recalls.append(_recall(found))
    for other in labels[1:]:
        np.testing.assert_array_equal(other, labels[0])
    assert len(set(recalls)) == 1
    assert recalls[0] > 0.999


def test_memory_does_not_grow_with_the_pairs(faiss: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # One person 8,000 times: 64 million pairs, which would take a gigabyte.
    random = np.random.RandomState(0)
    person = random.normal(size=8) + 0.01 * random.normal(size=(8000, 8))
    points = np.concatenate([random.normal(size=(500, 8)), person]).astype(np.float32)
    expected = DBSCAN(0.3).fit_predict(points)
    monkeypatch.setattr(approximate, "_PAIRS", 2**18)
    near = approximate.Neighbours(points, 0.3)
    assert max(len(query) for _, query, _ in near.blocks(np.arange(500, 1500))) <= 2**18
    tracemalloc.start()
    try:
        found = DBSCAN(0.3, neighbors="faiss").fit(points)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 * 2**20
    np.testing.assert_array_equal(found.labels_, expected)


def test_without_faiss_it_is_refused_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    node = {"_target_": "facetrack.clusterer.DBSCAN", "eps": 0.3, "neighbors": "faiss"}
    with pytest.raises(UserError, match=r"pip install 'facetrack\[faiss\]'") as refused:
        build_estimator(OmegaConf.create(node))
    assert "\n" not in str(refused.value)
    assert (
        build_estimator(OmegaConf.create({**node, "neighbors": "exact"})).get_params()["eps"] == 0.3
    )
    with pytest.raises(UserError, match="The 'neighbors' parameter"):
        build_estimator(OmegaConf.create({**node, "neighbors": "annoy"}))


@pytest.mark.parametrize(
    "first", ["faiss", pytest.param("sklearn.cluster", marks=pytest.mark.long)]
)
def test_in_one_process_with_the_other_libraries_that_have_threads(faiss: Any, first: str) -> None:
    # faiss and scikit-learn each bring an OpenMP of their own, and OpenBLAS besides.
    code = (
        f"import {first}, cv2, dlib, numpy as np, sklearn.cluster\n"
        "from facetrack.clusterer import DBSCAN\n"
        "points = np.random.RandomState(0).normal(size=(4000, 16)).astype(np.float32)\n"
        "for _ in range(2):\n"
        "    sklearn.cluster.KMeans(5, n_init=1, random_state=0).fit(points)\n"
        "    found = DBSCAN(3.0, neighbors='faiss').fit(points)\n"
        "    exact = DBSCAN(3.0).fit(points)\n"
        "    assert found.neighbors_recall_ > 0.9\n"
        "    assert len(np.unique(found.labels_)) >= len(np.unique(exact.labels_))\n"
        "    dlib.get_frontal_face_detector()(np.zeros((80, 80), np.uint8))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
