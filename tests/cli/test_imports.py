"""What each kind of command imports: nobody waits for what it does not use."""

import json
import os
import subprocess
import sys
from pathlib import Path

HEAVY = (
    *("cv2", "dlib", "_dlib_pybind11", "faiss", "keras", "matplotlib", "mlflow", "numba"),
    *("onnxruntime", "optuna", "pandas", "plotly", "ray", "scipy", "sklearn", "sklearn.cluster"),
    *("sqlalchemy", "submitit", "tensorflow"),
)
MISTAKES = (
    ["clusterer.epps=0.3"],
    # Of no likeness to any: what the class takes is told without its import.
    ["clusterer.metric=x"],
    ["clusterer=kmeans", "clusterer.nothing=x"],
    ["~clusterer.eps"],
    ["clusterer._target_=facetrack.clusterer.KMeans", "clusterer.nothing=x"],
    ["embedder.nothing=x"],
    ["detector.nothing=x"],
    ["dataset.nothing=x"],
    ["sampling.nothing=x"],
    ["clusterer.eps=much"],
    ["clusterer=dbscam"],
    ["-m", "clusterer.eps=0.1:x"],
    ["dataset=lfw", "dataset.archive=nowhere.tgz"],
    ["dataset=vectors", "dataset.file=nowhere.npz"],
    ["dataset=folder", "dataset.root=nowhere"],
    ["tracking.uri=http:/wrong"],
    ["n_resamples=0"],
    ["embedder=none"],
    ["task=tune", "task.objective=nothing"],
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
import json, sys
from facetrack.cli.start import main
for arguments in json.loads(sys.argv[1]):
    sys.argv[1:] = arguments
    try:
        main()
    except SystemExit as end:
        status = end.code
    else:
        status = 0
    names = {one.partition(".")[0] for one in sys.modules}
    print("imported:", status or 0, *names, *({"sklearn.cluster"} & {*sys.modules}))
"""


def _run(folder: Path, home: Path, *commands: list[str]) -> list[tuple[int, set[str]]]:
    """The exit status of each command, and what has been imported by its end."""
    done = subprocess.run(
        [sys.executable, "-c", _CODE, json.dumps(commands)],
        cwd=folder,
        env={**os.environ, "FACETRACK_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("imported: ")]
    assert len(lines) == len(commands), done.stderr
    told = [line.split()[1:] for line in lines]
    return [(int(status), {*names} & {*HEAVY}) for status, *names in told]


def test_a_mistake_is_told_before_anything_heavy_is_imported(tmp_path: Path) -> None:
    (tmp_path / "broken.npz").write_text("no archive")
    # One after the other in one process: none imports anything heavy if all do not.
    ended = _run(tmp_path, tmp_path / "home", *MISTAKES)
    assert dict(zip(map(" ".join, MISTAKES), ended, strict=True)) == {
        " ".join(arguments): (2, set()) for arguments in MISTAKES
    }


def test_a_job_on_stored_embeddings_imports_what_it_uses(tmp_path: Path, warm_home: Path) -> None:
    ((status, imported),) = _run(tmp_path, warm_home, ["n_resamples=2"])
    assert status == 0
    assert "mlflow" in imported
    assert imported <= OF_A_JOB, imported - OF_A_JOB
