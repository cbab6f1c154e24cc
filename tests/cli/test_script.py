"""facetrack in a script of the user's own."""

import runpy
import sys
from pathlib import Path
from types import ModuleType

import pytest

from facetrack.system.processes import can_start
from facetrack.testing import Workspace
from facetrack.testing.drawn import portraits

_SCRIPT = """
from pathlib import Path
from facetrack.core.faces import Picture, Pictures
from facetrack.detector import Whole
from facetrack.embedder import DlibResNet
from facetrack.extraction import pipeline
from facetrack.extraction.pipeline import extract
from facetrack.extraction.store import Store

pipeline._WORTH_PROCESSES = 4  # so few count as many
paths = [Path(line) for line in Path("paths.txt").read_text().splitlines()]
print("once")
with Store(Path("store")) as store:
    pictures = Pictures([Picture(path, path.name) for path in paths], [])
    print(extract(pictures, Whole(), DlibResNet(), store).vectors.shape)
"""


def test_a_plain_script_embeds_many_pictures(workspace: Workspace, warm_home: Path) -> None:
    paths = [str(one.path) for one in portraits(warm_home)[:6]]
    (workspace.folder / "paths.txt").write_text("\n".join(paths))
    (workspace.folder / "store").mkdir(mode=0o700)
    (workspace.folder / "script.py").write_text(_SCRIPT)
    out, err = workspace.start_python("script.py").communicate(timeout=300)
    assert out.splitlines() == ["once", "(6, 128)"], err


@pytest.mark.parametrize(
    ("text", "may"),
    [("print(1)", False), ("if __name__ == '__main__':\n    pass", True), (None, True)],
)
def test_processes_are_started_from_scripts_with_a_guard(
    text: str | None, may: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = ModuleType("__main__")
    script.__file__ = str(tmp_path / "script.py")
    if text is not None:
        (tmp_path / "script.py").write_text(text)
    monkeypatch.setitem(sys.modules, "__main__", script)
    assert can_start() is may


def test_no_processes_are_started_from_what_is_piped_into_python(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = ModuleType("__main__")
    script.__file__ = "<stdin>"
    monkeypatch.setitem(sys.modules, "__main__", script)
    assert not can_start()


def test_processes_are_started_from_a_prompt_and_by_m(monkeypatch: pytest.MonkeyPatch) -> None:
    script = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", script)
    assert can_start()
    script.__file__, script.__spec__ = runpy.__file__, runpy.__spec__
    assert can_start()
