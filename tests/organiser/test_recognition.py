"""Faces that are known again when their photo, box or embedder is not what it was."""

import numpy as np
import pytest
from numpy.typing import NDArray

from facetrack.organiser.recognition import Seen, find_superseded, recognise

RADIUS = 0.3
BOX, BESIDE, WIDER = "10,10,50,50", "100,10,50,50", "5,5,70,65"


def vector(angle: float) -> NDArray[np.float32]:
    """A unit vector that is turned by so many radians away from the first axis."""
    return np.array([np.cos(angle), np.sin(angle), 0, 0], dtype=np.float32)


def look(pixels: int, grey: int = 100, tilt: int = 0) -> bytes:
    """A digest of pixels, and a thumbnail whose rows differ by `tilt`."""
    rows = np.clip(grey + tilt * np.arange(8), 0, 255).astype(np.uint8)
    return bytes([pixels]) * 16 + np.repeat(rows, 8).tobytes()


def seen(
    names: dict[str, list[str]],
    faces: dict[str, NDArray[np.float32] | None],
    looks: dict[str, bytes] | None = None,
) -> Seen:
    vectors = {key: one for key, one in faces.items() if one is not None}
    return Seen(list(faces), names, looks or {}, vectors)


def test_another_detectors_box_is_the_face_it_overlaps() -> None:
    before = seen({"a": ["a.jpg"]}, {f"a:{BOX}": None, f"a:{BESIDE}": None})
    now = seen({"a": ["a.jpg"]}, {"a:95,5,60,60": None, f"a:{WIDER}": None, "a:300,300,9,9": None})
    assert recognise(now, before, RADIUS) == {
        "a:95,5,60,60": f"a:{BESIDE}",
        f"a:{WIDER}": f"a:{BOX}",
    }


def test_a_face_is_known_again_once() -> None:
    before = seen({"a": ["a.jpg"]}, {f"a:{BOX}": None})
    now = seen({"a": ["a.jpg"]}, {f"a:{WIDER}": None, "a:11,11,50,50": None})
    assert recognise(now, before, RADIUS) == {"a:11,11,50,50": f"a:{BOX}"}


def test_a_face_that_is_called_the_same_is_taken() -> None:
    before = seen({"a": ["a.jpg"]}, {f"a:{BOX}": None})
    now = seen({"a": ["a.jpg"]}, {f"a:{BOX}": None, f"a:{WIDER}": None})
    assert recognise(now, before, RADIUS) == {}


def test_a_caption_leaves_the_pixels_whatever_the_embedder() -> None:
    before = seen({"a": ["x/a.jpg"]}, {f"a:{BOX}": None}, {"a": look(1)})
    now = seen({"b": ["y/renamed.jpg"]}, {f"b:{WIDER}": None}, {"b": look(1)})
    assert recognise(now, before, RADIUS) == {f"b:{WIDER}": f"a:{BOX}"}
    assert find_superseded(now, before, {}) == {"a": "b"}


def test_photos_with_the_same_pixels_go_by_their_paths() -> None:
    names = {"a": ["1.jpg"], "b": ["2.jpg"]}
    before = seen(names, {f"a:{BOX}": None, f"b:{BOX}": None}, {"a": look(1), "b": look(1)})
    names = {"d": ["2.jpg"], "c": ["1.jpg"]}
    now = seen(names, {f"d:{BOX}": None, f"c:{BOX}": None}, {"c": look(1), "d": look(1)})
    assert recognise(now, before, RADIUS) == {f"c:{BOX}": f"a:{BOX}", f"d:{BOX}": f"b:{BOX}"}


def test_an_edit_in_place_goes_by_the_nearest_vectors() -> None:
    anna, bea = vector(0.0), vector(0.5)
    before = seen({"a": ["a.jpg"]}, {f"a:{BOX}": anna, f"a:{BESIDE}": bea})
    # Turned by a quarter: the boxes lie elsewhere, and the second is the first.
    now = seen({"b": ["a.jpg"]}, {f"b:{BOX}": vector(0.45), "b:10,300,50,50": vector(0.05)})
    assert recognise(now, before, RADIUS) == {
        f"b:{BOX}": f"a:{BESIDE}",
        "b:10,300,50,50": f"a:{BOX}",
    }
    assert find_superseded(now, before, recognise(now, before, RADIUS)) == {"a": "b"}


def test_another_photo_under_the_same_name_is_nobody_known() -> None:
    before = seen({"a": ["IMG_1.jpg"]}, {f"a:{BOX}": vector(0.0)}, {"a": look(1, tilt=25)})
    now = seen({"b": ["IMG_1.jpg"]}, {f"b:{BOX}": vector(0.9)}, {"b": look(2, 200, tilt=-25)})
    assert recognise(now, before, RADIUS) == {}
    assert find_superseded(now, before, {}) == {}


@pytest.mark.parametrize(("angle", "known"), [(0.14, True), (0.16, False)])
def test_a_renamed_edit_has_to_be_within_half_a_radius(angle: float, known: bool) -> None:
    before = seen({"a": ["a.jpg"]}, {f"a:{BOX}": vector(0.0)})
    now = seen({"b": ["b.jpg"]}, {f"b:{BESIDE}": vector(angle)})
    assert bool(recognise(now, before, RADIUS)) is known


def test_a_copy_beside_its_original_is_a_new_face() -> None:
    before = seen({"a": ["a.jpg"]}, {f"a:{BOX}": vector(0.0)})
    now = seen(
        {"a": ["a.jpg"], "b": ["a copy.jpg"]}, {f"a:{BOX}": vector(0.0), f"b:{BOX}": vector(0.01)}
    )
    assert recognise(now, before, RADIUS) == {}


def test_a_photo_that_was_there_does_not_become_another_ones_edit() -> None:
    before = seen(
        {"a": ["a.jpg"], "b": ["b.jpg"]}, {f"a:{BOX}": vector(0.0), f"b:{BOX}": vector(0.05)}
    )
    now = seen({"b": ["b.jpg"]}, {f"b:{BESIDE}": vector(0.02)})
    assert recognise(now, before, RADIUS) == {}


@pytest.mark.parametrize("turn", range(4))
def test_an_edited_photo_without_a_face_takes_its_place(turn: int) -> None:
    tilted = look(1, tilt=20)
    turned = np.rot90(np.frombuffer(tilted[16:], np.uint8).reshape(8, 8), turn)
    brighter = bytes([2]) * 16 + (turned + 8).astype(np.uint8).tobytes()
    before = seen({"a": ["hill.jpg"]}, {}, {"a": tilted})
    assert find_superseded(seen({"b": ["hill.jpg"]}, {}, {"b": brighter}), before, {}) == {"a": "b"}
    assert find_superseded(seen({"b": ["lake.jpg"]}, {}, {"b": brighter}), before, {}) == {}


def test_many_faces_are_compared_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("facetrack.organiser.recognition._BLOCK", 7)
    random = np.random.default_rng(0)
    vectors = random.normal(size=(30, 64)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    old = {f"a{i}:{BOX}": vector for i, vector in enumerate(vectors)}
    order = random.permutation(30)
    now = {f"b{i}:{BOX}": vectors[i] for i in order.tolist()}
    before = seen({key.partition(":")[0]: [key] for key in old}, dict(old))
    after = seen({key.partition(":")[0]: [f"new {key}"] for key in now}, dict(now))
    expected = {f"b{i}:{BOX}": f"a{i}:{BOX}" for i in range(30)}
    assert recognise(after, before, RADIUS) == expected
