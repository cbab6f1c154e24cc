"""The built wheel runs by itself, configs included."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_the_wheel_runs_from_an_empty_directory(tmp_path: Path) -> None:
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"),
            *("--no-build-isolation", "--wheel-dir", str(tmp_path), str(ROOT)),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    (wheel,) = tmp_path.glob("facetrack-*.whl")
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
        opened.extractall(tmp_path / "site")
    in_tree = {
        path.relative_to(ROOT / "conf").as_posix() for path in (ROOT / "conf").rglob("*.yaml")
    }
    in_wheel = {name.removeprefix("facetrack/conf/") for name in names if name.endswith(".yaml")}
    assert in_wheel == in_tree
    assert not any(name.startswith("tests/") for name in names)
    folder = ROOT / "facetrack/figures/static"
    static = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {name.partition("/static/")[2] for name in names if "/static/" in name} == static
    assert "facetrack/py.typed" in names  # else type checkers ignore facetrack's types
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)

    (tmp_path / "empty").mkdir()
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    for command in (
        ["-c", "import facetrack.cli.command as main; print(main.CONF)"],
        ["-m", "facetrack", "--cfg", "job"],
    ):
        done = subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path / "empty",
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        assert str(tmp_path / "site") in done.stdout or "eps: ${embedder.radius}" in done.stdout
