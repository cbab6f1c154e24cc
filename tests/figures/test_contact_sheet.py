"""Contact sheets: faces of all sizes in even rows, as many pages as they need."""

import numpy as np
import pytest

from facetrack.figures.contact_sheet import PER_PAGE, SIDE, SheetFace, draw_pages


@pytest.mark.parametrize(
    ("size", "drawn"),
    [((SIDE, SIDE), (SIDE, SIDE)), ((120, 90), (SIDE, 150)), ((40, 40), (80, 80))],
)
def test_a_face_fills_its_place_and_a_small_one_is_no_blur(
    size: tuple[int, int], drawn: tuple[int, int]
) -> None:
    red = np.zeros((*size, 3), np.uint8)
    red[..., 0] = 255
    (page,) = draw_pages("", [SheetFace(red, "")])
    found = (np.asarray(page) == (255, 0, 0)).all(axis=2)
    rows, columns = (np.flatnonzero(found.any(axis=axis)) for axis in (1, 0))
    assert (len(rows), len(columns)) == drawn


def test_five_hundred_faces_are_on_as_many_pages_as_they_need() -> None:
    faces = [SheetFace(np.zeros((8, 8, 3), np.uint8), f"{at}.jpg") for at in range(500)]
    assert len(draw_pages("Anna", faces)) == -(-500 // PER_PAGE) == 17
    assert len(draw_pages("Anna", [])) == 1
