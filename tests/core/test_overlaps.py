"""Boxes of two detectors on one picture."""

import numpy as np

from facetrack.core.overlaps import match_boxes


def _boxes(*boxes: tuple[int, int, int, int]) -> list[np.ndarray]:
    return [np.array(box, dtype=np.int64) for box in boxes]


def test_a_box_that_lies_in_another_for_the_most_part_is_the_same_face() -> None:
    boxes = _boxes((0, 0, 10, 10), (50, 50, 20, 20), (200, 0, 10, 10))
    others = _boxes((52, 52, 10, 10), (3, 0, 10, 10), (209, 0, 10, 10))
    # 70 of 100 pixels are shared, all of the smaller one, and 10 of 100.
    assert match_boxes(boxes, others) == [(0, 1), (1, 0)]


def test_each_box_is_in_one_pair_at_most_and_the_most_alike_come_first() -> None:
    boxes, others = _boxes((0, 0, 10, 10), (2, 0, 10, 10)), _boxes((2, 0, 10, 10), (0, 0, 10, 9))
    assert match_boxes(boxes, others) == [(1, 0), (0, 1)]
    assert match_boxes(boxes[:1], others) == [(0, 1)]
    assert match_boxes([], others) == []
