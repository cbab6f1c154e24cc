"""The radius for faces without labels, on made faces whose people are plain."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from facetrack.clusterer import DBSCAN, AverageLinkage, Infomap
from facetrack.core.faces import Vectors
from facetrack.core.scale import Scale
from facetrack.evaluation import label_free, radius
from facetrack.evaluation.label_free import Search, around, distinct, expect_radius
from facetrack.evaluation.metrics import scores
from facetrack.system.progress import TERMINAL

Faces = tuple[Vectors, NDArray[np.int64]]

NATURAL = 0.3


def _moved(vectors: NDArray[np.floating], distance: float, seed: int) -> Vectors:
    away = np.random.default_rng(seed).normal(size=vectors.shape)
    away *= distance / np.linalg.norm(away, axis=1, keepdims=True)
    return (vectors + away).astype(np.float32)


def _people(*sizes: int) -> Faces:
    """People about 0.57 from each other, whose own faces are about 0.28 apart."""
    people = np.repeat(np.arange(len(sizes)), sizes)
    middles = _moved(np.zeros((len(sizes), 128)), 0.35, 0)
    return _moved(middles[people], 0.2, 1), people


def _clustered(vectors: Vectors, at: float) -> NDArray[np.int64]:
    labels: NDArray[np.int64] = DBSCAN(at, min_samples=1).fit_predict(vectors)
    return labels


def _chosen(vectors: Vectors) -> float:
    estimator = DBSCAN(0.1, min_samples=1)
    radius.choose(estimator, vectors, Scale(NATURAL), TERMINAL)
    return float(estimator.eps)


def test_distinct_faces_are_apart_and_near_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    faces = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)
    whole = distinct(faces, 0.6)
    monkeypatch.setattr(label_free, "_ROWS", 37)  # several blocks, the last one short
    kept = distinct(faces, 0.6)
    np.testing.assert_array_equal(kept, whole)
    apart = cdist(faces[kept], faces[kept])
    assert 20 < len(kept) < 200
    assert (apart[~np.eye(len(kept), dtype=bool)] > 0.6).all()
    near = cdist(faces, faces[kept]) <= 0.6
    assert near.any(axis=1).all()
    assert (kept[near.argmax(axis=1)] <= np.arange(300)).all()


def test_equal_faces_are_one() -> None:
    faces = np.eye(4, dtype=np.float32)[[2, 2, 0, 2, 0]]
    assert distinct(faces, 0.1).tolist() == [0, 2]
    assert distinct(faces[:0], 0.1).tolist() == []


def test_the_more_faces_the_smaller_the_radius_to_expect() -> None:
    assert expect_radius(100) == pytest.approx(1.18)
    assert expect_radius(200) == pytest.approx(1.1453, abs=1e-4)
    assert expect_radius(1) == expect_radius(0) == 1.3
    assert expect_radius(10**6) == 0.8
    assert around(100) == pytest.approx((1.055, 1.3))
    assert around(10**6) == pytest.approx((0.8, 0.925))


def test_copies_of_every_photo_change_nothing() -> None:
    vectors, people = _people(9, 7, 12, 5, 8, 6)
    copies = _moved(vectors, 0.1, 2)
    alone = _chosen(vectors)
    both = np.concatenate([vectors, copies])
    assert _chosen(both) == alone
    found = scores(np.concatenate([people, people]), _clustered(both, alone))
    assert found["ari"] == 1


@pytest.mark.parametrize("n", [1, 2, 15, 200])
def test_one_person_is_one_person(n: int, capsys: pytest.CaptureFixture[str]) -> None:
    vectors, _ = _people(n)
    at = _chosen(vectors)
    assert at == pytest.approx(expect_radius(n) * NATURAL, abs=1e-4)
    assert "suits so many faces" in capsys.readouterr().out
    assert _clustered(vectors, at).max() == 0


@pytest.mark.parametrize("n", [2, 20, 200])
def test_strangers_are_strangers(n: int) -> None:
    vectors, people = _people(*[1] * n)
    assert scores(people, _clustered(vectors, _chosen(vectors)))["n_clusters"] == n


def test_a_present_radius_is_as_good_or_a_better_one_is_told() -> None:
    estimator = DBSCAN(0.1, min_samples=1)
    vectors, _ = _people(9, 7, 12, 5, 8, 6)
    best = _chosen(vectors)
    assert radius.find_better(estimator, vectors, NATURAL, best) is None
    assert radius.find_better(estimator, vectors, NATURAL, 1.02 * best) is None
    assert radius.find_better(estimator, vectors, NATURAL, 0.2) == best
    assert radius.find_better(estimator, vectors, NATURAL, 0.6) == best
    assert estimator.eps == 0.1


def test_where_faces_do_not_tell_their_number_does() -> None:
    estimator = DBSCAN(0.1, min_samples=1)
    vectors, _ = _people(15)
    smallest, largest = around(15)
    assert (
        radius.find_better(estimator, vectors, NATURAL, NATURAL * (smallest + largest) / 2) is None
    )
    assert radius.find_better(estimator, vectors, NATURAL, 0.2) == _chosen(vectors)
    assert radius.find_better(estimator, vectors, NATURAL, 0.45) == _chosen(vectors)


def test_the_tried_radii_are_around_the_expected_one() -> None:
    vectors, _ = _people(*[2] * 50)
    search = Search(vectors, lambda at: _clustered(vectors, at), NATURAL)
    assert search.expected == pytest.approx(0.354)
    assert search.radii[0] == pytest.approx(0.3165)
    assert search.radii[-1] == pytest.approx(0.39)
    assert len(search.radii) == 11


def test_a_radius_is_given_by_any_of_its_names() -> None:
    assert radius.is_not_given({"dataset.root", "clusterer"}, ["eps", "min_samples"])
    assert not radius.is_not_given((), ["n_clusters"])
    for given in ("clusterer.eps", "clusterer.bandwidth", "embedder.radius"):
        assert not radius.is_not_given({given, "clusterer"}, ["eps"])
    # A method with a share of its own asks the embedder's strangers, not its radius.
    assert radius.is_not_given({"embedder.radius"}, ["eps", "share"])
    for given in ("clusterer.eps", "clusterer.share"):
        assert not radius.is_not_given({given}, ["eps", "share"])


@pytest.mark.parametrize("n", [30, 3000])
def test_a_graph_methods_radius_follows_the_number_of_faces(
    n: int, capsys: pytest.CaptureFixture[str]
) -> None:
    scale = Scale(0.3, ((1e-6, 0.2), (1e-2, 0.4)), 0.3)
    estimator = Infomap(0.1)
    radius.choose(estimator, np.zeros((n, 2), np.float32), scale, TERMINAL)
    assert estimator.eps == scale.find_distance_for(n)
    told = capsys.readouterr().out
    assert f"eps {estimator.eps:g}: for {n:,} faces" in told
    assert "guessed" not in told
    radius.choose(estimator, np.zeros((n, 2), np.float32), Scale(0.3), TERMINAL)
    assert "guessed from its radius" in capsys.readouterr().out


def test_average_linkage_keeps_the_embedders() -> None:
    estimator = AverageLinkage(0.38)
    radius.choose(estimator, np.zeros((9, 2), np.float32), Scale(0.3), TERMINAL)
    assert estimator.eps == 0.38


def test_whose_radius_is_given() -> None:
    assert not radius.is_not_given({"embedder.radius"}, {"eps": 1})
    assert radius.is_not_given({"embedder.radius"}, {"eps": 1, "share": 1e-4})
    assert not radius.is_not_given({"clusterer.eps"}, {"eps": 1, "share": 1e-4})
    assert not radius.is_not_given((), {"n_clusters": 3})
