"""Photos that show the same pixels in other bytes: each face goes with its equal."""

import numpy as np
import pytest

from facetrack.organiser.grouping import Earlier, give_numbers, take_apart


@pytest.mark.parametrize("step", [0, 1e-12, 3e-9])
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 3, 2, 1), (1, 0, 2, 3), (3, 2, 1, 0)])
def test_a_copy_of_a_group_photo_has_the_same_two_people(
    order: tuple[int, ...], step: float
) -> None:
    # Two people on a photo and on its copy, near enough to each other for one cluster.
    vectors = np.array([[0, 0], [0.25, 0], [step, 0], [0.25 + step, 0]])
    photos, people = ["a", "a", "b", "b"], np.array([0, 1, 0, 1])
    rows = np.array(order)
    labels = np.zeros(4, dtype=np.int64)
    pieces = take_apart(labels, vectors[rows], [photos[row] for row in order], radius=0.3)
    of_first, of_second = (set(pieces[people[rows] == person].tolist()) for person in (0, 1))
    assert len(of_first) == len(of_second) == 1
    assert of_first != of_second


def test_a_copy_that_comes_later_joins_its_equals() -> None:
    vectors = np.array([[0, 0], [0.25, 0], [0, 0], [0.25, 0]], dtype=np.float32)
    labels = take_apart(np.zeros(4, dtype=np.int64), vectors, ["a", "a", "b", "b"], radius=0.3)
    earlier = Earlier(np.array([1, 2, 0, 0]), np.zeros(4, dtype=bool))
    assert give_numbers(labels, vectors, earlier, 3).tolist() == [1, 2, 1, 2]


def test_equal_faces_of_many_photos_are_one_piece() -> None:
    vectors = np.repeat(np.array([[0, 0], [0.25, 0]], dtype=np.float32), 6, axis=0)
    photos = [f"photo {row % 6}" for row in range(12)]
    pieces = take_apart(np.zeros(12, dtype=np.int64), vectors, photos, radius=0.3)
    assert pieces.tolist() == [0] * 6 + [1] * 6
