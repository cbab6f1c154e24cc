"""What Infomap and Chinese whispers promise alike: the same again, copies, photos."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from facetrack.clusterer import ChineseWhispers, Infomap
from facetrack.clusterer.shared import cache
from facetrack.core.faces import Vectors, scale_to_unit

Method = type[ChineseWhispers] | type[Infomap]

both = pytest.mark.parametrize("method", [ChineseWhispers, Infomap])


def _faces(people: int = 25, per_person: int = 12, seed: int = 0) -> Vectors:
    """Unit vectors of people who are mostly, and not always, told apart at 0.9."""
    random = np.random.RandomState(seed)
    centres = scale_to_unit(random.normal(size=(people, 64)).astype(np.float32))
    centres = np.repeat(centres, per_person, axis=0)
    return scale_to_unit(centres + 0.075 * random.normal(size=centres.shape).astype(np.float32))


_EPS = 0.95


@both
def test_people_are_found(method: Method) -> None:
    people = np.repeat(np.arange(25), 12)
    assert adjusted_rand_score(people, method(_EPS).fit_predict(_faces())) > 0.95


@both
def test_the_same_seed_gives_the_same_with_any_number_of_threads(method: Method) -> None:
    points = _faces()
    expected = method(_EPS, random_state=3).fit_predict(points)
    for threads in (1, 2):
        cache.clear()
        with threadpool_limits(threads):
            found = method(_EPS, random_state=3).fit_predict(points)
        np.testing.assert_array_equal(found, expected)


def test_another_process_gives_the_same_and_imports_what_is_needed() -> None:
    points = _faces()
    code = (
        "import sys, numpy as np\n"
        "from facetrack.clusterer import DBSCAN, ChineseWhispers, Infomap\n"
        "points = np.frombuffer(sys.stdin.buffer.read(), np.float32).reshape(-1, 64)\n"
        f"methods = [one({_EPS}, random_state=3) for one in (ChineseWhispers, Infomap)]\n"
        "assert 'numba' not in sys.modules\n"
        "print([one.fit_predict(points).tolist() for one in methods])\n"
        "DBSCAN(0.5).fit(points[:9])\n"
        "assert 'faiss' not in sys.modules"
    )
    command = [sys.executable, "-c", code]
    process = subprocess.run(
        command, input=points.tobytes(), capture_output=True, check=True, timeout=120
    )
    methods = [one(_EPS, random_state=3) for one in (ChineseWhispers, Infomap)]
    expected = [one.fit_predict(points).tolist() for one in methods]
    assert process.stdout.decode().strip() == str(expected)


@both
def test_another_seed_is_another_order(method: Method) -> None:
    points = np.random.default_rng(0).random((1500, 2))
    labels = [method(0.05, random_state=seed).fit_predict(points).tolist() for seed in range(3)]
    assert len({tuple(one) for one in labels}) > 1


@both
def test_noise_in_the_last_digits_changes_nothing(method: Method) -> None:
    points = _faces()
    expected = method(_EPS).fit_predict(points)
    for seed in range(5):
        noise = np.random.RandomState(seed).uniform(-1e-7, 1e-7, points.shape)
        found = method(_EPS).fit_predict((points + noise).astype(np.float32))
        np.testing.assert_array_equal(found, expected)


@both
def test_another_order_of_faces(method: Method) -> None:
    points = _faces()
    expected = method(_EPS).fit_predict(points)
    scores = []
    for seed in range(9):
        order = np.random.RandomState(seed).permutation(len(points))
        scores.append(adjusted_rand_score(method(_EPS).fit_predict(points[order]), expected[order]))
    assert np.median(scores) == 1.0 if method is Infomap else np.median(scores) > 0.97
    assert min(scores) > 0.9


@pytest.mark.parametrize("noise", [0, 1e-7])
def test_lfw_with_noise_and_in_another_order(
    lfw: tuple[Vectors, NDArray[np.int64]], noise: float
) -> None:
    points = lfw[0][:1500]
    random = np.random.RandomState(0)
    expected = Infomap(0.34).fit_predict(points)
    if noise:
        changed = (points + random.uniform(-noise, noise, points.shape)).astype(np.float32)
        np.testing.assert_array_equal(Infomap(0.34).fit_predict(changed), expected)
        return
    orders = [random.permutation(len(points)) for _ in range(5)]
    scores = [
        adjusted_rand_score(Infomap(0.34).fit_predict(points[order]), expected[order])
        for order in orders
    ]
    assert np.median(scores) > 0.999
    assert min(scores) > 0.98


@both
def test_copies_have_the_label_of_their_face(method: Method) -> None:
    points = _faces()
    expected = method(_EPS).fit_predict(points)
    random = np.random.RandomState(0)
    more = np.concatenate([np.arange(len(points)), random.randint(len(points), size=500)])
    twice = np.concatenate([np.arange(len(points))] * 2)
    for rows in (twice, more):
        np.testing.assert_array_equal(method(_EPS).fit_predict(points[rows]), expected[rows])
    # A bootstrap leaves some out, so that labels are numbered by other first points.
    drawn = random.randint(len(points), size=len(points))
    distinct, inverse = np.unique(drawn, return_inverse=True)
    apart = method(_EPS).fit_predict(points[distinct])
    same = method(_EPS).fit_predict(points[np.concatenate([distinct, drawn])])
    np.testing.assert_array_equal(same, np.concatenate([apart, apart[inverse]]))


@both
def test_simple_cases(method: Method) -> None:
    assert method(1.0).fit_predict([[3.0]]).tolist() == [0]
    assert method(1.0).fit_predict([[0.0], [0.9]]).tolist() == [0, 0]
    assert method(1.0).fit_predict([[0.0], [1.0]]).tolist() == [0, 1]  # a tie without weight
    assert method(1.0).fit_predict([[0.0], [1.1]]).tolist() == [0, 1]
    assert method(1.0).fit_predict(np.ones((7, 3))).tolist() == [0] * 7
    assert method(1.0).fit_predict(np.zeros((7, 3))).tolist() == [0] * 7
    assert method(0.5).fit_predict(np.arange(9.0)[:, None]).tolist() == list(range(9))
    # One alone between those who are not, numbered by their first points.
    points = [[0.0], [50.0], [0.1], [90.0], [90.1], [0.2], [90.2]]
    assert method(1.0).fit_predict(points).tolist() == [0, 1, 0, 2, 2, 0, 2]


@both
@pytest.mark.parametrize("size", [-300, -60, 50, 300])
def test_points_of_any_size(method: Method, size: int) -> None:
    points = _faces(8, 8).astype(np.float64)
    expected = method(_EPS).fit_predict(points)
    found = method(float(np.ldexp(_EPS, size))).fit_predict(np.ldexp(points, size))
    np.testing.assert_array_equal(found, expected)


def test_the_codelength_without_ties_is_that_of_this_fit() -> None:
    clusterer = Infomap(1.0).fit([[0.0], [0.7], [9.0]])
    assert clusterer.codelength_ == pytest.approx(1.0)
    assert clusterer.fit([[0.0], [5.0]]).codelength_ == 0.0


@both
@settings(max_examples=40, deadline=None)
@given(
    arrays(np.float64, (14, 2), elements=st.one_of(st.integers(-2, 2), st.floats(-2, 2))),
    arrays(np.int64, 14, elements=st.integers(0, 5)),
    st.sampled_from([0.5, 1.0, 2.0, 4.0, 8.0]),
)
def test_faces_of_a_photo_are_apart_unless_nearly_equal(
    method: Method, points: Any, photos: Any, eps: float
) -> None:
    labels = method(eps).fit(points, photos=photos).labels_
    for i in range(14):
        for j in range(i):
            far = np.sqrt(np.square(points[i] - points[j]).sum())
            if photos[i] == photos[j] and far > eps / 2 * (1 + 1e-12):
                assert labels[i] != labels[j]
    named = method(eps).fit(points, photos=[f"IMG {one}.jpg" for one in photos]).labels_
    np.testing.assert_array_equal(named, labels)
    alone = method(eps).fit(points, photos=np.arange(14)).labels_
    np.testing.assert_array_equal(alone, method(eps).fit_predict(points))


@both
def test_near_faces_of_a_photo_may_be_together(method: Method) -> None:
    points = np.array([[0.0], [0.3], [0.8]])
    assert method(1.0).fit(points, photos=["a", "a", "b"]).labels_.tolist() == [0, 0, 0]
    # Exactly half of the radius is near; beyond it is not.
    points = np.array([[0.0], [0.5]])
    assert method(1.0).fit(points, photos=["a", "a"]).labels_.tolist() == [0, 0]
    assert method(0.9).fit(points, photos=["a", "a"]).labels_.tolist() == [0, 1]


@both
def test_a_face_on_several_photos_has_the_conflicts_of_all(method: Method) -> None:
    # The same vector is on the photos a and b, with another face on each.
    points = np.array([[0.0], [0.8], [0.0], [-0.8]])
    assert method(1.0).fit_predict(points).tolist() == [0, 0, 0, 0]
    labels = method(1.0).fit(points, photos=["a", "a", "b", "b"]).labels_
    assert labels.tolist() == [0, 1, 0, 2]
    # The same face twice on a photo is a face.
    assert method(1.0).fit(points[[0, 2]], photos=[7, 7]).labels_.tolist() == [0, 0]


@both
def test_two_people_who_are_always_together(method: Method) -> None:
    random = np.random.RandomState(0)
    points = np.concatenate([random.normal(0, 0.2, (20, 4)), random.normal(1.2, 0.2, (20, 4))])
    photos = np.tile(np.arange(20), 2)
    labels = method(3.0).fit(points, photos=photos).labels_
    assert all(labels[i] != labels[i + 20] for i in range(20))


@both
@pytest.mark.parametrize("photos", [["a"], ["a"] * 4, "abc", [["a"], ["b"], ["c"]], 5])
def test_photos_of_another_number_are_refused(method: Method, photos: Any) -> None:
    with pytest.raises(
        ValueError, match=r"^photos must name the photo of each of the 3 rows of X"
    ) as refused:
        method(1.0).fit(np.zeros((3, 2)), photos=photos)
    assert "\n" not in str(refused.value)
