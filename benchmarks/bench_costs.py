"""Costs grow as they must: jobs of a sweep, runs of a store, photos of a folder, persons of a page.

    python benchmarks/bench_costs.py FOLDER [MORE]

FOLDER holds lfw-deepfunneled.tgz, and beside it `models` with YuNet's and MobileFaceNet's files;
without them photos are left out. Told are seconds of processor time, of all processes, and by
which power of the number they grow, from the two largest: 1 is as many times the cost as there are
jobs or photos, 0 no more for more. A sweep of a thousand jobs is told by the time from the start of
a job to the start of the next, as MLflow has it, its first hundred to its last. With MORE sizes are
four times as large. What kernels cost is in another section. Everything is made in a temporary
folder.
"""

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from many_photos import Maker
from many_runs import fill

from facetrack.figures.people_page import Card, PeoplePage, Shown, render_people_page

MODELS = ("face_detection_yunet_2023mar.onnx", "mobilefacenet_foamliu.onnx")
NEW = 100  # photos that come later
Costs = dict[str, float]


def run(folder: Path, *arguments: str) -> float:
    """Seconds of processor time of a command of facetrack's."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "facetrack", *arguments]
    environment = {**os.environ, "FACETRACK_HOME": str(folder.parent / "home")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr[-2000:] + done.stdout[-2000:])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def sweep(folder: Path, jobs: int) -> float:
    """A sweep of so many radii."""
    radii = ",".join(f"{0.1 + 0.001 * number:.3f}" for number in range(jobs))
    return run(folder, "-m", "clusterer=dbscan", f"clusterer.eps={radii}", "n_resamples=2")


def jobs_of_a_sweep(place: Path, sizes: Sequence[int]) -> dict[int, Costs]:
    found = {}
    for n in (2, *sizes):  # the first one embeds
        folder = place / f"jobs{n}"
        folder.mkdir()
        found[n] = {"sweep": sweep(folder, n)}
    return {n: found[n] for n in sizes}


def tell_a_long_sweep(place: Path, jobs: int, together: int = 100) -> None:
    """What a job takes, by how many came before it: medians of so many together."""
    folder = place / "long"
    folder.mkdir()
    start = time.time()
    sweep(folder, jobs)
    ended = time.time()
    with sqlite3.connect(folder / "mlflow.db") as store:
        jobs_of_it = (
            "SELECT start_time FROM runs JOIN tags USING (run_uuid) WHERE key = 'kind' "
            "AND value != 'sweep' ORDER BY start_time"
        )
        starts = np.array([one for (one,) in store.execute(jobs_of_it)]) / 1000
    between = [np.diff(starts)[first : first + together] for first in range(0, jobs, together)]
    told = " ".join(f"{np.median(some):.3f}" for some in between if len(some))
    print(f"a sweep of {len(starts)} jobs: {ended - start:.0f} s, the first begins after")
    print(f"  {starts[0] - start:.1f} s, {ended - starts[-1]:.1f} s from the start of the last job")
    print(f"  to the end; seconds a job, by hundreds: {told}", flush=True)


def runs_of_a_store(place: Path, sizes: Sequence[int]) -> dict[int, Costs]:
    found = {}
    folder = place / "store"
    folder.mkdir()
    sweep(folder, 10)
    for n in sizes:
        fill(folder / "mlflow.db", n)
        started = sweep(folder, 2)
        _leave_open(folder)
        found[n] = {"a sweep of 2": started, "resume=last": run(folder, "resume=last")}
    return found


def _leave_open(folder: Path) -> None:
    """Let the last sweep be one that was not finished."""
    with sqlite3.connect(folder / "mlflow.db") as store:
        last = (
            "SELECT run_uuid FROM runs JOIN tags USING (run_uuid) WHERE key = 'kind' "
            "AND value = 'sweep' ORDER BY start_time DESC LIMIT 1"
        )
        store.execute(f"UPDATE runs SET status = 'KILLED' WHERE run_uuid = ({last})")


def photos_of_a_folder(
    place: Path, archive: Path, models: Path, sizes: Sequence[int]
) -> dict[int, Costs]:
    downloads = place / "home/downloads"
    downloads.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in MODELS:
        shutil.copy(models / name, downloads)
    maker, found = Maker(archive), {}
    for n in sizes:
        root, folder = place / f"photos{n}", place / f"organised{n}"
        folder.mkdir()
        maker.write(root, n)
        arguments = (
            "task=organise",
            "dataset=folder",
            f"dataset.root={root}",
            f"task.out={folder / 'out'}",
        )
        first = run(folder, *arguments)
        again = run(folder, *arguments)
        maker.write(root, NEW, first=sizes[-1] + n)
        found[n] = {"first": first, "again": again, f"{NEW} new": run(folder, *arguments)}
    return found


def persons_of_a_page(sizes: Sequence[int]) -> dict[int, Costs]:
    image = f"data:image/jpeg;base64,{'A' * 2800}"
    found = {}
    for n in sizes:
        names = [f"{number:03}/IMG_{number:06}.jpg" for number in range(8)]
        shown = [Shown(at, image, called=name) for at, name in enumerate(names[:2])]
        cards = [
            Card(f"person-{number:03}", "", f"person-{number:03}", names, names, shown, 8)
            for number in range(n)
        ]
        start = time.process_time()
        page = render_people_page(PeoplePage([], cards, [], None, [], []))
        found[n] = {"page": time.process_time() - start, "of MB": len(page) / 1e6}
    return found


def tell(what: str, found: Mapping[int, Costs]) -> None:
    """Print a table, and how the costs grow."""
    kinds = list(next(iter(found.values())))
    print(f"{what:>10}" + "".join(f"{kind:>16}" for kind in kinds))
    for n, costs in found.items():
        print(f"{n:10}" + "".join(f"{costs[kind]:16.2f}" for kind in kinds))
    sizes = list(found)[-2:]
    powers = [
        float(np.log(found[sizes[1]][kind] / found[sizes[0]][kind]) / np.log(sizes[1] / sizes[0]))
        for kind in kinds
    ]
    print(f"{'power':>10}" + "".join(f"{power:16.2f}" for power in powers), flush=True)


def main() -> None:
    data, times = Path(sys.argv[1]).resolve(), 4 if len(sys.argv) > 2 else 1
    archive, models = data / "lfw-deepfunneled.tgz", data.parent / "models"
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        parts: dict[str, Callable[[], dict[int, Costs]]] = {
            "jobs": lambda: jobs_of_a_sweep(place, [times * n for n in (15, 30, 60)]),
            "runs": lambda: runs_of_a_store(place, [times * n for n in (300, 1200, 4800)]),
            "photos": lambda: photos_of_a_folder(
                place, archive, models, [times * n for n in (500, 1000, 2000)]
            ),
            "persons": lambda: persons_of_a_page([300, 1000, 3000, 10_000]),
        }
        for what, measure in parts.items():
            if what == "photos" and not (archive.exists() and models.is_dir()):
                print("photos: left out, for they need lfw-deepfunneled.tgz and models")
                continue
            tell(what, measure())
            if what == "jobs":
                tell_a_long_sweep(place, 1000)


if __name__ == "__main__":
    main()
