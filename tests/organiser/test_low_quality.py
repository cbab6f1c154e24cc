"""Faces too blurred or small come to groups and found none."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from facetrack.organiser.low_quality import find_reach, join_low, tell
from facetrack.organiser.photos import Photos
from facetrack.testing import Workspace, organise, photos


def _photos(places: list[float], low: list[bool], on: str | None = None) -> Photos:
    """Faces on a line, each on its photo: a letter of `on`."""
    n = len(places)
    return Photos(
        vectors=np.array([[place, 0] for place in places], np.float32),
        boxes=np.zeros((n, 4), np.int64),
        sharpness=np.where(low, 0.001, 0.1).astype(np.float32),
        contents=list(on or "abcdefghij"[:n]),
        keys=[str(i) for i in range(n)],
        pictures={},
        names={},
        faceless=[],
        gone=[],
        looks={},
        unread=[],
        skipped=[],
        noted=[],
        n_pictures=n,
    )


def _join(found: Photos, labels: list[int], radius: float | None) -> list[int]:
    low: NDArray[np.bool_] = found.low
    reach = find_reach(None, radius, found.sharpness[low])
    (joined,) = join_low([np.array(labels)], found.vectors, found.contents, low, reach)
    return [int(label) for label in joined]


def test_a_low_face_comes_to_the_nearest_group_within_the_radius() -> None:
    found = _photos([0, 0.2, 5, 0.3, 9], [False, False, False, True, True])
    # .3 is .2 from the first two on the average, and 9 is near nobody.
    assert _join(found, [0, 0, 1], 0.21) == [0, 0, 1, 0, 3]
    assert _join(found, [0, 0, 1], 0.19) == [0, 0, 1, 2, 3]
    assert _join(found, [0, 0, 1], None) == [0, 0, 1, 2, 3]
    assert tell(found) == ["2 faces are too blurred or small to found a group"]


def test_the_three_nearest_of_a_group_count() -> None:
    found = _photos([0, 0.1, 0.2, 9, 0.52, 0.3], [False] * 5 + [True])
    # .3, .2 and .1 away from the first group, whose last face is far; .22 from the second.
    assert _join(found, [0, 0, 0, 0, 1], 0.25) == [0, 0, 0, 0, 1, 0]
    found = _photos([0, 0.1, 0.2, 9, 0.45, 0.3], [False] * 5 + [True])
    assert _join(found, [0, 0, 0, 0, 1], 0.25) == [0, 0, 0, 0, 1, 1]


def test_the_less_a_blurred_face_says_the_nearer_it_must_be() -> None:
    table = ((0, 0.002, 0.1), (0.2, 2.0, 6.0), (0.8, -1.0, 0.0))
    # At the radius sharp faces have 3; 2.3 is enough, which blurred ones have at .14.
    reach = find_reach(table, 0.5, np.array([0.002, 0.1, np.nan], np.float32))
    np.testing.assert_allclose(reach, [0.14, 0.57, 0.57])
    pairs = ((0.2, 6.0), (0.8, 0.0))
    assert find_reach(pairs, 0.5, np.array([0.002], np.float32)).tolist() == [0.5]
    assert find_reach(table, None, np.array([0.002], np.float32)).tolist() == [0.0]


def test_low_faces_never_found_a_group_alone() -> None:
    found = _photos([0, 5, 5, 5], [False, True, True, True])
    assert _join(found, [0], 1.0) == [0, 1, 2, 3]


def test_two_faces_of_a_photo_stay_apart() -> None:
    found = _photos([0, 0.2, 0.1, 0.1], [False, False, True, True], on="abac")
    assert _join(found, [0, 1], 0.5) == [0, 1, 1, 0]  # the third shares a photo with the first


def test_without_a_radius_an_equal_face_is_alone_too() -> None:
    found = _photos([0, 3, 0], [False, False, True])
    assert _join(found, [0, 1], None) == [0, 1, 2]


def test_noise_stays_noise() -> None:
    found = _photos([0, 3, 0.1], [False, False, True])
    assert len(set(_join(found, [-1, -1], 0.01))) == 3


def test_what_was_stored_before_there_were_qualities_is_not_low() -> None:
    found = _photos([0, 1], [True, True])
    before = replace(found, sharpness=np.full(2, np.nan, np.float32))
    assert not before.low.any()
    assert tell(before) == []


def test_a_folder_with_blurred_photos(
    workspace: Workspace, warm_home: Path, tmp_path: Path
) -> None:
    root, out = photos(tmp_path, warm_home, 12), tmp_path / "out"
    organise(workspace, root, out).ok()
    before = {path.parent.name for path in out.glob("person-*/*")}
    for path in sorted(root.rglob("*.*"))[:6]:
        with Image.open(path) as picture:
            blurred = picture.convert("RGB").filter(ImageFilter.GaussianBlur(4))
            blurred.save(path.with_name(f"blurred-{path.name}"))
    told = organise(workspace, root, out).ok()
    assert before <= {path.parent.name for path in out.glob("person-*/*")}
    assert "6 faces are too blurred or small to found a group" in told
    founded = {path.parent for path in out.glob("person-*/blurred-*")}
    for folder in founded:
        assert any(not path.name.startswith("blurred-") for path in folder.iterdir())
    assert "blurred or small, so it founds no group" in (out / "index.html").read_text()


def test_several_groupings_at_once_are_each_as_if_alone() -> None:
    random = np.random.RandomState(0)
    low = random.rand(60) < 0.3
    found = _photos(
        random.rand(60).tolist(), low.tolist(), "".join(random.choice(list("abcdefgh"), 60))
    )
    groupings = [random.randint(-1, 9, int((~low).sum())) for _ in range(3)]
    reach = random.rand(int(low.sum())) * 0.3
    given = found.vectors, found.contents, low, reach
    together = join_low(groupings, *given)
    for one, joined in zip(groupings, together, strict=True):
        np.testing.assert_array_equal(join_low([one], *given)[0], joined)
    assert not np.array_equal(together[0], together[1])
