"""What was made for many photos and persons gives what the plain way gives."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from facetrack.organiser import lookalikes, state
from facetrack.organiser.grouping import list_faces
from facetrack.organiser.lookalikes import find_alike
from facetrack.organiser.state import File, Given, Photo, State


def test_the_faces_of_each_person() -> None:
    numbers = np.random.default_rng(0).integers(0, 5, 40)
    found = list_faces(numbers)
    assert list(found) == [0, 1, 2, 3, 4]
    for person, faces in found.items():
        assert faces.tolist() == np.flatnonzero(numbers == person).tolist()
    assert list_faces(np.empty(0, np.int64)) == {}


@pytest.mark.parametrize("at_once", [1, 100, 1 << 22])
def test_lookalikes_are_those_of_all_pairs(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookalikes, "_PAIRS", at_once)
    random = np.random.default_rng(1)
    numbers = random.integers(0, 60, 300)
    vectors = random.normal(size=(300, 6)).astype(np.float32)
    contents = [str(photo) for photo in random.integers(0, 200, 300)]
    on = {person: {contents[row] for row in faces} for person, faces in list_faces(numbers).items()}
    persons = [person for person in on if person]
    means = np.array([vectors[numbers == person].mean(axis=0, dtype=float) for person in persons])
    expected = {
        (persons[one], persons[other])
        for one, other in np.argwhere(np.triu(cdist(means, means) < 0.9, 1)).tolist()
        if on[persons[one]].isdisjoint(on[persons[other]])
    }
    assert len(expected) > 20
    found = find_alike(vectors, numbers, contents, 0.9)
    assert {(pair.first, pair.second) for pair in found} == expected
    assert [pair.distance for pair in found] == sorted(pair.distance for pair in found)


def test_the_state_is_written_as_it_was(tmp_path: Path) -> None:
    now = State(
        radius=0.3,
        faces={"a:1,2,3,4": 1},
        photos={"a": Photo(["é.jpg"], "00")},
        barred={"a:1,2,3,4": {2: "é.jpg"}},
        given={"a:1,2,3,4": Given(1, "é.jpg", 0)},
        parted={3: 1},
        files={"person-001/é.jpg": File("a", "person-001", "copy", 10, 5)},
    )
    plain = {"version": 2, **dataclasses.asdict(now)}
    assert json.dumps(state.to_json(now)) == json.dumps(plain)
    state.own_folder(tmp_path).mkdir()
    state.save(tmp_path, now)
    assert state.load(tmp_path) == now


@pytest.mark.parametrize("path", ["a/b.jpg", "a//b", "./a/b", "a/.b", "a/b..jpg", ".a/b"])
def test_a_file_in_a_folder(path: str) -> None:
    state.demand_below(path)


@pytest.mark.parametrize("path", ["", "a", "a/", "/a", "/a/b", "../b", "a/..", "a/b/c", "./b"])
def test_a_file_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="it has a file at"):
        state.demand_below(path)


def test_only_thumbnails_of_known_faces_stay(tmp_path: Path) -> None:
    own = state.own_folder(tmp_path)
    paths = [path(own, face) for face in ("here", "gone") for path in state.THUMBNAILS]
    others = [paths[0].with_name(name) for name in ("x.jpg.part", "note", "-large.jpg")]
    paths[0].parent.mkdir(parents=True)
    for path in (*paths, *others):
        path.touch()
    state.remove_old_thumbnails(tmp_path, State(faces={"here": 1}))
    assert sorted(paths[0].parent.iterdir()) == sorted(paths[:2])
