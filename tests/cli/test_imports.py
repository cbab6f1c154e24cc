"""What each kind of command imports: nobody waits for what it does not use."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    *("cv2", "dlib", "faiss", "matplotlib", "mlflow", "numba", "onnxruntime", "optuna", "pandas"),
    *("plotly", "ray", "scipy", "sklearn", "sklearn.cluster", "sqlalchemy", "submitit"),
    "tensorflow",
)
MISTAKES = (
    ["clusterer.epps=0.3"],
    ["clusterer.eps=much"],
    ["clusterer=dbscam"],
    ["-m", "clusterer.eps=0.1:x"],
    ["dataset=lfw", "dataset.archive=nowhere.tgz"],
    ["dataset=vectors", "dataset.file=nowhere.npz"],
    ["dataset=folder", "dataset.root=nowhere"],
    ["tracking.uri=http:/wrong"],
    ["n_resamples=0"],
    ["tuned=nowhere.yaml"],
    ["resume=last"],
    ["reproduce=0123456789abcdef0123456789abcdef"],
    ["task=review", "task.out=nowhere"],
    ["task=audit", "task.out=nowhere"],
    ["clusterer._target_=os.system"],
    ["dataset=vectors", "dataset.file=broken.npz"],
)
# A job on stored embeddings clusters, draws pictures and a page, and is tracked (pandas for that).
OF_A_JOB = {"cv2", "matplotlib", "mlflow", "pandas", "plotly", "scipy", "sklearn", "sqlalchemy"}
_CODE = """
import sys
from facetrack.cli.start import main
try:
    main()
except SystemExit as end:
    status = end.code
else:
    status = 0
print("imported:", status or 0, *sorted({one.partition(".")[0] for one in sys.modules}),
      *({"sklearn.cluster"} & set(sys.modules)))
"""


def _run(arguments: list[str], folder: Path, home: Path) -> tuple[int, set[str]]:
    done = subprocess.run(
        [sys.executable, "-c", _CODE, *arguments],
        cwd=folder,
        env={**os.environ, "FACETRACK_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    told = done.stdout.rpartition("imported: ")[2].split()
    assert told, done.stderr
    return int(told[0]), set(told[1:]) & set(HEAVY)


@pytest.mark.parametrize("arguments", MISTAKES, ids=" ".join)
def test_a_mistake_is_told_before_anything_heavy_is_imported(
    arguments: list[str], tmp_path: Path
) -> None:
    (tmp_path / "broken.npz").write_text("no archive")
    status, imported = _run(arguments, tmp_path, tmp_path / "home")
    assert (status, imported) == (2, set())


def test_a_job_on_stored_embeddings_imports_what_it_uses(tmp_path: Path, warm_home: Path) -> None:
    status, imported = _run(["n_resamples=2"], tmp_path, warm_home)
    assert status == 0
    assert imported <= OF_A_JOB, imported - OF_A_JOB
