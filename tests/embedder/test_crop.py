import numpy as np
import pytest
from numpy.typing import NDArray

from facetrack.core.faces import Image
from facetrack.embedder.crops import SIZE, crop


def _numbered(height: int, width: int) -> Image:
    """Each pixel tells its row and column."""
    image = np.zeros((height, width, 3), dtype=np.uint8)
    image[:, :, 0] = np.arange(height)[:, None]
    image[:, :, 1] = np.arange(width)
    return image


def _box(left: int, top: int, width: int, height: int) -> NDArray[np.int64]:
    return np.array([left, top, width, height], dtype=np.int64)


def test_the_box_grows_on_each_side() -> None:
    image = _numbered(200, 240)
    box = _box(left=40, top=20, width=SIZE - 10, height=SIZE - 10)
    # Grown by 5 it has the network's size, so that nothing is resampled.
    np.testing.assert_array_equal(crop(image, box, 5), image[15:175, 35:195])


def test_the_grown_box_is_clipped_to_the_picture() -> None:
    image = _numbered(SIZE, SIZE)
    np.testing.assert_array_equal(crop(image, _box(2, 2, 156, 156), 5), image)
    assert crop(image, _box(0, 0, 20, 30), 5)[..., 0].max() == 34
    assert crop(image, _box(140, 120, 20, 40), 5)[..., 1].min() == 135


def test_small_and_oblong_boxes_become_the_same_square() -> None:
    image = _numbered(50, 90)
    for box in (_box(10, 10, 1, 1), _box(0, 0, 90, 2), _box(89, 49, 1, 1)):
        assert crop(image, box, 0).shape == (SIZE, SIZE, 3)


def test_shrinking_does_not_alias() -> None:
    # Stripes one pixel wide shrink to their mean; looking at few pixels would keep stripes.
    image = np.zeros((8 * SIZE, 8 * SIZE, 3), dtype=np.uint8)
    image[:, ::2] = 255
    small = crop(image, _box(0, 0, 8 * SIZE, 8 * SIZE), 0)
    assert np.abs(small.astype(int) - 127.5).max() < 5  # at the edges; 1 inside


def test_a_box_outside_the_picture_is_an_error() -> None:
    with pytest.raises(ValueError, match="outside"):
        crop(_numbered(40, 40), _box(60, 10, 20, 20), 5)
    with pytest.raises(ValueError, match="outside"):
        crop(_numbered(40, 40), _box(-60, -60, 20, 20), 5)


def test_the_picture_is_not_modified() -> None:
    image = _numbered(60, 60)
    crop(image, _box(10, 10, 30, 30), 5)
    np.testing.assert_array_equal(image, _numbered(60, 60))
