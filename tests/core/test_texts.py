"""Numbers as they are told."""

import pytest

from facetrack.core.texts import write_range


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (0.29, 0.31, "0.29 to 0.31"),
        (0.2904187, 0.2904192, "0.2904187 to 0.2904192"),
        (0.294363, 0.294372, "0.29436 to 0.29437"),
        (0.3, 0.3, "0.3 to 0.3"),
    ],
)
def test_a_range_has_as_many_digits_as_tell_its_ends_apart(
    low: float, high: float, told: str
) -> None:
    assert write_range(low, high) == told
