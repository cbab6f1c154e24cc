"""Sharing detection and embedding out over the cores, or over a Ray cluster.

Processes for an embedder that keeps one core busy and holds Python's lock (dlib); threads that
detect while the main thread embeds in batches, for one that uses all cores itself (FaceNet); actors
of a cluster for both. All give the same results.
"""

import contextlib
import hashlib
import multiprocessing
import os
import pickle
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from facetrack.core.errors import UserError
from facetrack.core.faces import Boxes, Detector, Embedder, Face, Image, Vectors
from facetrack.detector import choose
from facetrack.extraction import picture
from facetrack.extraction.store import Detection
from facetrack.system import guard
from facetrack.system.processes import can_start, cores, deaf, spawning, trouble
from facetrack.system.progress import say
from facetrack.system.ray_cluster import connected, environment

In = TypeVar("In")
Out = TypeVar("Out")

# How many tasks a worker may have waiting: enough that none idles, few enough that
# the pictures waiting for a batch stay small.
_AHEAD = 4
_BATCH_BYTES = 256 << 20
_WHOLE_PIXELS = 40_000_000
# Pictures that are given to an actor at once, and again where it dies; how often that is tried.
_BLOCK = 16
_TRIES = 2
# Ray's bookkeeping of more would cost more than what one of them does again.
_MOST_BLOCKS = 2000


@dataclass(frozen=True, slots=True)
class Job:
    """A picture content to look at; `detection` where it is known from before."""

    digest: bytes
    path: Path
    detection: Detection | None


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a job: all detections, the (k, 4) boxes that count and their (k, d) raw vectors.

    boxes and vectors are None where no face counts; `reason` says why a picture cannot be used.
    look: see `facetrack.extraction.looks`; cut: whether the file ends before the picture does.
    """

    digest: bytes
    detection: Detection | None = None
    boxes: Boxes | None = None
    vectors: Vectors | None = None
    reason: str | None = None
    look: bytes | None = None
    cut: bool = False


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
                yield from _embed(batch, embedder)
                batch = []
        if batch:
            yield from _embed(batch, embedder)


def in_processes(jobs: Sequence[Job], detector: Detector, embedder: Embedder) -> Iterator[Done]:
    """One process a core does everything for a picture.

    A picture that kills its process (a crash in native code, too much time or memory) is found by
    giving each suspect a process of its own, and skipped.
    """
    if why := trouble():
        say(f"  processes cannot share the work here ({why}): threads do it, more slowly")
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
        results = [_alone(job, detector, embedder) for job in suspects]
        if all(died and done.reason == guard.reason(None) for done, _, died in results):
            raise RuntimeError("every worker process dies at once, whatever picture it is given")
        yield from (done for done, _, _ in results)


def on_ray(jobs: Sequence[Job], detector: Detector, embedder: Embedder) -> Iterator[Done]:
    """Actors of a Ray cluster, one model each, do everything for a picture.

    They read the files themselves. Where an actor dies, Ray starts another and gives it the same
    pictures; those that kill every actor end up with this machine's processes, which find the
    culprit. Raises UserError.
    """
    remaining = {job.digest: job for job in jobs}
    with connected() as ray:
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
        yield from in_processes(list(remaining.values()), detector, embedder)


class _Actor:
    """A worker of `on_ray`: batches of pickled jobs to batches of pickled results."""

    def __init__(
        self, detector: Detector, embedder: Embedder, variables: Mapping[str, str]
    ) -> None:
        os.environ.update(variables)
        self._detector, self._embedder = detector, embedder

    def __call__(self, rows: dict[str, NDArray[np.object_]]) -> dict[str, list[bytes]]:
        looked = [_look(pickle.loads(job), self._detector) for job in rows["job"]]
        faces = [one for one in looked if one[1]]
        results: list[Done | UserError] = [done for done, found in looked if not found]
        try:
            results += _embed(faces, self._embedder) if faces else []
        except UserError as error:
            # As a result: Ray would take an exception for a defect of the actor.
            results = [error]
        return {"done": [pickle.dumps(one) for one in results]}


def _look_within(job: Job, detector: Detector) -> tuple[Done, list[Face]]:
    """`_look`; in a process of its own where that may take long or much memory."""
    if not picture.is_costly(job.path) or not can_start():
        return _look(job, detector)
    done, faces, _ = _alone(job, detector, None)
    return done, faces


def _alone(
    job: Job, detector: Detector, embedder: Embedder | None
) -> tuple[Done, list[Face], bool]:
    """A job in a process of its own: what came of it, faces without vectors, whether it died."""
    context = spawning()
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_do_alone, args=(sender, job, detector, embedder))
    with deaf():
        process.start()
    try:
        sender.close()
        with contextlib.suppress(EOFError):
            result = receiver.recv()
            if isinstance(result, BaseException):
                raise result
            done, faces = result
            return done, faces, False
        process.join()
        return Done(job.digest, reason=guard.reason(process.exitcode)), [], True
    finally:
        process.kill()
        process.join()
        receiver.close()


def _do_alone(sender: Connection, job: Job, detector: Detector, embedder: Embedder | None) -> None:
    _start_alone()
    try:
        done, faces = _look(job, detector)
        if embedder is not None and faces:
            done, faces = _embed([(done, faces)], embedder)[0], []
        sender.send((done, faces))
    except Exception as error:  # the parent raises it
        sender.send(error)


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
    _start_alone()


def _start_alone() -> None:
    """Set up a process of its own: it ends with its parent, and at a picture that is too much."""
    guard.start()
    # A parent that was killed cannot say so: without this, its workers would wait for ever.
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)


def _look_and_embed(job: Job) -> Done:
    detector, embedder = _stages
    done, faces = _look(job, detector)
    return _embed([(done, faces)], embedder)[0] if faces else done


def _look(job: Job, detector: Detector) -> tuple[Done, list[Face]]:
    """Read a picture and find the faces that count."""
    with guard.looking():
        return _examine(job, detector)


def _examine(job: Job, detector: Detector) -> tuple[Done, list[Face]]:
    try:
        content = job.path.read_bytes()
        if hashlib.sha256(content).digest() != job.digest:
            return Done(job.digest, reason="it changed while facetrack was reading it"), []
        with guard.decoding():
            decoded = picture.decode(content, with_look=True)
        del content
    except OSError as error:
        return Done(job.digest, reason=f"cannot be read ({error.strerror})"), []
    except UserError as error:
        return Done(job.digest, reason=str(error)), []
    image = decoded.image
    height, width = image.shape[:2]
    detection = job.detection
    try:
        if detection is None:
            detection = Detection(width, height, detector.detect(image))
    except Exception as error:
        return Done(job.digest, reason=f"the detector failed on it ({_short(error)})"), []
    kept = choose(detection.boxes, width, height, detector.choose, detector.border)
    done = Done(job.digest, detection, look=decoded.look, cut=decoded.cut)
    if not len(kept):
        return done, []
    return replace(done, boxes=kept), [_face(image, box) for box in kept]


def _face(image: Image, box: NDArray[np.int64]) -> Face:
    """A face with its picture; with what is around it only where the picture is very large."""
    if image.shape[0] * image.shape[1] <= _WHOLE_PIXELS:
        return Face(image, box)
    left, top, width, height = (int(value) for value in box)
    around = max(width, height) // 2  # embedders align within the box and a little around it
    rows = slice(max(top - around, 0), top + height + around)
    columns = slice(max(left - around, 0), left + width + around)
    part = np.ascontiguousarray(image[rows, columns])
    return Face(part, box - np.array([columns.start, rows.start, 0, 0], dtype=np.int64))


def _embed(batch: Sequence[tuple[Done, list[Face]]], embedder: Embedder) -> list[Done]:
    """Add the vectors. One picture that makes the embedder fail does not take the batch with it."""
    try:
        vectors = embedder.embed([face for _, faces in batch for face in faces])
    except UserError:
        raise
    except Exception as error:
        if len(batch) > 1:
            return [result for one in batch for result in _embed([one], embedder)]
        done = batch[0][0]
        return [Done(done.digest, reason=f"the embedder failed on it ({_short(error)})")]
    ends = np.cumsum([len(faces) for _, faces in batch])
    return [
        replace(done, vectors=own)
        if np.isfinite(own).all()
        else Done(done.digest, reason="the embedder gave values that are not finite")
        for (done, _), own in zip(batch, np.split(vectors, ends[:-1]), strict=True)
    ]


def _short(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
