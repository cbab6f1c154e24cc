"""Compiled code is kept where that is possible, and nothing depends on it."""

import ast
import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rooms import ROOT

_TEXT = """
from facetrack.clusterer.kernels.compiling import compile_kernel

@compile_kernel
def add(number):
    return number + 1
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module with a kernel, whose code is kept in `__pycache__` beside it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "kernel.py"
    path.write_text(_TEXT)
    return path


def _load(path: Path) -> Any:
    """The kernel, as a new process would have it."""
    spec = importlib.util.spec_from_file_location("kernel", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    # Not through a .pyc, which has the text of the same second.
    exec(compile(path.read_text(), str(path), "exec"), vars(made))
    return made.add


def _was_kept(kernel: Any) -> bool:
    return list(kernel.stats.cache_hits.values()) == [1]


def _files(path: Path, suffix: str) -> list[Path]:
    return sorted(path.parent.rglob(f"*{suffix}"))


@contextmanager
def _room_for(size: int) -> Iterator[None]:
    """A disk on which no file may have more bytes than that."""
    resource = pytest.importorskip("resource", reason="this system has no limits on files")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_it_is_kept_for_the_next_process(module: Path) -> None:
    first, second = _load(module), _load(module)
    assert first(1) == 2
    assert not _was_kept(first)
    assert len(_files(module, ".nbi")) == len(_files(module, ".nbc")) == 1
    assert second(1) == 2
    assert _was_kept(second)


def test_where_nothing_can_be_written(module: Path) -> None:
    (module.parent / "__pycache__").write_text("not a folder")
    (module.parent / "cache").write_text("not a folder")
    assert _load(module)(1) == 2
    assert _files(module, ".nbi") == []


def test_in_the_users_cache_where_the_module_lies_cannot_be_written(module: Path) -> None:
    (module.parent / "__pycache__").write_text("not a folder")
    assert _load(module)(1) == 2
    assert [one.parents[2].name for one in _files(module, ".nbc")] == ["cache"]
    kernel = _load(module)
    assert kernel(1) == 2
    assert _was_kept(kernel)


@pytest.mark.parametrize("size", [0, 4096], ids=["nothing fits", "the index fits"])
def test_on_a_full_disk(module: Path, size: int) -> None:
    with _room_for(size):
        assert _load(module)(1) == 2
    assert _files(module, ".nbc") == []
    for kept in (False, True):
        kernel = _load(module)
        assert kernel(1) == 2
        assert _was_kept(kernel) == kept


def test_code_of_another_text_is_never_run(module: Path) -> None:
    assert _load(module)(1) == 2
    module.write_text(_TEXT.replace("+ 1", "+ 2"))
    with _room_for(4096):
        assert _load(module)(1) == 3
    # numba's index by now says that code is there.
    assert _load(module)(1) == 3


@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
@pytest.mark.parametrize("content", [b"", b"\x80\x05", b"rubbish"])
def test_damaged_files(module: Path, suffix: str, content: bytes) -> None:
    assert _load(module)(1) == 2
    (path,) = _files(module, suffix)
    path.write_bytes(content)
    for kept in (False, True):
        kernel = _load(module)
        assert kernel(1) == 2
        assert _was_kept(kernel) == kept


@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_two_processes_at_once(module: Path) -> None:
    kernels = [_load(module) for _ in range(3)]
    children = []
    for kernel in kernels[:2]:
        if not (child := os.fork()):
            os._exit(int(kernel(1) != 2))
        children.append(child)
    assert kernels[2](1) == 2
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
    assert len(_files(module, ".nbc")) == 1
    assert _files(module, ".tmp") == []


def test_kernels_call_those_of_their_own_module_only() -> None:
    # Kept code does not change with what it calls elsewhere.
    found = 0
    for path in (ROOT / "facetrack/clusterer/kernels").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imports = [one for one in tree.body if isinstance(one, ast.ImportFrom)]
        others = {
            name.asname or name.name
            for one in imports
            if str(one.module).startswith("facetrack.")
            for name in one.names
        }
        for function in (one for one in tree.body if isinstance(one, ast.FunctionDef)):
            if "compile_kernel" in [ast.unparse(one) for one in function.decorator_list]:
                found += 1
                calls = [one for one in ast.walk(function) if isinstance(one, ast.Call)]
                assert {ast.unparse(one.func).partition(".")[0] for one in calls} & others == set()
    assert found > 10
