"""Pictures look the same whatever settings of matplotlib lie about."""

import subprocess
import sys
from pathlib import Path

_DRAW = """
import hashlib, io
from facetrack.figures.canvas import new_figure
figure = new_figure(2, 1)
figure.subplots().plot([0, 1], label="a")
file = io.BytesIO()
figure.savefig(file, format="png")
print(hashlib.sha256(file.getvalue()).hexdigest())
"""


def test_a_matplotlibrc_in_the_working_folder_changes_nothing(tmp_path: Path) -> None:
    drawn = []
    for name in ("plain", "changed"):
        folder = tmp_path / name
        folder.mkdir()
        if name == "changed":
            (folder / "matplotlibrc").write_text("lines.linewidth: 40\ntext.usetex: True\n")
        command = [sys.executable, "-c", _DRAW]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        drawn.append(done.stdout)
    assert drawn[0] == drawn[1]
