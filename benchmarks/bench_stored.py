"""Whole commands on stored embeddings, as a user waits for them.

    python benchmarks/bench_stored.py [OVERRIDES …]

Prints wall seconds and the largest process's memory for one job and for `make run`'s sweep, each
in an empty folder, the embeddings being stored by a first, untimed job. Overrides such as
`dataset=lfw dataset.archive=PATH` choose another dataset.
"""

import resource
import subprocess
import sys
import tempfile
import time

SWEEP = ["-m", "clusterer=dbscan,meanshift", "clusterer.eps=0.1:1.2"]


def run(arguments: list[str]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "facetrack", *arguments],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return time.perf_counter() - start


def main() -> None:
    overrides = sys.argv[1:]
    run(overrides)
    print(f"one job: {run(overrides):.1f} s")
    print(f"24 jobs: {run([*SWEEP, *overrides]):.1f} s")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"largest process: {peak:.0f} MiB")


if __name__ == "__main__":
    main()
