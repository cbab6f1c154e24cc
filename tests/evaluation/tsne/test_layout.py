"""Faces on a plane: few by scikit-learn, thousands by a mesh, more by a sample."""

import os
import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import KDTree
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from facetrack.core.faces import Vectors
from facetrack.evaluation.tsne.layout import (
    Layout,
    compute_layout,
    draw_sample,
    name_method,
)


def blobs(n: int, people: int, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """(n, 16) unit vectors around `people` centres, and which one each belongs to."""
    rng = np.random.default_rng(seed)
    owner = np.arange(n) % people
    vectors = rng.normal(size=(people, 16))[owner] + 0.1 * rng.normal(size=(n, 16))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), owner


def coordinates(vectors: Vectors, seed: int = 0) -> NDArray[np.float32]:
    return compute_layout(vectors, seed).coordinates


def test_same_seed_same_coordinates_and_people_stay_together() -> None:
    vectors, owner = blobs(60, people=3)
    before = vectors.copy()
    first, again = (coordinates(vectors, seed=4) for _ in range(2))
    assert first.shape == (60, 2)
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(vectors, before)

    centres = np.stack([first[owner == person].mean(axis=0) for person in range(3)])
    nearest = np.linalg.norm(first[:, None] - centres, axis=2).argmin(axis=1)
    np.testing.assert_array_equal(nearest, owner)


def test_coordinates_do_not_depend_on_the_number_of_cores() -> None:
    vectors = np.random.default_rng(0).normal(size=(200, 512)).astype(np.float32)
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(coordinates(vectors, seed=0))
    np.testing.assert_array_equal(found[0], found[1])


@pytest.mark.parametrize("n", [31, 59])
def test_scikit_learn_s_defaults_wherever_they_are_possible(n: int) -> None:
    vectors, _ = blobs(n, people=6)
    with threadpool_limits(1):
        expected = TSNE(random_state=0).fit_transform(vectors)
    np.testing.assert_array_equal(coordinates(vectors, seed=0), expected)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5, 30])
def test_tiny_sets(n: int) -> None:
    vectors, _ = blobs(n, people=max(n, 1))
    found = coordinates(vectors, seed=0)
    assert found.shape == (n, 2)
    assert np.isfinite(found).all()
    assert len(np.unique(found, axis=0)) == n


def test_equal_faces_share_a_place() -> None:
    vectors = np.full((7, 16), 0.25, dtype=np.float32)
    np.testing.assert_array_equal(coordinates(vectors, seed=0), np.zeros((7, 2)))
    vectors[0] = -vectors[0]
    assert np.isfinite(coordinates(vectors, seed=0)).all()


SCRIPT = """
import numpy
from facetrack.core.progress import QUIET
from facetrack.evaluation.tsne.descent import lay_out
vectors = numpy.random.RandomState(0).normal(size=(200, 24)).astype("f4")
places = lay_out(vectors, 3, QUIET)
"""


def test_same_seed_same_picture_in_another_process() -> None:
    told = subprocess.run(
        [sys.executable, "-c", f"{SCRIPT}\nprint(places.tobytes().hex())"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"},
    )
    here: dict[str, NDArray[np.float64]] = {}
    with threadpool_limits(1):
        exec(SCRIPT, here)
    assert told.stdout.strip() == here["places"].tobytes().hex()


def test_of_many_faces_a_sample_is_laid_out_and_the_rest_beside_their_nearest() -> None:
    vectors, _ = blobs(400, people=20)
    layout = compute_layout(vectors, seed=0, most=100)
    sample = layout.laid_out
    assert sample.sum() == 100
    np.testing.assert_array_equal(sample, draw_sample(400, seed=0, most=100))
    assert (draw_sample(400, seed=1, most=100) != sample).any()
    alone = compute_layout(vectors[sample], seed=0)
    np.testing.assert_array_equal(layout.coordinates[sample], alone.coordinates)
    assert alone.laid_out.all()

    apart = np.linalg.norm(vectors[~sample, None] - vectors[sample], axis=2)
    far, beside = KDTree(alone.coordinates).query(layout.coordinates[~sample])
    np.testing.assert_array_equal(beside, apart.argmin(axis=1))
    assert far.min() > 0  # not on it, where it would not be seen


def test_it_says_what_was_sampled() -> None:
    n = 100_000
    layout = Layout(np.zeros((n, 2), np.float32), np.arange(n) < 30_000)
    assert layout.describe() == (
        "30,000 of 100,000 faces were laid out by t-SNE, the rest placed beside their nearest."
    )
    assert layout.caption() == ", 30,000 of them laid out, the rest beside their nearest"
    some = layout.choose(np.arange(29_998, 30_003))
    assert some.describe().startswith("2 of 5 faces were laid out")
    assert not layout.choose(np.arange(5)).describe()
    assert not layout.choose(np.arange(5)).caption()


def test_every_method_has_a_name_of_its_own() -> None:
    names = [name_method(1000), name_method(1001), name_method(30_001), name_method(40, most=30)]
    assert len(set(names)) == 4
    assert name_method(30_000) == name_method(1001)
    assert name_method(7_500, most=5_000) != name_method(7_500, most=6_000)
