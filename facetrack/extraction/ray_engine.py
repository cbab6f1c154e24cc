"""Sharing detection and embedding out over a Ray cluster: actors do both, one model each."""

import os
import pickle
import warnings
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from facetrack.core.errors import UserError
from facetrack.core.faces import Detector, Embedder
from facetrack.core.progress import QUIET, Progress
from facetrack.extraction.engines import in_processes
from facetrack.extraction.jobs import Done, Job, embed, look
from facetrack.system.ray_cluster import connect, environment

# Pictures that are given to an actor at once, and again where it dies; how often that is tried.
_BLOCK = 16
_TRIES = 2
# Ray's bookkeeping of more would cost more than what one of them does again.
_MOST_BLOCKS = 2000


def on_ray(
    jobs: Sequence[Job], detector: Detector, embedder: Embedder, progress: Progress = QUIET
) -> Iterator[Done]:
    """Actors of a Ray cluster, one model each, do everything for a picture.

    They read the files themselves. Where an actor dies, Ray starts another and gives it the same
    pictures; those that kill every actor end up with this machine's processes, which find the
    culprit. Raises UserError.
    """
    remaining = {job.digest: job for job in jobs}
    with connect() as ray:
        settings = ray.data.DataContext.get_current()
        settings.enable_progress_bars = settings.print_on_execution_start = False
        sizes = [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]
        # A model that uses all cores itself is alone on its machine.
        each = 1 if embedder.parallel else min(size for size in sizes if size)
        blocks = min(-(-len(jobs) // _BLOCK), _MOST_BLOCKS)
        rows = ray.data.from_items(
            [{"job": pickle.dumps(job)} for job in jobs], override_num_blocks=blocks
        )
        actors = min(sum(size // each for size in sizes), blocks)
        with warnings.catch_warnings():
            # The number of tries gets another name in Ray 2.64; without one, a picture that kills
            # its actor is tried for ever.
            warnings.simplefilter("ignore", DeprecationWarning)
            results = rows.map_batches(
                _Actor,
                fn_constructor_args=(detector, embedder, environment()),
                batch_size=embedder.batch,
                compute=ray.data.ActorPoolStrategy(size=actors),
                num_cpus=each,
                max_task_retries=_TRIES,
            )
        try:
            for row in results.iter_rows():
                done = pickle.loads(row["done"])
                if isinstance(done, UserError):
                    raise done
                if remaining.pop(done.digest, None) is not None:
                    yield done
        except ray.exceptions.RayTaskError:
            raise  # a defect, not a loss
        except ray.exceptions.RayError:
            pass
    if remaining:
        yield from in_processes(list(remaining.values()), detector, embedder, progress)


class _Actor:
    """A worker of `on_ray`: batches of pickled jobs to batches of pickled results."""

    def __init__(
        self, detector: Detector, embedder: Embedder, variables: Mapping[str, str]
    ) -> None:
        os.environ.update(variables)
        self._detector, self._embedder = detector, embedder

    def __call__(self, rows: dict[str, NDArray[np.object_]]) -> dict[str, list[bytes]]:
        results: list[Done | UserError]
        try:
            looked = [look(pickle.loads(job), self._detector) for job in rows["job"]]
            faces = [one for one in looked if one[1]]
            results = [done for done, found in looked if not found]
            results += embed(faces, self._embedder) if faces else []
        except UserError as error:
            # As a result: Ray would take an exception for a defect of the actor.
            results = [error]
        return {"done": [pickle.dumps(one) for one in results]}
