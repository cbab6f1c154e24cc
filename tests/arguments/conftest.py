"""What the tests of arguments share."""

from collections.abc import Iterator

import pytest

from facetrack.testing.process import shipped_configs


@pytest.fixture(autouse=True)
def _shipped_configs() -> Iterator[None]:
    """Hundreds of commands are checked, each against the same configs: these are read once."""
    with shipped_configs():
        yield
