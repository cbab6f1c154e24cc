import math

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics as sklearn_metrics

from facetrack.core.labels import separate_noise
from facetrack.evaluation import metrics
from facetrack.evaluation.metrics import scores, summarise

LABELS = st.integers(1, 25).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 5), min_size=n, max_size=n),
        st.lists(st.integers(-1, 5), min_size=n, max_size=n),
    )
)
SHARES = [
    "ari",
    "ami",
    "homogeneity",
    "completeness",
    "v_measure",
    "pairwise_precision",
    "pairwise_recall",
    "pairwise_f",
    "bcubed_precision",
    "bcubed_recall",
    "bcubed_f",
]


def score(people: list[int], clusters: list[int]) -> dict[str, float]:
    return scores(np.array(people), np.array(clusters))


def many_faces(noise: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """3000 faces of people with a long tail; clusters that split some and mix others."""
    rng = np.random.RandomState(0)
    people = np.minimum(rng.zipf(1.5, 3000), 500)
    clusters = people * 3 + rng.randint(0, 3, 3000)
    mixed = rng.rand(3000) < 0.2
    clusters[mixed] = rng.randint(0, 1000, mixed.sum())
    if noise:
        clusters[rng.rand(3000) < 0.1] = -1
    return people, clusters


@given(LABELS)
def test_pairs_and_bcubed_agree_with_counting_one_by_one(
    labels: tuple[list[int], list[int]],
) -> None:
    people, clusters = labels[0], reference.alone(labels[1])
    got = score(*labels)
    for name, (precision, recall) in {
        "pairwise": reference.pairwise(people, clusters),
        "bcubed": reference.bcubed(people, clusters),
    }.items():
        assert got[f"{name}_precision"] == pytest.approx(precision, abs=1e-12)
        assert got[f"{name}_recall"] == pytest.approx(recall, abs=1e-12)
        assert got[f"{name}_f"] == pytest.approx(reference.harmonic(precision, recall), abs=1e-12)
    assert got["n_people"] == len(set(people))
    assert got["n_clusters"] == len(set(clusters))


def assert_like_sklearn(people: NDArray[np.int64], clusters: NDArray[np.int64]) -> None:
    got = scores(people, clusters)
    clusters = np.array(reference.alone(clusters.tolist()))
    ari = sklearn_metrics.adjusted_rand_score(people, clusters)
    ami = sklearn_metrics.adjusted_mutual_info_score(people, clusters)
    h, c, v = sklearn_metrics.homogeneity_completeness_v_measure(people, clusters)
    assert got["ari"] == pytest.approx(ari, abs=1e-12)
    assert got["ami"] == pytest.approx(ami, abs=1e-9)
    assert got["homogeneity"] == pytest.approx(h, abs=1e-9)
    assert got["completeness"] == pytest.approx(c, abs=1e-9)
    assert got["v_measure"] == pytest.approx(v, abs=1e-9)


@given(LABELS)
def test_rand_index_and_information_agree_with_sklearn(labels: tuple[list[int], list[int]]) -> None:
    assert_like_sklearn(np.array(labels[0]), np.array(labels[1]))


@pytest.mark.parametrize("noise", [False, True])
def test_agrees_with_sklearn_on_thousands_of_faces(noise: bool) -> None:
    assert_like_sklearn(*many_faces(noise))


def test_names_and_their_order() -> None:
    assert list(score([0, 0], [0, 1])) == [*SHARES, "n_clusters", "n_people"]


def test_a_worked_example() -> None:
    # Of 15 pairs 6 are joined, 6 of one person, 3 both.
    got = score([0, 0, 0, 0, 1, 2], [5, 5, 5, 7, 7, 7])
    assert got["pairwise_precision"] == pytest.approx(3 / 6)
    assert got["pairwise_recall"] == pytest.approx(3 / 6)
    assert got["bcubed_precision"] == pytest.approx((3 * 1 + 3 * 1 / 3) / 6)
    assert got["bcubed_recall"] == pytest.approx((3 * 3 / 4 + 1 / 4 + 1 + 1) / 6)
    assert got["ari"] == pytest.approx((3 - 36 / 15) / (6 - 36 / 15))


def test_perfect_clusters_score_one_exactly() -> None:
    people, _ = many_faces(noise=False)
    got = scores(people, people.max() - people)
    assert {name: got[name] for name in SHARES} == dict.fromkeys(SHARES, 1.0)


@pytest.mark.parametrize("labels", [[0], [0, 0, 0], [0, 1, 2]])
def test_perfect_where_chance_is_perfect_too(labels: list[int]) -> None:
    got = score(labels, labels)
    assert {name: got[name] for name in SHARES} == dict.fromkeys(SHARES, 1.0)


def test_every_face_alone() -> None:
    got = score([0, 0, 0, 1, 1], [0, 1, 2, 3, 4])
    assert got["ari"] == 0
    assert got["ami"] == pytest.approx(0, abs=1e-12)
    assert (got["pairwise_precision"], got["pairwise_recall"], got["pairwise_f"]) == (1, 0, 0)
    assert (got["homogeneity"], got["bcubed_precision"]) == (1, 1)
    assert got["bcubed_recall"] == pytest.approx(2 / 5)  # K / n
    assert got["n_clusters"] == 5


def test_all_faces_together() -> None:
    got = score([0, 0, 0, 1, 1], [3, 3, 3, 3, 3])
    assert got["ari"] == 0
    assert got["ami"] == pytest.approx(0, abs=1e-12)
    assert (got["homogeneity"], got["completeness"], got["v_measure"]) == (0, 1, 0)
    assert (got["pairwise_precision"], got["pairwise_recall"]) == (0.4, 1)  # (3 + 1) / 10 pairs
    assert got["bcubed_precision"] == pytest.approx((9 + 4) / 25)
    assert got["bcubed_recall"] == 1


def test_nobody_with_two_faces() -> None:
    got = score([0, 1, 2], [0, 0, 1])
    assert (got["pairwise_precision"], got["pairwise_recall"], got["pairwise_f"]) == (0, 1, 0)


def test_noise_faces_are_alone() -> None:
    people = [0, 0, 1, 1, 2]
    assert score(people, [0, 0, -1, -1, -1]) == score(people, [0, 0, 1, 2, 3])
    assert score(people, [0, 0, -1, -1, -1])["n_clusters"] == 4
    assert score(people, [-1] * 5)["pairwise_precision"] == 1


def test_noise_alone_keeps_the_other_clusters() -> None:
    labels = separate_noise(np.array([7, -1, 7, -5, -1]))
    assert labels.dtype == np.int64
    assert sorted(set(labels.tolist())) == [0, 1, 2, 3]
    assert labels[0] == labels[2]


@given(LABELS)
def test_numbering_does_not_matter(labels: tuple[list[int], list[int]]) -> None:
    people, clusters = labels
    renumbered = [-1 if label == -1 else 10**12 - 7 * label for label in clusters]
    assert score([-9 * person for person in people], renumbered) == pytest.approx(
        score(people, clusters), abs=1e-12
    )


def test_what_is_remembered_of_sizes_does_not_show() -> None:
    people = np.repeat([0, 1, 2, 3], [5, 3, 3, 1])
    divided = [np.arange(12) // width for width in (2, 3, 4, 2, 6, 3)]
    warm = [scores(people, one) for one in divided]
    other = scores(np.repeat([0, 1, 2], 4), divided[0])  # the same number of faces
    cold = []
    for one in divided:
        metrics._sum_information.cache_clear()
        cold.append(scores(people, one))
    assert warm == cold
    assert other["ami"] != warm[0]["ami"]


def test_inputs_stay_as_they_are() -> None:
    people, clusters = many_faces(noise=True)
    before = people.copy(), clusters.copy()
    people.flags.writeable = clusters.flags.writeable = False
    scores(people, clusters)
    np.testing.assert_array_equal(people, before[0])
    np.testing.assert_array_equal(clusters, before[1])


@pytest.mark.parametrize(("people", "clusters"), [([], []), ([0, 1], [0]), ([0, 1, 2], [0])])
def test_refuses_inputs_that_do_not_match(people: list[int], clusters: list[int]) -> None:
    with pytest.raises(ValueError, match="one length"):
        score(people, clusters)


def test_summary_of_a_worked_example() -> None:
    got = summarise([1, 2, 3, 4])
    assert (got.mean, got.std, got.two_std) == (2.5, math.sqrt(1.25), 2 * math.sqrt(1.25))
    # 97.5 % quantile of Student's t with 3 degrees of freedom, from a printed table.
    half = 3.182446 * math.sqrt(5 / 3) / 2
    assert got.ci_low == pytest.approx(2.5 - half, abs=1e-5)
    assert got.ci_high == pytest.approx(2.5 + half, abs=1e-5)


@pytest.mark.parametrize("values", [[0.1], [0.1] * 30, np.full(7, 0.7)])
def test_summary_of_equal_values_has_no_width(values: list[float]) -> None:
    got = summarise(values)
    assert (got.mean, got.std, got.two_std) == (values[0], 0, 0)
    assert got.ci_low == got.ci_high == values[0]


def test_summary_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        summarise([])
