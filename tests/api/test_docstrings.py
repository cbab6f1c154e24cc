"""The examples in docstrings do what they say, on the drawn portraits."""

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import facetrack
from facetrack import api

_MODULES = [
    "facetrack",
    *(one.name for one in pkgutil.iter_modules(api.__path__, "facetrack.api.")),
]


@pytest.mark.parametrize("name", _MODULES)
def test_they_do(
    name: str, warm_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACETRACK_HOME", str(warm_home))
    monkeypatch.chdir(tmp_path)
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_each_function_has_one() -> None:
    for name in ("cluster", "embed", "evaluate", "organise", "runs"):
        assert ">>> " in (getattr(facetrack, name).__doc__ or ""), name
