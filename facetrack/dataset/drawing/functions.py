"""Functions whose float32 values are the same on every processor.

NumPy has an `exp` and a power of float32 for each generation of processors, which differ in the
last digits, and one such digit in a sheet is a grey level in a picture now and then. Their float64
ones differ by some 1e-16 at most, which rounding to float32 hides: by chance it shows in one value
of a hundred million, and then moves a pixel in one of a hundred thousand such.
"""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Real = TypeVar("Real", bound=np.floating[Any])


def exp(values: NDArray[Real]) -> NDArray[Real]:
    """e to the power of each value, of the values' dtype."""
    result: NDArray[Real] = np.exp(values.astype(np.float64)).astype(values.dtype)
    return result


def power(values: NDArray[Real], exponent: NDArray[np.floating[Any]] | float) -> NDArray[Real]:
    """Each value, at least 0, to the power of the exponent, of the values' dtype."""
    found = np.power(values.astype(np.float64), np.asarray(exponent, np.float64))
    result: NDArray[Real] = found.astype(values.dtype)
    return result


def angle(down: NDArray[Real], across: NDArray[np.floating[Any]]) -> NDArray[Real]:
    """`arctan2`, of the dtype of the values down."""
    found = np.arctan2(down.astype(np.float64), across.astype(np.float64))
    result: NDArray[Real] = found.astype(down.dtype)
    return result
