"""Table I of the article in one command, on stored embeddings, MLflow included.

    python benchmarks/bench_table1.py LFW.tgz

The embeddings are stored by a first, untimed job. Prints wall seconds and the peak memory of the
process.
"""

import resource
import sys
from pathlib import Path

from bench_stored import run


def main() -> None:
    dataset = ["dataset=lfw", f"dataset.archive={Path(sys.argv[1]).resolve()}"]
    study = ["+experiment=table1", *dataset, "clusterer.eps=0.04:0.48:0.04"]
    run(dataset)
    seconds = run(study)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    print(f"27 methods x 30 resamples of LFW: {seconds:.0f} s, peak {peak:.2f} GiB")


if __name__ == "__main__":
    main()
