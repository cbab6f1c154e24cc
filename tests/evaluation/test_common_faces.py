"""The faces that two detectors have in common."""

from pathlib import Path

import numpy as np

from facetrack.core.faces import Embeddings, Picture
from facetrack.evaluation.common_faces import find_common

LEFT, RIGHT = (0, 0, 10, 10), (100, 0, 10, 10)


def _faces(*faces: tuple[str, tuple[int, int, int, int]], person: str | None = None) -> Embeddings:
    pictures = [Picture(Path("/"), name, person) for name, _ in faces]
    boxes = np.array([box for _, box in faces], dtype=np.int64).reshape(-1, 4)
    n = len(faces)
    return Embeddings(np.zeros((n, 2), np.float32), boxes, pictures, [], n, [""] * n)


def test_faces_of_a_picture_are_the_same_where_their_boxes_overlap() -> None:
    first = _faces(("a", LEFT), ("a", RIGHT), ("b", LEFT), ("c", LEFT))
    second = _faces(("a", (101, 1, 10, 10)), ("b", RIGHT), ("c", (1, 1, 8, 8)), ("d", LEFT))
    found = find_common(first, second)
    assert found.first.tolist() == [1, 3]
    assert found.second.tolist() == [0, 2]
    assert (found.only_first, found.only_second) == (2, 2)
    assert not found.is_everything


def test_with_labels_and_a_face_per_picture_it_is_the_picture_that_counts() -> None:
    first = _faces(("a", LEFT), ("b", LEFT), person="Ada")
    second = _faces(("a", RIGHT), ("c", LEFT), person="Ada")
    found = find_common(first, second)
    assert (found.first.tolist(), found.second.tolist()) == ([0], [0])
    # Of several faces of a picture the boxes tell.
    several = _faces(("a", RIGHT), ("a", LEFT), ("b", RIGHT), person="Ada")
    found = find_common(first, several)
    assert (found.first.tolist(), found.second.tolist()) == ([0], [1])


def test_the_same_faces_are_everything() -> None:
    faces = _faces(("a", LEFT), ("a", RIGHT), ("b", LEFT))
    assert find_common(faces, faces).is_everything
    assert not find_common(faces, faces.some(np.array([1, 0, 2]))).is_everything
    assert not find_common(faces, faces.some(np.array([0, 1]))).is_everything
