"""Sharing detection and embedding out over the cores of this machine.

Processes for an embedder that keeps one core busy and holds Python's lock (dlib); threads that
detect while the main thread embeds in batches, for one that uses all cores itself (FaceNet).
Both, and the actors of a cluster (ray_engine.py), give the same results.
"""

import contextlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from threadpoolctl import threadpool_limits

from facetrack.core.faces import Detector, Embedder, Face
from facetrack.core.progress import QUIET, Progress
from facetrack.extraction import picture
from facetrack.extraction.isolation import do_alone, start_alone
from facetrack.extraction.jobs import Done, Job, embed, look
from facetrack.system import guard
from facetrack.system.pools import in_order, starting_processes
from facetrack.system.processes import can_start, cores, spawning, trouble

# How many tasks a worker may have waiting: enough that none idles, few enough that
# the pictures waiting for a batch stay small.
_AHEAD = 4
_BATCH_BYTES = 256 << 20
# What a process is given at once: pictures, of which fewer are left for the end, and bytes of
# their files. Each part costs this process about a millisecond.
_MOST_AT_ONCE = 8
_MOST_BYTES = 4 << 20


def in_threads(jobs: Sequence[Job], detector: Detector, embedder: Embedder) -> Iterator[Done]:
    """Threads read and detect; this thread embeds in batches of `embedder.batch` faces.

    A picture that may take long or much memory to decode gets a process of its own for that.
    """
    with ThreadPoolExecutor(cores()) as pool:
        found = in_order(pool, lambda job: _look_within(job, detector), jobs, _AHEAD * cores())
        yield from embed_in_batches(found, embedder)


def embed_in_batches(
    found: Iterable[tuple[Done, list[Face]]], embedder: Embedder
) -> Iterator[Done]:
    """Add the vectors of pictures' faces, `embedder.batch` faces at once or a few more.

    Results are in the order of the pictures. Fewer where the pictures are large: they wait.
    """
    batch: list[tuple[Done, list[Face]]] = []
    for done, faces in found:
        batch.append((done, faces))
        images = {id(face.image): face.image for _, faces in batch for face in faces}
        waiting = sum(image.nbytes for image in images.values())
        n_faces = sum(len(faces) for _, faces in batch)
        if n_faces >= embedder.batch or waiting >= _BATCH_BYTES or not n_faces:
            yield from _embed_some(batch, embedder)
            batch = []
    yield from _embed_some(batch, embedder)


def _embed_some(batch: Sequence[tuple[Done, list[Face]]], embedder: Embedder) -> Iterator[Done]:
    with_faces = [one for one in batch if one[1]]
    embedded = iter(embed(with_faces, embedder) if with_faces else ())
    for done, faces in batch:
        yield next(embedded) if faces else done


def in_processes(
    jobs: Sequence[Job], detector: Detector, embedder: Embedder, progress: Progress = QUIET
) -> Iterator[Done]:
    """One process per core does everything for a picture.

    A picture that kills its process (a crash in native code, too much time or memory) is found,
    and skipped: those that were under way are done singly, and where that goes wrong as well, each
    of the few suspects gets a process of its own.
    """
    if why := trouble():
        progress.say(f"  processes cannot share the work here ({why}): threads do it, more slowly")
        prepare(detector, embedder)
        yield from in_threads(jobs, detector, embedder)
        return
    yield from _share(jobs, detector, embedder, _MOST_AT_ONCE)


def _share(
    jobs: Sequence[Job], detector: Detector, embedder: Embedder, at_once: int
) -> Iterator[Done]:
    """Share jobs out, at most `at_once` of them at a time."""
    remaining = deque(jobs)
    workers = _count_workers(jobs)
    window = _AHEAD * workers
    while remaining:
        parts = _divide(tuple(remaining), at_once, workers)
        try:
            with _pool(workers, detector, embedder) as pool:
                prepare(detector, embedder)  # while the processes start
                for part in in_order(pool, _look_and_embed, parts, window):
                    for done in part:
                        remaining.popleft()
                        yield done
                return
        except BrokenProcessPool:
            pass
        suspects = [remaining.popleft() for _ in range(min(window * at_once, len(remaining)))]
        if at_once > 1:
            yield from _share(suspects, detector, embedder, 1)
            continue
        results = [do_alone(job, detector, embedder) for job in suspects]
        if all(one.died and one.done.reason == guard.reason(None) for one in results):
            raise RuntimeError("every worker process dies at once, whatever picture it is given")
        yield from (one.done for one in results)


def prepare(detector: Detector, embedder: Embedder) -> None:
    """Get what is to be downloaded, and refuse what cannot be used, once. Raises UserError."""
    for stage in (detector, embedder):
        getattr(stage, "prepare", lambda: None)()


def _divide(jobs: Sequence[Job], at_once: int, workers: int) -> Iterator[Sequence[Job]]:
    """Jobs in parts, as they are asked for; smaller ones at the end, so that all end together."""
    first = 0
    while first < len(jobs):
        most = min(at_once, max(1, (len(jobs) - first) // (2 * workers)))
        stop, size = first, 0
        while stop < min(first + most, len(jobs)) and size < _MOST_BYTES:
            size += _size(jobs[stop].path)
            stop += 1
        yield jobs[first:stop]
        first = stop


def _count_workers(jobs: Sequence[Job]) -> int:
    """As many as there are cores, or parts to be given to them if there are fewer."""
    if len(jobs) >= cores() * _MOST_AT_ONCE:
        return cores()
    parts = max(-(-len(jobs) // _MOST_AT_ONCE), -(-count_bytes(jobs) // _MOST_BYTES))
    return min(cores(), len(jobs), parts)


def count_bytes(jobs: Sequence[Job]) -> int:
    """Bytes of the files of jobs, as far as anybody can tell."""
    return sum(_size(job.path) for job in jobs)


def _size(path: Path) -> int:
    """Bytes of a file; 0 where nobody can tell: reading it will say why."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _look_within(job: Job, detector: Detector) -> tuple[Done, list[Face]]:
    """`look`; in a process of its own where that may take long or much memory."""
    if not picture.is_costly(job.path) or not can_start():
        return look(job, detector)
    outcome = do_alone(job, detector, None)
    return outcome.done, outcome.faces


@contextlib.contextmanager
def _pool(workers: int, detector: Detector, embedder: Embedder) -> Iterator[ProcessPoolExecutor]:
    pool = ProcessPoolExecutor(
        workers,
        mp_context=spawning(),
        initializer=_start_worker,
        initargs=(detector, embedder),
    )
    try:
        with starting_processes():
            for _ in range(workers):  # each starts one, which imports what it needs meanwhile
                pool.submit(_be_ready)
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_stages: tuple[Detector, Embedder]


def _start_worker(detector: Detector, embedder: Embedder) -> None:
    global _stages
    _stages = detector, embedder
    threadpool_limits(1)  # there is a process per core
    start_alone()


def _be_ready() -> None:
    """Nothing: a process that does it has started."""


def _look_and_embed(jobs: Sequence[Job]) -> list[Done]:
    detector, embedder = _stages
    return list(embed_in_batches((look(job, detector) for job in jobs), embedder))
