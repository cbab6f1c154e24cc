"""The BCubed F to expect, against sums by hand and against labels."""

import numpy as np
import pytest

from facetrack.core.scale import Scale
from facetrack.evaluation.expected import (
    Belief,
    choose_faces,
    expect,
    form_belief,
    score_faces,
)
from facetrack.evaluation.metrics import scores

RATIOS = ((0.4, 4.0), (1.0, 0.0), (1.4, -3.0))
SCALE = Scale(0.9, ((1e-4, 0.9), (1e-2, 1.1), (0.5, 1.35)), 0.1, RATIOS)


def _people(n: int, each: int, spread: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors of n people, `each` of each, and who they are."""
    random = np.random.RandomState(seed)
    middles = random.normal(size=(n, 32))
    middles /= np.linalg.norm(middles, axis=1, keepdims=True)
    people = np.repeat(np.arange(n), each)
    vectors = middles[people] + random.normal(size=(n * each, 32)) * spread / np.sqrt(32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), people


def test_it_is_the_sums_by_hand() -> None:
    vectors, _ = _people(3, 4, 0.9)
    belief = Belief(RATIOS, 1.25, 0.2)
    groupings = [np.array([0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 2, 3]), np.arange(12)]
    photos = np.array([0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    looked_at = np.array([0, 5, 11])
    found = expect(vectors, belief, groupings, photos, looked_at)
    for labels, one in zip(groupings, found, strict=True):
        for at, face in enumerate(looked_at):
            likely = []
            for other in range(12):
                apart = np.linalg.norm(vectors[face].astype(float) - vectors[other])
                log = np.interp(1.25 * apart, [0.4, 1.0, 1.4], [4, 0, -3])
                log += 7.5 * min(1.4 - 1.25 * float(apart), 0)  # beyond as between the last two
                odds = 0.2 / 0.8 * 10**log
                same = odds / (1 + odds) if photos[face] != photos[other] else 0.0
                likely.append(1.0 if other == face else same)
            together = np.array(likely)[labels == labels[face]]
            assert one.precision[at] == pytest.approx(together.mean(), rel=1e-4)
            assert one.recall[at] == pytest.approx(together.sum() / sum(likely), rel=1e-4)
    # A face alone is right for certain, as far as it goes.
    np.testing.assert_array_equal(found[1].precision, 1)


def test_with_labels_it_is_bcubed() -> None:
    random = np.random.RandomState(1)
    people, labels = random.randint(0, 9, 200), random.randint(0, 12, 200)
    found = score_faces(people, labels, np.arange(200))
    expected = scores(people, labels, information=False)
    assert found.f == pytest.approx(expected["bcubed_f"])
    assert found.precision.mean() == pytest.approx(expected["bcubed_precision"])
    some = np.array([3, 50])
    np.testing.assert_array_equal(score_faces(people, labels, some).recall, found.recall[some])


def test_strangers_that_are_nearer_than_usual_are_moved_apart() -> None:
    vectors, people = _people(30, 4, 0.5)
    apart = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)[np.triu_indices(120, 1)]
    strangers = np.median(apart[(people[:, None] != people)[np.triu_indices(120, 1)]])
    usual = Scale(0.9, ((1e-4, 0.9), (1e-2, 1.1), (0.5, 1.2 * strangers)), 0.1, RATIOS)
    belief = form_belief(usual, vectors)
    assert belief is not None
    assert belief.stretch == pytest.approx(1.2, rel=0.01)
    assert belief.holds
    assert 0 < belief.prior < 0.1
    # Never nearer to each other, and what it says of a distance is of the stretched one.
    far = Scale(0.9, ((1e-4, 0.9), (1e-2, 1.1), (0.5, 1.0)), 0.1, RATIOS)
    assert getattr(form_belief(far, vectors), "stretch", None) == 1
    there = Belief(RATIOS, 1.0, belief.prior).find(np.array(belief.stretch * 0.8))
    assert belief.find(np.array(0.8)) == pytest.approx(float(there))


def test_one_person_alone_tells_nothing() -> None:
    vectors, _ = _people(1, 40, 0.6)
    belief = form_belief(SCALE, vectors)
    assert belief is not None
    assert not belief.holds


def test_without_ratios_or_unit_length_there_is_no_belief() -> None:
    vectors, _ = _people(5, 4, 0.5)
    assert form_belief(Scale(0.9), vectors) is None
    assert form_belief(SCALE, 2 * vectors) is None
    assert form_belief(SCALE, vectors[:1]) is None


def test_of_many_faces_some_are_looked_at() -> None:
    assert choose_faces(7).tolist() == list(range(7))
    some = choose_faces(20_000)
    assert len(np.unique(some)) == len(some) == 5000
    assert (np.diff(some) > 0).all()
