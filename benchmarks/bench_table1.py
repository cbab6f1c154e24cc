"""Table I of the article in one command, on stored embeddings, MLflow included.

    python benchmarks/bench_table1.py LFW.tgz [CHECKOUT [RESAMPLES]]

The embeddings are stored by a first, untimed job. Prints wall seconds and the peak memory of the
process. With the checkout of another version (`git worktree add`) that one is run in turn with this
one, and the ratio is printed; RESAMPLES, 30 unless given, of each method by both.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]


def run(version: Path, arguments: list[str]) -> float:
    """Wall seconds of a command by a checkout, in an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "facetrack", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(version)},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return time.perf_counter() - start


def main() -> None:
    lfw, *other = sys.argv[1:]
    resamples = int(other[1]) if len(other) > 1 else 30
    dataset = ["dataset=lfw", f"dataset.archive={Path(lfw).resolve()}"]
    study = ["+experiment=table1", *dataset, "clusterer.eps=0.04:0.48:0.04"]
    study += [f"n_resamples={resamples}"]
    run(HERE, [*dataset, "n_resamples=1"])
    seconds = run(HERE, study)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    print(f"27 methods x {resamples} resamples of LFW: {seconds:.0f} s, peak {peak:.2f} GiB")
    if other:
        before = run(Path(other[0]).resolve(), study)
        print(f"  the version before: {before:.0f} s, ratio {seconds / before:.2f}")


if __name__ == "__main__":
    main()
