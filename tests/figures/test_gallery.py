"""Contact sheets."""

import io

import numpy as np
from PIL import Image

from facetrack.figures.galleries import FACE, WIDTH, Group, Section, draw_gallery


def _face(grey: int) -> np.ndarray:
    return np.full((50, 50, 3), grey, np.uint8)


def _opened(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def test_every_face_is_there_in_a_frame_of_its_groups_colour() -> None:
    groups = [Group("Ada", [_face(10), _face(60)], 3), Group("Bo", [_face(110)], 0)]
    picture = _opened(draw_gallery("Merged", [Section("cluster 1", groups)], ""))
    assert picture.shape[1] == WIDTH
    for grey in (10, 60, 110):
        assert np.all(picture == grey, axis=2).sum() >= 0.9 * FACE * FACE
    red, blue = (np.all(picture == colour, axis=2) for colour in ([214, 39, 40], [31, 119, 180]))
    edge = 4 * 4 * (FACE + 4)  # a frame's pixels
    assert red.sum() >= 2 * edge
    assert edge <= blue.sum() < 2 * edge


def test_many_faces_wrap_within_the_width() -> None:
    groups = [Group(f"person {i}", [_face(10 * i)] * 3, 0) for i in range(12)]
    picture = _opened(draw_gallery("Merged", [Section("cluster", groups)], ""))
    for i in range(1, 12):
        assert np.all(picture == 10 * i, axis=2).sum() >= 0.9 * 3 * FACE * FACE
    assert picture.shape[0] > 4 * FACE


def test_names_without_faces_stand_beside_each_other() -> None:
    groups = [Group("a long name of somebody", [], 2), Group("another long name", [], 3)]
    picture = _opened(draw_gallery("", [Section("", groups)], ""))
    red, blue = (
        np.flatnonzero((abs(picture.astype(int) - colour).sum(axis=2) < 60).any(axis=0))
        for colour in ([214, 39, 40], [31, 119, 180])
    )
    assert len(red)
    assert red.max() < blue.min()
    assert picture.shape[0] < 2 * FACE


def test_nothing_to_show_says_so_and_hostile_names_are_text() -> None:
    empty = _opened(draw_gallery("Merged", [], "nobody was confused"))
    assert (empty < 128).any()
    name = "<script>\n" + "x" * 500 + "\u202e名前"
    picture = _opened(draw_gallery(name, [Section(name, [Group(name, [_face(9)], 0)])], ""))
    assert picture.shape[1] == WIDTH


def test_many_colours_stay_close_to_what_they_are() -> None:
    colours = np.stack(np.meshgrid(*[np.linspace(0, 255, 96)] * 2, [128.0]), -1)[:, :, 0]
    faces = [np.roll(colours, turn, axis=2).astype(np.uint8) for turn in range(3)]
    picture = _opened(draw_gallery("", [Section("", [Group("", faces, 0)])], "")).astype(int)
    assert np.all(picture == 255, axis=2).sum() > picture[:, :, 0].size / 2  # white stays so
    top, left = np.argwhere(np.all(abs(picture - [214, 39, 40]) <= 6, axis=2))[0]
    inside = picture[top + 4 : top + 4 + FACE, left + 4 : left + 4 + FACE]
    assert abs(inside - faces[0]).mean() < 12
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) <= 256


def test_sections_under_another_heading_are_those_drawn_before() -> None:
    faces = [np.random.default_rng(one).integers(0, 255, (50, 50, 3), np.uint8) for one in range(2)]
    first, same, other = (
        _opened(draw_gallery(heading, [Section("cluster", [Group("Ada", [face], 0)])], ""))
        for heading, face in (("eps=0.1", faces[0]), ("eps=0.2", faces[0]), ("eps=0.1", faces[1]))
    )
    assert (first[:60] != same[:60]).any()
    np.testing.assert_array_equal(first[60:], same[60:])
    np.testing.assert_array_equal(first[:60], other[:60])
    assert (first[60:] != other[60:]).any()
