"""What is drawn by is the same on every processor: as the C library has it, rounded once."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from facetrack.dataset.drawing import functions

_RANDOM = np.random.RandomState(0)
_VALUES = _RANDOM.uniform(0, 3, 20_000).astype(np.float32)
_OTHERS = _RANDOM.uniform(-3, 3, 20_000).astype(np.float32)


@pytest.mark.parametrize(
    ("found", "exact"),
    [
        (functions.exp(_OTHERS), lambda _, other: math.exp(other)),
        (functions.power(_VALUES, 0.8), lambda value, _: value**0.8),
        (functions.power(_VALUES, _OTHERS), lambda value, other: value**other),
        (functions.angle(_OTHERS, _VALUES), lambda value, other: math.atan2(other, value)),
    ],
    ids=["exp", "power", "powers", "angle"],
)
def test_values_are_rounded_once(
    found: NDArray[np.float32], exact: Callable[[float, float], float]
) -> None:
    pairs = zip(_VALUES.tolist(), _OTHERS.tolist(), strict=True)
    expected = np.array([exact(*pair) for pair in pairs]).astype(np.float32)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)
