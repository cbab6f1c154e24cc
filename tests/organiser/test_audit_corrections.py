"""What answers correct: groups come apart where two people meet; what is one person is joined."""

from pathlib import Path

import numpy as np
import pytest

from facetrack.core.faces import scale_to_unit
from facetrack.evaluation.audit.frame import Faces
from facetrack.organiser.audit_answers import Asked
from facetrack.organiser.audit_corrections import Merge, Move, plan_corrections, write_corrections
from facetrack.organiser.audited_faces import Folder
from facetrack.organiser.people_file import understand
from facetrack.organiser.state import Photo, State

# Persons on a circle: Anna around 0 degrees, Ben around 40, Cleo around 180.
_DEGREES = {"a": (0, 2, 5, 18), "b": (38, 40, 42), "c": (180, 183)}


def _folder(persons: str) -> Folder:
    """Faces a a a a b b b c c, of these persons."""
    angles = np.radians([angle for of in _DEGREES.values() for angle in of])
    vectors = scale_to_unit(np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32))
    numbers = np.array([int(one) for one in persons])
    alone = np.where(numbers == 0, -1 - np.arange(len(numbers)), numbers)
    groups = np.unique(alone, return_inverse=True)[1]
    keys = [f"{row:064x}:0,0,10,10" for row in range(len(numbers))]
    photos = {key[:64]: Photo([f"{row}, so.jpg"]) for row, key in enumerate(keys)}
    faces = Faces(vectors, groups, np.arange(len(numbers)), ((0.0, 6.0), (2.0, -6.0)))
    state = State(faces=dict(zip(keys, numbers.tolist(), strict=True)), photos=photos)
    said = understand("", Path("people.yaml"))
    return Folder(keys, numbers, faces, state, said, following=7, missing=0)


def _plan(folder: Folder, *said: tuple[int, int, str]) -> list[Merge | Move]:
    asked = [
        Asked(number, folder.keys[one], folder.keys[other], answer)
        for number, (one, other, answer) in enumerate(said)
    ]
    return plan_corrections(folder, asked)


def test_a_group_comes_apart_where_its_people_meet() -> None:
    folder = _folder("111111122")
    # Anna's last face fits in less well than Ben's first, and is not the one to go.
    for pair in ((0, 4), (3, 5), (6, 2)):
        assert _plan(folder, (*pair, "no")) == [Move([4, 5, 6], 1, 7)]


def test_a_single_face_goes_to_nobody() -> None:
    folder = _folder("111102222")
    assert _plan(folder, (4, 5, "yes"), (5, 7, "no")) == [Move([7, 8], 2, 7), Move([4], 0, 2)]
    folder = _folder("111150122")
    assert _plan(folder, (6, 0, "no")) == [Move([6], 1, 0)]


def test_faces_that_are_one_person_stay_together() -> None:
    folder = _folder("111111122")
    # Alone, the weakest tie between 3 (18 degrees) and 2 (5 degrees) is that between them.
    assert _plan(folder, (3, 2, "no")) == [Move([0, 1, 2], 1, 7)]
    assert _plan(folder, (3, 2, "yes"), (3, 4, "no"), (2, 6, "no")) == [Move([4, 5, 6], 1, 7)]


def test_persons_are_joined_and_nobody_s_faces_taken_in() -> None:
    folder = _folder("115500022")
    assert _plan(folder, (0, 2, "yes"), (4, 5, "yes"), (6, 4, "yes")) == [
        Merge(1, 5),
        Move([4, 5], 0, 7),
        Move([6], 0, 7),
    ]


def test_nobody_is_joined_with_a_stranger() -> None:
    folder = _folder("111122233")
    assert _plan(folder, (0, 4, "yes"), (1, 5, "no")) == []
    # Of two answers that contradict each other nothing follows.
    assert _plan(folder, (0, 1, "yes"), (1, 2, "yes"), (0, 2, "no")) == []


def test_answers_that_agree_with_the_groups_correct_nothing() -> None:
    folder = _folder("111122233")
    assert _plan(folder, (0, 3, "yes"), (0, 4, "no"), (1, 8, "can't tell")) == []
    assert _plan(folder, (4, 6, "yes"), (6, 7, "no"), (7, 8, "yes")) == []


@pytest.mark.parametrize("seed", range(20))
def test_once_is_enough(seed: int) -> None:
    """Whatever was answered truly: what is made of it agrees with it, so nothing is left to do."""
    random = np.random.default_rng(seed)
    people = np.repeat([1, 2, 3], [4, 3, 2])
    folder = _folder("".join(map(str, random.integers(0, 4, len(people)))))
    pairs = [random.choice(len(people), 2, replace=False).tolist() for _ in range(15)]
    said = [(a, b, "yes" if people[a] == people[b] else "no") for a, b in pairs]
    numbers = folder.persons.copy()
    for step in _plan(folder, *said):
        if isinstance(step, Merge):
            numbers[numbers == step.other] = step.into
        else:
            numbers[list(step.rows)] = step.to
    for one, other, answer in said:
        together = numbers[one] == numbers[other] != 0
        assert together == (answer == "yes")


def test_they_are_written_as_people_yaml_has_them() -> None:
    folder = _folder("111111122")
    steps: list[Merge | Move] = [Move([4], 1, 0), Move([5, 6], 1, 7), Merge(1, 2)]
    assert write_corrections(folder, steps) == {
        "person-001": ['not: ["4, so.jpg@5,5"]', "merge: [person-002]"],
        "person-007": ['also: ["5, so.jpg@5,5"]', 'also: ["6, so.jpg@5,5"]'],
    }


def test_a_face_that_moves_twice_is_where_it_ends() -> None:
    folder = _folder("1111")
    steps = [Move([2, 3], 1, 7), Move([2], 7, 0), Move([1], 1, 8), Move([1], 8, 1)]
    assert write_corrections(folder, steps) == {
        "person-001": ['not: ["2, so.jpg@5,5"]'],
        "person-007": ['also: ["3, so.jpg@5,5"]'],
    }
