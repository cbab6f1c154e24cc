"""Faces as a notebook has them, and where they come from."""

import html
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import facetrack
from facetrack.core.faces import Embeddings, Picture
from facetrack.dataset import Folder
from facetrack.detector import Haar
from facetrack.testing import people, photos
from facetrack.testing.drawn import portraits


@pytest.fixture(autouse=True)
def _warm(warm_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACETRACK_HOME", str(warm_home))


@pytest.fixture
def faces() -> facetrack.Faces:
    return facetrack.embed("portraits")


def test_what_faces_have(faces: facetrack.Faces) -> None:
    assert len(faces) == 59
    assert faces.embeddings.shape == (59, 128)
    assert faces.boxes.shape == (59, 4)
    assert len(faces.people) == 18
    assert faces.labels is not None
    named = [faces.people[label] for label in faces.labels]
    assert named == [picture.person for picture in faces.pictures]
    assert len(repr(faces).splitlines()) == 3


def test_some_of_them(faces: facetrack.Faces) -> None:
    assert faces.labels is not None
    ada = faces[faces.labels == faces.people.index("Ada")]
    assert ada.people == ["Ada"]
    assert {picture.person for picture in ada.pictures} == {"Ada"}
    assert len(faces[-3:]) == 3
    np.testing.assert_array_equal(faces[[5, 2]].embeddings, faces.embeddings[[5, 2]])
    np.testing.assert_array_equal(faces[-1].boxes[0], faces.boxes[-1])
    assert [len(one) for one in faces] == [1] * 59
    with pytest.raises(IndexError):
        faces[59]
    with pytest.raises(IndexError):
        faces[np.array([True, False])]


def test_small_faces_are_shown(faces: facetrack.Faces) -> None:
    page = faces._repr_html_()
    assert page.count('src="data:image/jpeg;base64,') == 36
    assert "and 23 faces more" in page
    assert "<script" not in page
    assert len(page) < 200_000


def test_names_are_text_and_terms_are_kept(faces: facetrack.Faces) -> None:
    evil = "<script>alert(1)</script>\"'\n\x1b[31m"
    pictures = [Picture(one.path, evil, evil) for one in faces.pictures[:2]]
    pictures.append(Picture(faces.pictures[2].path, "secret.png", "nobody", publishable=False))
    found = faces.found
    some = Embeddings(found.vectors[:3], found.boxes[:3], pictures, (), 3, list(found.contents[:3]))
    shown = facetrack.Faces(some, evil)
    page = shown._repr_html_()
    assert page.count("<img") == 2
    assert "secret.png" not in page
    assert "and 1 face more" in page
    assert "<script" not in page
    assert html.escape("<script>") in page
    assert "\x1b" not in page + repr(shown)
    assert len(repr(shown).splitlines()) == 3


def test_a_folder_of_people_and_a_flat_one(tmp_path: Path, warm_home: Path) -> None:
    named = facetrack.embed(people(tmp_path, warm_home))
    assert named.people == ["Ada", "Alma", "Bruno", "Chiara", "Daoud"]
    assert (named.name, named.radius) == ("folder", 0.3)
    flat = facetrack.embed(str(photos(tmp_path, warm_home, 5)))
    assert flat.people == []
    assert flat.labels is None
    assert repr(flat).startswith("5 faces on 5 pictures: folder\n")


def test_the_home_folder_and_what_is_skipped(
    tmp_path: Path, warm_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = photos(tmp_path, warm_home, 3)
    (root / "broken.png").write_bytes(b"no picture")
    monkeypatch.setenv("HOME", str(tmp_path))
    faces = facetrack.embed("~/photos")
    assert len(faces) == 3
    assert repr(faces).splitlines()[2].startswith("1 picture skipped, as broken.png: ")


def test_objects_in_place_of_names(tmp_path: Path, warm_home: Path) -> None:
    root = people(tmp_path, warm_home)
    shutil.rmtree(root / "Ada")
    dataset = Folder(root, name="mine")
    faces = facetrack.embed(dataset, detector=Haar(choose="all"), embedder="dlib")
    assert faces.name == "mine"
    assert faces.people == ["Alma", "Bruno", "Chiara", "Daoud"]
    assert ", by Haar and dlib, radius 0.3" in repr(faces)


def test_a_dataset_is_known_by_its_name_and_a_folder_by_its_path(
    tmp_path: Path, warm_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "portraits").mkdir()
    shutil.copy(portraits(warm_home)[0].path, tmp_path / "portraits")
    monkeypatch.chdir(tmp_path)
    assert len(facetrack.embed("portraits")) == 59
    assert len(facetrack.embed("./portraits")) == 1
    assert len(facetrack.embed(Path("portraits").absolute())) == 1


@pytest.mark.parametrize(
    ("photos", "options", "message"),
    [
        ("portrait", {}, "there is no folder or .npz file .*; did you mean 'portraits'?"),
        ("/nowhere", {}, r"there is no folder or .npz file /nowhere \(expected a path"),
        ("portraits", {"detector": "harr"}, "there is no detector 'harr'; did you mean haar?"),
        ("portraits", {"embedder": "facnet"}, "there is no embedder 'facnet'; did you mean"),
        ("portraits", {"detector": 1}, "detector is a name in conf/detector, or an object with"),
        ("text.npz", {}, "text.npz"),
        (3, {}, "expected a path, one of the datasets lfw, muct, portraits, or an object with"),
        ("empty", {}, "no pictures"),
    ],
)
def test_mistakes_are_told_in_a_sentence(
    photos: Any,
    options: dict[str, Any],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.npz").write_text("no archive")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(facetrack.UserError) as told:
        facetrack.embed(photos, **options)
    assert re.search(message, str(told.value))
    assert "\n" not in str(told.value)


def test_a_file_of_vectors_needs_no_detector(faces: facetrack.Faces, tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", embeddings=faces.embeddings)
    assert repr(facetrack.embed(tmp_path / "own.npz")).startswith("59 faces on 59 pictures: own\n")
    with pytest.raises(facetrack.UserError, match=r"own\.npz holds embeddings"):
        facetrack.embed(tmp_path / "own.npz", detector="whole")
