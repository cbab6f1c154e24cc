"""Pictures look the same whatever settings of matplotlib lie about."""

import contextlib
import io
import subprocess
import sys
from pathlib import Path

_DRAW = """
import hashlib, matplotlib
from facetrack import figures
linewidth = matplotlib.rcParams["lines.linewidth"]
figure = figures.draw_curves([figures.Point("lfw", "dbscan", "eps", x, x, 0.1) for x in (0.3, 0.4)])
print(hashlib.sha256(figures.encode_png(figure)).hexdigest())
assert matplotlib.rcParams["lines.linewidth"] == linewidth
"""


def test_a_matplotlibrc_in_the_working_folder_changes_nothing(tmp_path: Path) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as drawn:
        exec(_DRAW, {})  # where there is none
    (tmp_path / "matplotlibrc").write_text("lines.linewidth: 40\ntext.usetex: True\n")
    command = [sys.executable, "-c", _DRAW]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout == drawn.getvalue() != ""
