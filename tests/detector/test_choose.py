"""Which face counts."""

import numpy as np
import pytest

from facetrack.core.errors import UserError
from facetrack.core.faces import Boxes, Detection
from facetrack.detector import CHOICES, Haar
from facetrack.detector import choose as choose_face

#                 first: small, corner     largest               nearest to (50, 50)
BOXES = np.array([[2, 3, 10, 10], [20, 60, 30, 30], [40, 45, 20, 20]], dtype=np.int64)


def choose(boxes: Boxes, width: int, height: int, rule: str, border: int) -> Boxes:
    """The boxes that count; whatever else is known of them stays with them."""
    numbers = np.arange(len(boxes), dtype=np.float32)
    landmarks = numbers[:, None, None] + np.zeros((5, 2), np.float32)
    kept = choose_face(Detection(boxes, numbers, landmarks), width, height, rule, border)
    assert kept.scores is not None
    assert kept.landmarks is not None
    np.testing.assert_array_equal(kept.landmarks, np.tile(kept.scores[:, None, None], (5, 2)))
    np.testing.assert_array_equal(kept.boxes, boxes[kept.scores.astype(int)])
    return kept.boxes


@pytest.mark.parametrize(("rule", "row"), [("first", 0), ("largest", 1), ("central", 2)])
def test_each_rule(rule: str, row: int) -> None:
    np.testing.assert_array_equal(choose(BOXES, 100, 100, rule, 0), BOXES[row : row + 1])


def test_the_border_drops_the_chosen_face_not_the_others() -> None:
    assert len(choose(BOXES, 100, 100, "first", 10)) == 0
    assert len(choose(BOXES, 100, 100, "central", 10)) == 1


@pytest.mark.parametrize(("border", "kept"), [(0, 1), (2, 1), (3, 0), (4, 0)])
def test_a_face_on_the_border_is_dropped(border: int, kept: int) -> None:
    box = np.array([[3, 50, 10, 10]], dtype=np.int64)
    assert len(choose(box, 100, 100, "first", border)) == kept
    assert len(choose(box[:, [1, 0, 2, 3]], 100, 100, "first", border)) == kept


def test_all_of_them() -> None:
    np.testing.assert_array_equal(choose(BOXES, 100, 100, "all", 0), BOXES)
    np.testing.assert_array_equal(choose(BOXES, 100, 100, "all", 2), BOXES[1:])


def test_no_face_is_no_face() -> None:
    none = np.empty((0, 4), dtype=np.int64)
    for rule in CHOICES:
        assert choose(none, 10, 10, rule, 0).shape == (0, 4)


def test_the_earlier_one_wins_a_tie() -> None:
    pair = np.array([[10, 40, 20, 20], [70, 40, 20, 20]], dtype=np.int64)
    for rule in ("largest", "central"):
        np.testing.assert_array_equal(choose(pair, 100, 100, rule, 0), pair[:1])


@pytest.mark.parametrize("settings", [{"choose": "best"}, {"border": -1}, {"border": 1.5}])
def test_unknown_settings_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(UserError, match=r"^(choose|border) is"):
        Haar(**settings)  # type: ignore[arg-type]
