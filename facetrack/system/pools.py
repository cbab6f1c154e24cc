"""Work shared out over a pool's threads or processes, results in order."""

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from typing import TypeVar

from facetrack.system.memory import keeping_freed
from facetrack.system.processes import deaf

In = TypeVar("In")
Out = TypeVar("Out")


def in_order(
    pool: Executor, function: Callable[[In], Out], items: Iterable[In], window: int
) -> Iterator[Out]:
    """`pool.map` with at most `window` items under way, so that items can be millions."""
    waiting: deque[Future[Out]] = deque()
    # Submitting is what starts a pool's processes.
    starting = (
        starting_processes if isinstance(pool, ProcessPoolExecutor) else contextlib.nullcontext
    )
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


@contextlib.contextmanager
def starting_processes() -> Iterator[None]:
    """While processes of a pool are started."""
    with deaf(), keeping_freed():
        yield
