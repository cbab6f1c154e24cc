"""A sweep's t-SNE pages: one for each embeddings, with the clusters of their best job.

Jobs may have run in other processes and days ago, so all of it comes from MLflow: a job's config,
its clusters and the digest of its embeddings. The embeddings themselves are in the store.
"""

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facetrack.core.artifacts import mark_people
from facetrack.core.errors import UserError
from facetrack.core.labels import NOISE
from facetrack.system.progress import say
from facetrack.tasks.context import outputs
from facetrack.tasks.context.faces import choose_people, embed
from facetrack.tasks.context.stored_configs import CONFIG_ERRORS, read_logged
from facetrack.tasks.scores import describe_result
from facetrack.tasks.tsne_cache import compute_tsne
from facetrack.tasks.tsne_names import file_name
from facetrack.tasks.tsne_page import draw_tsne_page
from facetrack.tracking.protocols import Run, Tracking
from facetrack.tracking.records import JobRecord

_STAGES = ("dataset", "detector", "embedder")
_ONLY_A_SCALE = "embedder.radius"


def write(jobs: Sequence[JobRecord], folder: Path, run: Run, tracking: Tracking) -> None:
    """Draw the pages into the sweep's parent run and its folder.

    A page that cannot be made, since its pictures have gone or
    changed meanwhile, is told; the sweep has everything else by then.
    """
    files: dict[str, str | bytes] = {}
    for job in choose_best(jobs):
        try:
            page = _page(job, tracking)
        except (UserError, *CONFIG_ERRORS) as error:
            say(f"No t-SNE page of {job.choices['dataset']}: {error}")
            continue
        name = file_name(*(job.choices[stage] for stage in _STAGES))
        others = sum(one.startswith(name) for one in files)
        files[f"{name}{f'-{others + 1}' if others else ''}.html"] = page
    if files:
        run.artifacts(mark_people(files))
        outputs.write(files, folder)


def choose_best(jobs: Sequence[JobRecord]) -> list[JobRecord]:
    """The finished job to show of each embeddings: the greatest mean ARI, the first without labels.

    Where the number of people is swept, of all its people: the fewer ones are among them.
    """
    found: dict[tuple[tuple[str, str], ...], JobRecord] = {}
    for job in jobs:
        if job.status != "FINISHED" or job.kind != "job":
            continue
        said = {**job.parameters, **job.quiet, **job.choices}
        key = tuple(
            sorted(
                (name, value)
                for name, value in said.items()
                if name.partition(".")[0] in _STAGES and name != _ONLY_A_SCALE
            )
        )
        if key not in found or _rank(job) > _rank(found[key]):
            found[key] = job
    return list(found.values())


def _rank(job: JobRecord) -> tuple[int, float]:
    return job.people or 0, -math.inf if job.ari is None else job.ari.mean


def _page(job: JobRecord, tracking: Tracking) -> str:
    config = read_logged(tracking.artifact(job.run_id, "config.yaml"))
    whole = embed(config)
    embeddings, faces = choose_people(whole, config)
    if embeddings.digest not in job.digests:
        raise UserError("its pictures are not those that the job had")
    table = tracking.artifact(job.run_id, "faces.csv").decode()
    return draw_tsne_page(
        job.name,
        embeddings,
        compute_tsne(whole, config.seed).choose(faces),
        _clusters(table),
        f" The clusters are those of the sweep's best job, {describe_result(job.metrics)}."
        if embeddings.names
        else "",
    )


def _clusters(table: str) -> NDArray[np.int64]:
    """The clusters of faces.csv, noise as -1."""
    rows = csv.DictReader(io.StringIO(table, newline=""))
    return np.array([NOISE if row["noise"] else int(row["cluster"]) for row in rows])
