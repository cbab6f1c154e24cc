"""`import facetrack` is quick and light, and a notebook's functions need no Hydra."""

import os
import subprocess
import sys
from pathlib import Path

import facetrack

_HEAVY = ("cv2", "dlib", "hydra", "matplotlib", "mlflow", "numpy", "omegaconf", "optuna", "pandas")
_ALSO_HEAVY = ("plotly", "scipy", "sklearn", "tensorflow", "typing", "yaml")
_TRIES = 7


def _run_python(*arguments: str, home: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env={**os.environ, "FACETRACK_HOME": str(home)},
    )


def test_it_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; before = set(sys.modules); import facetrack\n"
        "assert facetrack.__version__ and 'embed' in dir(facetrack)\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    loaded = _run_python("-c", code, home=tmp_path).stdout.split()
    assert "facetrack" in loaded
    assert not {*_HEAVY, *_ALSO_HEAVY} & set(loaded)


def test_it_takes_under_50_ms(tmp_path: Path) -> None:
    """The quickest of several: other processes may have the processor."""

    def microseconds() -> int:
        told = _run_python("-X", "importtime", "-c", "import facetrack", home=tmp_path).stderr
        return int(told.splitlines()[-1].split("|")[1])

    assert min(microseconds() for _ in range(_TRIES)) < 50_000


def test_a_notebook_needs_no_hydra(warm_home: Path) -> None:
    code = (
        "import sys, facetrack\n"
        "faces = facetrack.embed('portraits')\n"
        "facetrack.cluster(faces, 'dbscan', eps=0.3)\n"
        "facetrack.evaluate(faces, n_resamples=2); faces._repr_html_()\n"
        "print([one for one in ('hydra', 'omegaconf', 'mlflow', 'tensorflow', 'plotly')"
        " if one in sys.modules])"
    )
    assert _run_python("-c", code, home=warm_home).stdout.strip() == "[]"


def test_its_names_are_there() -> None:
    for name in facetrack.__all__:
        assert getattr(facetrack, name).__name__ == name
    assert set(facetrack.__all__) <= set(dir(facetrack))
    assert not hasattr(facetrack, "nonsense")
