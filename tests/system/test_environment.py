"""What a process computes with, and what is hidden of the machine."""

import importlib.metadata
import re
from pathlib import Path

import pytest

from facetrack.system import environment
from facetrack.system.masking import is_masked, mask_place


def test_packages_are_those_that_python_would_import() -> None:
    found = environment.list_packages()
    assert list(found) == sorted(found)
    for name in ("numpy", "scikit-learn", "mlflow", "hydra-core"):
        assert found[name] == importlib.metadata.version(name)
    expected = {
        re.sub(r"[-_.]+", "-", str(one.metadata["Name"])).lower()
        for one in importlib.metadata.distributions()
    }
    assert {re.sub(r"[-_.]+", "-", name) for name in found} == expected


def test_the_machine_is_told_without_its_name() -> None:
    found = environment.describe_environment()
    assert found["python"].startswith("3.")
    assert found["cores"] >= 1
    assert {"internal_api", "version", "architecture"} <= set(found["blas"][0])
    assert "/" not in str([found["blas"], found["os"]])


def test_the_lock_pins_every_package() -> None:
    first, *lines = environment.write_lock("about it").splitlines()
    assert first == "# about it"
    assert all(re.fullmatch(r"[\w.-]+==[\w.+!-]+", one) for one in lines)


def test_nobody_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/robin")
    monkeypatch.setenv("LOGNAME", "robin")
    assert Path.home() == Path("/home/robin")
    for text, hidden in {
        "dataset.root=/home/robin/a b": "dataset.root=~/a b",
        "dataset.root='/home/robin'": "dataset.root='~'",
        "dataset.roots=[/home/robin/a,/home/robin2/b]": "dataset.roots=[~/a,/home/robin2/b]",
        "dataset.root=/media/robin/disk": "dataset.root=/media/***/disk",
        "dataset.root=/media/robinson/robin.jpg": "dataset.root=/media/robinson/robin.jpg",
        "task.storage=postgresql://robin@host/db": "task.storage=postgresql://***@host/db",
        "task.storage=postgresql://me:secret@host/db": "task.storage=postgresql://***@host/db",
    }.items():
        assert mask_place(text) == hidden
    assert is_masked("dataset.root=/media/***/disk")
    assert not is_masked("dataset.root=~/a b")
