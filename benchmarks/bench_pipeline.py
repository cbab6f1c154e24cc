"""Pictures a second from file to store, by this version and by another one, side by side.

    python benchmarks/bench_pipeline.py LFW [COMMIT [ROUNDS [FEW MANY LARGE]]]

LFW: lfw-deepfunneled.tgz, or the folder of folders that is in it. COMMIT: another version, whose
Haar, HOG and dlib stand on the other side; it is unpacked from git. YuNet's and MobileFaceNet's
files are those that were downloaded before, in FACETRACK_HOME.

FEW (300) pictures of LFW, MANY (1000) by this version alone, and LARGE (40) of 12 megapixels
(large_pictures.py) are embedded into a new store by two processes and by a single one. In each of
ROUNDS (5) rounds all take turns, each in a process of its own, whose starting of workers counts.
Prints medians: pictures a second by the clock, processor time of a picture (which other programs
that run meanwhile change least), and the most memory of a worker.
"""

import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from large_pictures import write

HERE = Path(__file__).resolve().parents[1]
BEFORE = "d6fd857"  # dlib's network was run by dlib, and there was no YuNet
PAIRS = ("haar dlib", "dlib_hog dlib", "yunet mobilefacenet")
OLD_PAIRS = PAIRS[:2]

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


def spent():
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


if __name__ == "__main__":
    folder, n, detector, embedder, cores = sys.argv[1:]
    os.sched_setaffinity(0, range(int(cores)))
    pictures = Folder(folder).load().pictures
    some = pictures[:: max(1, len(pictures) // int(n))][: int(n)]
    for one in some:
        one.path.read_bytes()  # into the page cache
    stages = make("detector", detector), make("embedder", embedder)
    with tempfile.TemporaryDirectory() as place, Store(Path(place)) as store:
        before, start = spent(), time.perf_counter()
        found = extract(Pictures(some), *stages, store)
        seconds, processor = time.perf_counter() - start, spent() - before
    worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = [len(some) / seconds, 1000 * processor / len(some), len(found.vectors), worker or own]
    print(json.dumps(told))
"""


@dataclass(frozen=True)
class Case:
    """What is measured: a version, pictures in a folder and how many, stages, and cores."""

    version: str
    folder: Path
    n: int
    pair: str
    cores: int


@dataclass(frozen=True)
class Measured:
    """Of a run: pictures a second, milliseconds of processor time a picture, faces, MB."""

    rate: float
    processor: float
    faces: int
    megabytes: float


def measure(tree: Path, case: Case) -> Measured:
    """Run a case with the version of facetrack that is in a folder."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as script:
        script.write(RUN)
        script.flush()
        arguments = [str(case.folder), str(case.n), *case.pair.split(), str(case.cores)]
        done = subprocess.run(
            [sys.executable, script.name, *arguments],
            env={**os.environ, "PYTHONPATH": str(tree)},
            capture_output=True,
            text=True,
            check=True,
        )
    return Measured(*json.loads(done.stdout.splitlines()[-1]))


def plan(few: tuple[Path, int], many: tuple[Path, int], large: tuple[Path, int]) -> Iterator[Case]:
    """All there is to measure, with a folder and how many of its pictures for each size.

    What is compared stands side by side: the machine may be busy with something else for a while.
    """
    for size, counts in ((few, (2, 1)), (large, (2,))):
        for pair in PAIRS:
            for cores in counts:
                if pair in OLD_PAIRS:
                    yield Case("before", *size, pair, cores)
                yield Case("now", *size, pair, cores)
    for pair in PAIRS:
        yield from (Case("now", *many, pair, cores) for cores in (2, 1))


def tell(medians: dict[Case, Measured], folder: Path, n: int) -> None:
    """Print what was measured with so many pictures of a folder."""
    of_size = {case: one for case, one in medians.items() if (case.folder, case.n) == (folder, n)}
    by_name = {(case.version, case.pair, case.cores): one for case, one in of_size.items()}
    for (version, pair, cores), one in sorted(by_name.items(), key=lambda one: one[0][0]):
        line = f"  {version:6} {pair:20} {cores} core{'s' if cores > 1 else ' '}"
        line += f"{one.rate:7.2f} pictures/s {one.processor:7.1f} ms each"
        line += f"  {one.faces:4} faces  {one.megabytes:4.0f} MB"
        single = by_name.get((version, pair, 1))
        if cores == 2 and single:
            line += f"  {one.rate / single.rate:.2f} x a single core"
        old = by_name.get(("before", pair if pair in OLD_PAIRS else PAIRS[0], cores))
        if version == "now" and old:
            line += f"  {one.rate / old.rate:.1f} x before"
            line += f" ({old.processor / one.processor:.1f} x by processor time)"
        print(line)


def _unpack(place: Path, source: Path, commit: str) -> tuple[Path, Path]:
    """The folder of LFW's pictures, and that of another version of facetrack."""
    if source.is_file():
        with tarfile.open(source) as archive:
            archive.extractall(place, filter="data")
        source = place / "lfw-deepfunneled"
    before = place / "before"
    before.mkdir()
    packed = subprocess.run(
        ["git", "-C", str(HERE), "archive", commit], capture_output=True, check=True
    )
    subprocess.run(["tar", "x", "-C", str(before)], input=packed.stdout, check=True)
    return source, before


def main() -> None:
    source, rest = Path(sys.argv[1]).resolve(), sys.argv[2:]
    commit = rest[0] if rest else BEFORE
    rounds = int(rest[1]) if len(rest) > 1 else 5
    few, many, large = map(int, rest[2:5]) if len(rest) > 2 else (300, 1000, 40)
    with tempfile.TemporaryDirectory() as place:
        lfw, before = _unpack(Path(place), source, commit)
        trees = {"before": before, "now": HERE}
        canvases = Path(place, "large")
        canvases.mkdir()
        # In a process of its own: those below would count its memory as theirs.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            pool.submit(write, canvases, sorted(lfw.glob("*/*.jpg"))[::13], large).result()
        sizes = [(lfw, few), (lfw, many), (canvases, large)]
        cases = list(plan(*sizes))
        runs: dict[Case, list[Measured]] = {case: [] for case in cases}
        for _ in range(rounds):
            for case in cases:
                runs[case].append(measure(trees[case.version], case))
                print(case.version, case.n, case.pair, case.cores, runs[case][-1], file=sys.stderr)
        medians = {
            case: Measured(
                statistics.median(one.rate for one in found),
                statistics.median(one.processor for one in found),
                found[0].faces,
                max(one.megabytes for one in found),
            )
            for case, found in runs.items()
        }
        print(
            f"before is the version {commit}; medians of {rounds} round{'s' if rounds > 1 else ''}"
        )
        for title, (folder, n) in zip(
            ("pictures of LFW", "pictures of LFW", "pictures of 12 megapixels"), sizes, strict=True
        ):
            print(f"{n} {title}:")
            tell(medians, folder, n)


if __name__ == "__main__":
    main()
