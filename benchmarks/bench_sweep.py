"""A sweep of 24 jobs and one job, beside scripts that only import the same and log the same.

    python benchmarks/bench_sweep.py [BEFORE]

Each command runs in an empty folder on stored embeddings, by turns with its floor: a script that
imports what such a command needs and logs as many runs with as many parameters, tags, metrics and
bytes of files, by MLflow's own client, into a database that MLflow makes by its migrations.
BEFORE: a checkout of another version, to be run beside. Seconds are processor time of the whole
process, medians; ratios are of these. Last come a few mistakes, beside `--help`.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 2
SWEEP = ["-m", "clusterer=dbscan,meanshift", "clusterer.eps=0.1:1.2"]
MISTAKES = {
    "a mistyped key": ["clusterer.epps=0.3"],
    "a wrong value": ["clusterer.eps=much"],
    "a choice that is not there": ["clusterer=dbscam"],
    "a file that is not there": ["dataset=lfw", "dataset.archive=nowhere.tgz"],
    "vectors that are not there": ["dataset=vectors", "dataset.file=nowhere.npz"],
    "an address that is none": ["tracking.uri=http:/wrong"],
    "a sweep that is not there": ["resume=last"],
    "a run that is not there": ["reproduce=0123456789abcdef0123456789abcdef"],
    "a folder that was not organised": ["task=review", "task.out=nowhere"],
    "what may not be called": ["clusterer._target_=os.system"],
    "an argument that is none": ["clusterer.metric=x"],
}
# As many of each as a job of the drawn portraits logs; its files have 260 kB.
FLOOR = """
import sys
import hydra, matplotlib.figure, numpy, PIL.Image, scipy.special, sklearn.base, mlflow
import matplotlib.backends.backend_agg, sklearn.utils.validation
from pathlib import Path
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
n = int(sys.argv[1])
uri = "sqlite:///" + str(Path.cwd() / "mlflow.db")
client = mlflow.MlflowClient(uri)
experiment = client.create_experiment("floor", str(Path.cwd() / "mlruns/floor"))
folder = Path("files")
folder.mkdir()
for name in range(15):
    (folder / f"{name}.bin").write_bytes(bytes(17_500))
for job in range(n):
    tags = {f"tag {one}": "value" for one in range(20)}
    run = client.create_run(experiment, tags=tags).info.run_id
    client.log_batch(run, params=[Param(f"parameter {one}", "value") for one in range(26)])
    dataset = Dataset("portraits", "0123456789abcdef", "local", "{}", profile="{}")
    client.log_inputs(run, [DatasetInput(dataset, [InputTag("mlflow.data.context", "evaluation")])])
    metrics = [Metric(f"metric {one}", 0.5, 1, 0) for one in range(17)]
    metrics += [Metric("series", 0.5, 1, i) for i in range(30)]
    client.log_batch(run, metrics=metrics, tags=[RunTag(f"later {one}", "x") for one in range(6)])
    client.log_artifacts(run, str(folder))
    client.set_terminated(run)
"""


def measure(arguments: list[str], tree: Path, status: int = 0) -> float:
    """Seconds of processor time that a command of Python takes, in an empty folder."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(tree),
        "OMP_NUM_THREADS": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
    }
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != status:
        sys.exit(done.stderr.decode())
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(trees: dict[str, Path], arguments: list[str], n: int) -> dict[str, float]:
    """Median seconds of the floor with n runs and of a command by each version, by turns."""
    taken: dict[str, list[float]] = {name: [] for name in ("floor", *trees)}
    for _ in range(ROUNDS):
        taken["floor"].append(measure(["-c", FLOOR, str(n)], ROOT))
        for name, tree in trees.items():
            taken[name].append(measure(["-m", "facetrack", *arguments], tree))
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def tell(what: str, found: dict[str, float]) -> None:
    """A line a version: seconds, and times the floor."""
    for name, seconds in found.items():
        print(
            f"{what:8s} {name:7s} {seconds:6.2f} s   {seconds / found['floor']:.2f} x the floor",
            flush=True,
        )


def main() -> None:
    trees = {"before": Path(sys.argv[1]).resolve()} if len(sys.argv) > 1 else {}
    trees["now"] = ROOT
    measure(["-m", "facetrack"], ROOT)  # stores the embeddings
    one = compare(trees, [], 1)
    tell("one job", one)
    sweep = compare(trees, SWEEP, 24)
    tell("24 jobs", sweep)
    for name in one:
        print(f"each further job, {name}: {(sweep[name] - one[name]) / 23:.3f} s")
    for name, tree in trees.items():
        shown = measure(["-m", "facetrack", "--help"], tree)
        told = {
            what: measure(["-m", "facetrack", *given], tree, 2) for what, given in MISTAKES.items()
        }
        print(
            f"--help, {name}: {shown:.2f} s; "
            + ", ".join(f"{k} {s:.2f} s" for k, s in told.items())
        )


if __name__ == "__main__":
    main()
