"""Embeddings from files: of facetrack's own, from elsewhere, and what cannot be meant."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import SHARED

from facetrack.core.errors import UserError
from facetrack.core.faces import Embedded
from facetrack.dataset import Folder, Vectors
from facetrack.dataset.vectors import read_about

ROWS = np.array([[3, 4], [0, 2], [1, 0], [0, 1]], dtype=np.float64)
UNIT = np.array([[0.6, 0.8], [0, 1], [1, 0], [0, 1]], dtype=np.float32)
HEX = [f"{i:064x}" for i in range(4)]


def saved(path: Path, **arrays: Any) -> Path:
    np.savez(path / "faces.npz", **arrays)
    return path / "faces.npz"


def test_vectors_alone_are_enough(tmp_path: Path) -> None:
    dataset = Vectors(saved(tmp_path, embeddings=ROWS))
    assert isinstance(dataset, Embedded)
    assert not isinstance(Folder(tmp_path), Embedded)
    found = dataset.embeddings()
    np.testing.assert_array_equal(found.vectors, UNIT)
    assert found.vectors.dtype == np.float32
    assert found.people is None
    assert [one.name for one in found.pictures] == ["0", "1", "2", "3"]
    assert (found.n_pictures, found.skipped) == (4, [])
    assert len(set(found.contents)) == 3  # two rows are equal only once they have length 1
    with pytest.raises(UserError, match="holds vectors, not pictures"):
        dataset.load()


def test_everything_that_a_file_says_is_taken(tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        embeddings=ROWS.astype(np.float16),
        labels=np.array([1, 0, 1, 1], dtype=np.uint8),
        people=np.array(["Ada", "Bo"]),
        pictures=np.array([b"x.jpg", b"\xff.jpg", b"x.jpg", b"z.jpg"]),
        boxes=np.array([[1.6, 2, 3, 4]] * 4, dtype=np.float32),
        contents=np.array(HEX),
        name=np.array("my set"),
        radius=np.array(0.7),
        normalized=np.array(False),
    )
    found = Vectors(path).embeddings()
    np.testing.assert_array_equal(found.vectors, ROWS)  # the file wants them as they are
    np.testing.assert_array_equal(Vectors(path, normalize=True).embeddings().vectors, UNIT)
    assert [one.person for one in found.pictures] == ["Bo", "Ada", "Bo", "Bo"]
    assert [one.name for one in found.pictures] == ["x.jpg", "�.jpg", "x.jpg", "z.jpg"]
    assert found.n_pictures == 3
    assert found.boxes.tolist() == [[2, 2, 3, 4]] * 4
    assert found.contents == HEX
    assert read_about(path).name == "my set"
    assert read_about(path).radius == 0.7
    assert len(read_about(path).sha256) == 64


def test_faces_without_a_label_are_left_out_and_counted(tmp_path: Path) -> None:
    for labels in (np.array([5, -1, 7, 5]), np.array(["5", "", "7", "5"])):
        found = Vectors(saved(tmp_path, embeddings=ROWS, labels=labels)).embeddings()
        assert [one.person for one in found.pictures] == ["5", "7", "5"]
        np.testing.assert_array_equal(found.vectors, UNIT[[0, 2, 3]])
        ((name, reason, pictures),) = ((s.name, s.reason, s.pictures) for s in found.skipped)
        assert (name, reason, pictures) == ("(1 face)", "without a label", 0)
    nobody = Vectors(saved(tmp_path, embeddings=ROWS, labels=np.full(4, -1))).embeddings()
    assert (nobody.names, len(nobody.vectors), nobody.skipped) == ([], 4, [])


def test_vectors_of_length_one_stay_to_the_last_digit(tmp_path: Path) -> None:
    rows = np.random.RandomState(0).normal(size=(200, 128)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = Vectors(saved(tmp_path, embeddings=rows)).embeddings()
    assert found.vectors.tobytes() == rows.tobytes()


def test_no_path_in_a_file_is_ever_opened(tmp_path: Path) -> None:
    picture = str(tmp_path / "secret.jpg")
    found = Vectors(saved(tmp_path, embeddings=ROWS, pictures=np.array([picture] * 4))).embeddings()
    assert {one.path for one in found.pictures} == {tmp_path / "faces.npz"}
    assert not any(one.publishable for one in found.pictures)


NAN = ROWS.copy()
NAN[2, 1] = np.nan
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"labels": np.zeros(4)}, "no array `embeddings`"),
    ({"embeddings": ROWS[0]}, r"`embeddings` is expected to be \(n, d\) numbers; it is float64 of"),
    ({"embeddings": np.zeros((0, 3))}, r"of shape \(0, 3\)"),
    ({"embeddings": np.array([["a"]])}, "expected to be"),
    ({"embeddings": ROWS * 1j}, "holds complex128"),
    ({"embeddings": NAN}, "row 2 of `embeddings` has a value that is not a number"),
    ({"embeddings": ROWS * 1e30}, "row 0 of `embeddings`"),
    ({"embeddings": ROWS, "labels": np.zeros(3, int)}, r"`labels` is expected to be \(4,\)"),
    ({"embeddings": ROWS, "labels": np.zeros(4)}, "whole numbers or texts"),
    (
        {"embeddings": ROWS, "labels": np.arange(4), "people": np.array(["a"])},
        "`labels` has person 3, and `people` has 1 names",
    ),
    ({"embeddings": ROWS, "pictures": np.array(["a"])}, "`pictures` is expected to be"),
    ({"embeddings": ROWS, "boxes": np.zeros((4, 2))}, r"`boxes` is expected to be \(4, 4\)"),
    ({"embeddings": ROWS, "boxes": np.full((4, 4), np.inf)}, "no places in a picture"),
    ({"embeddings": ROWS, "contents": np.array(["a", "b", "c", "d"])}, "SHA-256"),
    ({"embeddings": ROWS, "radius": np.zeros(2)}, "`radius` is expected to be a number"),
    ({"embeddings": ROWS, "name": np.zeros(1)}, "`name` is expected to be"),
]


@pytest.mark.parametrize(("arrays", "expected"), WRONG)
def test_what_cannot_be_meant_is_told(
    arrays: dict[str, Any], expected: str, tmp_path: Path
) -> None:
    path = saved(tmp_path, **arrays)
    with pytest.raises(UserError, match=expected) as told:
        read_about(path), Vectors(path).embeddings()
    assert re.match(r"dataset\.file=\S+faces\.npz", str(told.value))
    assert "\n" not in str(told.value)


def test_characters_that_are_none_are_told_or_replaced(tmp_path: Path) -> None:
    names = np.array(["ab"] * 4)
    names.view(np.uint32)[0] = 0xD800  # a lone surrogate
    path = saved(tmp_path, embeddings=ROWS, pictures=names)
    assert Vectors(path).embeddings().pictures[0].name == "?b"
    names.view(np.uint32)[0] = 0x7FFFFFFF
    path = saved(tmp_path, embeddings=ROWS, pictures=names)
    with pytest.raises(UserError, match="not Unicode"):
        Vectors(path).embeddings()


def test_files_made_elsewhere_are_read() -> None:
    known = {"lfw_dlib": (7555, 901), "lfw_mobilefacenet": (7606, 901)}
    for name, (faces, people) in known.items():
        path = SHARED / f"data/{name}_embeddings.npz"
        if not path.exists():
            pytest.skip("no stored LFW embeddings here")
        found = Vectors(path).embeddings()
        assert (len(found.vectors), len(found.names)) == (faces, people)
        assert np.linalg.norm(found.vectors, axis=1) == pytest.approx(1, abs=1e-5)
        assert found.pictures[0].person == "Aaron_Peirsol"
        assert read_about(path).radius is None
