"""Sharing detection and embedding out over the cores of this machine.

Processes for an embedder that keeps one core busy and holds Python's lock (dlib); threads that
detect while the main thread embeds in batches, for one that uses all cores itself (FaceNet).
Both, and the actors of a cluster (ray_engine.py), give the same results.
"""

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from facetrack.core.faces import Detector, Embedder, Face
from facetrack.core.progress import QUIET, Progress
from facetrack.extraction import picture
from facetrack.extraction.isolation import do_alone, start_alone
from facetrack.extraction.jobs import Done, Job, embed, look
from facetrack.system import guard
from facetrack.system.processes import can_start, cores, deaf, spawning, trouble

In = TypeVar("In")
Out = TypeVar("Out")

# How many tasks a worker may have waiting: enough that none idles, few enough that
# the pictures waiting for a batch stay small.
_AHEAD = 4
_BATCH_BYTES = 256 << 20


def in_order(
    pool: Executor, function: Callable[[In], Out], items: Iterable[In], window: int
) -> Iterator[Out]:
    """`pool.map` with at most `window` items under way, so that items can be millions."""
    waiting: deque[Future[Out]] = deque()
    # Submitting is what starts a pool's processes.
    starting = deaf if isinstance(pool, ProcessPoolExecutor) else contextlib.nullcontext
    try:
        for item in items:
            with starting():
                waiting.append(pool.submit(function, item))
            if len(waiting) >= window:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def in_threads(jobs: Sequence[Job], detector: Detector, embedder: Embedder) -> Iterator[Done]:
    """Threads read and detect; this thread embeds in batches of `embedder.batch` faces.

    A picture that may take long or much memory to decode gets a process of its own for that.
    """
    with ThreadPoolExecutor(cores()) as pool:
        batch: list[tuple[Done, list[Face]]] = []
        found = in_order(pool, lambda job: _look_within(job, detector), jobs, _AHEAD * cores())
        for done, faces in found:
            if not faces:
                yield done
                continue
            batch.append((done, faces))
            images = {id(face.image): face.image for _, faces in batch for face in faces}
            waiting = sum(image.nbytes for image in images.values())
            n_faces = sum(len(faces) for _, faces in batch)
            if n_faces >= embedder.batch or waiting >= _BATCH_BYTES:
                yield from embed(batch, embedder)
                batch = []
        if batch:
            yield from embed(batch, embedder)


def in_processes(
    jobs: Sequence[Job], detector: Detector, embedder: Embedder, progress: Progress = QUIET
) -> Iterator[Done]:
    """One process per core does everything for a picture.

    A picture that kills its process (a crash in native code, too much time or memory) is found by
    giving each suspect a process of its own, and skipped.
    """
    if why := trouble():
        progress.say(f"  processes cannot share the work here ({why}): threads do it, more slowly")
        yield from in_threads(jobs, detector, embedder)
        return
    remaining = deque(jobs)
    window = _AHEAD * cores()
    while remaining:
        with _pool(cores(), detector, embedder) as pool:
            try:
                for done in in_order(pool, _look_and_embed, tuple(remaining), window):
                    remaining.popleft()
                    yield done
                return
            except BrokenProcessPool:
                pass
        suspects = [remaining.popleft() for _ in range(min(window, len(remaining)))]
        results = [do_alone(job, detector, embedder) for job in suspects]
        if all(one.died and one.done.reason == guard.reason(None) for one in results):
            raise RuntimeError("every worker process dies at once, whatever picture it is given")
        yield from (one.done for one in results)


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
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_stages: tuple[Detector, Embedder]


def _start_worker(detector: Detector, embedder: Embedder) -> None:
    global _stages
    _stages = detector, embedder
    start_alone()


def _look_and_embed(job: Job) -> Done:
    detector, embedder = _stages
    done, faces = look(job, detector)
    return embed([(done, faces)], embedder)[0] if faces else done
