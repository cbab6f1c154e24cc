"""Pictures a second from file to store, by this version and by another one, side by side.

    python benchmarks/bench_pipeline.py PICTURES OTHER [N] [ROUNDS]

PICTURES: a folder of folders, as LFW. OTHER: a checkout of another version, whose Haar, HOG and
dlib stand on the other side. YuNet's and MobileFaceNet's files are those that were downloaded
before, in FACETRACK_HOME. N pictures (500) are embedded into a new store, by two processes and by a
single one, in ROUNDS (3) rounds in which all take turns; each in a process of its own, whose
starting of workers counts. Prints medians, and the most memory of a worker.
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
PAIRS = ("haar dlib", "dlib_hog dlib", "yunet mobilefacenet")

RUN = """
import json, os, pkgutil, resource, sys, tempfile, time
from pathlib import Path

import yaml

from facetrack.core.faces import Pictures
from facetrack.dataset import Folder
from facetrack.extraction.pipeline import extract
from facetrack.extraction.store import Store

LEFT_OUT = ("_target_", "strangers", "false_neighbors", "likelihood")


def make(stage, name):
    path = Path(os.environ["PYTHONPATH"]) / f"conf/{stage}/{name}.yaml"
    settings = yaml.safe_load(path.read_text())
    kind = pkgutil.resolve_name(settings["_target_"])
    return kind(**{key: one for key, one in settings.items() if key not in LEFT_OUT})


if __name__ == "__main__":
    folder, n, detector, embedder, cores = sys.argv[1:]
    os.sched_setaffinity(0, range(int(cores)))
    pictures = Folder(folder).load().pictures
    some = pictures[:: max(1, len(pictures) // int(n))][: int(n)]
    for one in some:
        one.path.read_bytes()  # into the page cache
    stages = make("detector", detector), make("embedder", embedder)
    with tempfile.TemporaryDirectory() as place, Store(Path(place)) as store:
        start = time.perf_counter()
        found = extract(Pictures(some), *stages, store)
        seconds = time.perf_counter() - start
    worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([len(some) / seconds, len(found.vectors), max(worker, 0) or own]))
"""


def measure(tree: Path, folder: str, n: int, pair: str, cores: int) -> tuple[float, int, float]:
    """Pictures a second, faces, and MB of a worker."""
    script = Path(os.environ.get("TMPDIR", "/tmp")) / f"bench_pipeline_{os.getpid()}.py"
    script.write_text(RUN)
    done = subprocess.run(
        [sys.executable, str(script), folder, str(n), *pair.split(), str(cores)],
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=True,
    )
    script.unlink()
    rate, faces, megabytes = json.loads(done.stdout.splitlines()[-1])
    return rate, faces, megabytes


def main() -> None:
    folder, other = sys.argv[1], Path(sys.argv[2])
    n = int(sys.argv[3]) if len(sys.argv) > 3 else 500
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    rates: dict[tuple[str, str, int], list[float]] = {}
    told: dict[tuple[str, str, int], tuple[int, float]] = {}
    for _ in range(rounds):
        for name, tree in (("before", other), ("now", HERE)):
            for pair in PAIRS:
                if not (tree / f"conf/detector/{pair.split()[0]}.yaml").exists():
                    continue
                for cores in (2, 1):
                    rate, faces, megabytes = measure(tree, folder, n, pair, cores)
                    rates.setdefault((name, pair, cores), []).append(rate)
                    told[name, pair, cores] = faces, megabytes
    medians = {key: statistics.median(found) for key, found in rates.items()}
    for (name, pair, cores), rate in medians.items():
        faces, megabytes = told[name, pair, cores]
        line = f"{name:6} {pair:20} {cores} core{'s' if cores > 1 else ' '} {rate:6.1f} pictures/s"
        line += f"  {faces} faces  {megabytes:4.0f} MB"
        if cores == 2:
            line += f"  {rate / medians[name, pair, 1]:.2f} x a single core"
            before = medians.get(("before", pair, 2), medians["before", "haar dlib", 2])
            line += f"  {rate / before:.1f} x before" if name == "now" else ""
        print(line)


if __name__ == "__main__":
    main()
