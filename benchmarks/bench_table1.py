"""Table I of the article in one command, on stored embeddings, MLflow included.

    python benchmarks/bench_table1.py LFW.tgz|EMBEDDINGS.npz [CHECKOUT [RESAMPLES]]

The embeddings of pictures are stored by a first, untimed job. Prints seconds, those of all cores
together, which programs beside it lengthen less, and the peak memory of the process. With the
checkout of another version (`git worktree add`) that one is run in turn with this one, and the
ratios are printed; RESAMPLES, 30 unless given, of each method by both.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parents[1]


class Taken(NamedTuple):
    """Wall seconds, and those of all cores together."""

    seconds: float
    cpu: float


def run(version: Path, arguments: list[str]) -> Taken:
    """What a command by a checkout takes, in an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        start, cpu = time.perf_counter(), count_cpu()
        subprocess.run(
            [sys.executable, "-m", "facetrack", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(version)},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return Taken(time.perf_counter() - start, count_cpu() - cpu)


def count_cpu() -> float:
    """Processor time of the commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    faces, *other = sys.argv[1:]
    resamples = int(other[1]) if len(other) > 1 else 30
    path = Path(faces).resolve()
    pictures = path.suffix != ".npz"
    dataset = (
        ["dataset=lfw", f"dataset.archive={path}"]
        if pictures
        else ["dataset=vectors", f"dataset.file={path}"]
    )
    study = ["+experiment=table1", *dataset, "clusterer.eps=0.04:0.48:0.04"]
    study += [f"n_resamples={resamples}"]
    if pictures:
        run(HERE, [*dataset, "n_resamples=1"])
    now = run(HERE, study)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    took = f"{now.seconds:.0f} s, CPU {now.cpu:.0f}"
    print(f"27 methods x {resamples} resamples of LFW: {took}, peak {peak:.2f} GiB")
    if other:
        before = run(Path(other[0]).resolve(), study)
        ratios = f"ratio {now.seconds / before.seconds:.2f}, CPU {now.cpu / before.cpu:.2f}"
        print(f"  the version before: {before.seconds:.0f} s, CPU {before.cpu:.0f}; {ratios}")


if __name__ == "__main__":
    main()
