"""A folder of drawn portraits that is served, for all tests of a module."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from reviewed import Served, organise, serve


@pytest.fixture(scope="module")
def served(warm_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACETRACK_HOME", str(warm_home))
        request = organise(tmp_path_factory.mktemp("served"), warm_home)
        with serve(request) as made:
            yield made
