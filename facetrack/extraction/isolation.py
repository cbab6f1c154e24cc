"""A picture in a process of its own, which it may kill, or take too long in."""

import contextlib
import multiprocessing
import os
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection

from facetrack.core.faces import Detector, Embedder, Face
from facetrack.extraction.jobs import Done, Job, embed, look
from facetrack.system import guard
from facetrack.system.processes import deaf, spawning


@dataclass(frozen=True)
class Outcome:
    """What came of a job; faces that have no vectors yet; whether its process died of it."""

    done: Done
    faces: list[Face]
    died: bool


def do_alone(job: Job, detector: Detector, embedder: Embedder | None) -> Outcome:
    """Do a job in a process of its own. embedder: None where faces are only looked for.

    Raises what the embedder raises.
    """
    context = spawning()
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_do_and_send, args=(sender, job, detector, embedder))
    with deaf():
        process.start()
    try:
        sender.close()
        with contextlib.suppress(EOFError):
            result = receiver.recv()
            if isinstance(result, BaseException):
                raise result
            done, faces = result
            return Outcome(done, faces, died=False)
        process.join()
        return Outcome(Done(job.digest, reason=guard.reason(process.exitcode)), [], died=True)
    finally:
        process.kill()
        process.join()
        receiver.close()


def _do_and_send(
    sender: Connection, job: Job, detector: Detector, embedder: Embedder | None
) -> None:
    start_alone()
    try:
        done, faces = look(job, detector)
        if embedder is not None and faces:
            done, faces = embed([(done, faces)], embedder)[0], []
        sender.send((done, faces))
    except Exception as error:  # the parent raises it
        sender.send(error)


def start_alone() -> None:
    """Set up a process of its own: it ends with its parent, and at a picture that is too much."""
    guard.start()
    # A parent that was killed cannot say so: without this, its workers would wait for ever.
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
