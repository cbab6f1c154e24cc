"""Fits side by side, each on a thread of its own: fits of some thousand faces gain little by more.

What comes out does not depend on how many are under way, which for some methods it does on the
threads that a fit has (PROTOCOL, "Methods").
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from typing import TypeVar

from facetrack.system import threads
from facetrack.system.pools import in_order

Out = TypeVar("Out")

# On small sets scikit-learn's threads wait for each other longer than they work: with other
# programs on the machine, mean-shift on 47 faces took seconds instead of milliseconds.
WORTH_THREADS = 2000
# More need much memory, and one fit long: it has all threads to itself, and can be interrupted.
_MOST = 20_000


class Side:
    """Where fits are made: on threads, or, without any, when they are asked for."""

    def __init__(self, pool: ThreadPoolExecutor | None, workers: int) -> None:
        self._pool, self._workers = pool, workers

    def begin(self, function: Callable[[], Out]) -> Callable[[], Out]:
        """Make a fit on some thread; what is returned waits for it."""
        return self._pool.submit(function).result if self._pool else function

    def in_order(self, function: Callable[[int], Out], n: int) -> Iterator[Out]:
        """function(0), … function(n - 1); a few are begun before they are asked for."""
        if self._pool is None:
            yield from map(function, range(n))
        else:
            yield from in_order(self._pool, function, range(n), self._workers)


@contextlib.contextmanager
def share_threads(n: int) -> Iterator[Side]:
    """Within, fits of n faces can be made side by side.

    At its end all have ended; after an interrupt, which is to be told at once, they end later.
    """
    workers = threads.count() if WORTH_THREADS <= n < _MOST else 1
    if workers < 2:
        yield Side(None, 1)
        return
    # For some libraries each thread has a limit of its own, which ends with the thread.
    pool = ThreadPoolExecutor(workers, initializer=threads.limit, initargs=(1,))
    wait = True
    try:
        with threads.limit(1):
            all_there = threading.Barrier(workers)  # so that each has begun within this limit
            wait_for(pool.submit(all_there.wait) for _ in range(workers))
            yield Side(pool, workers)
    except KeyboardInterrupt:
        wait = False
        raise
    finally:
        pool.shutdown(wait=wait, cancel_futures=True)
