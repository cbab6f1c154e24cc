"""Table I of the article in one command, on stored embeddings, MLflow included.

    python benchmarks/bench_table1.py LFW.tgz

The embeddings are stored by a first, untimed job. Prints wall seconds and the peak memory of the
process.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    dataset = ["dataset=lfw", f"dataset.archive={Path(sys.argv[1]).resolve()}"]
    study = ["+experiment=table1", *dataset, "clusterer.eps=0.04:0.48:0.04"]
    with tempfile.TemporaryDirectory() as folder:
        for timed, arguments in ((False, dataset), (True, study)):
            start = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "facetrack", *arguments],
                cwd=folder,
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            seconds = time.perf_counter() - start
            if timed:
                peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
                print(f"27 methods x 30 resamples of LFW: {seconds:.0f} s, peak {peak:.2f} GiB")


if __name__ == "__main__":
    main()
