"""How many threads native libraries may use, and Python's own in their place."""

import functools
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

Item = TypeVar("Item")
Result = TypeVar("Result")

# Results that threads may be ahead of who reads them.
_AHEAD = 4


def limit(threads: int | None) -> AbstractContextManager[Any]:
    """Within, native libraries use so many threads each; None for as many as they like.

    The search for their thread pools takes 4 ms or more and can swallow a Ctrl-C: it is done again
    only where modules have been imported since, with which libraries come.
    """
    limited: AbstractContextManager[Any] = _find_pools(len(sys.modules)).limit(limits=threads)
    return limited


def count() -> int:
    """How many threads native libraries may use each, at most, as it is now."""
    pools = _find_pools(len(sys.modules)).info()
    return max((int(pool["num_threads"]) for pool in pools), default=1)


def pool() -> AbstractContextManager[ThreadPoolExecutor | None]:
    """Threads that are `count()` together with this one; None where this one is all there is."""
    others = count() - 1
    return ThreadPoolExecutor(others) if others > 0 else nullcontext()


def share_out(
    work: Callable[[Item], Result], items: Iterable[Item], pool: ThreadPoolExecutor | None
) -> Iterator[Result]:
    """What work returns for each item, in their order, as `map` has it.

    By the pool's threads, a few items ahead, and by this one instead of waiting for them: a thread
    may take longer to wake up than the work does.
    """
    if pool is None:
        yield from map(work, items)
        return
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    for item in items:
        waiting.append((item, pool.submit(work, item)))
        if len(waiting) > _AHEAD:
            yield _take_first(work, waiting)
    while waiting:
        yield _take_first(work, waiting)


def _take_first(
    work: Callable[[Item], Result], waiting: deque[tuple[Item, Future[Result]]]
) -> Result:
    """The first result; until it is there, what no thread has begun is done here."""
    for place, (item, begun) in enumerate(waiting):
        if waiting[0][1].done():
            break
        if begun.cancel():
            own: Future[Result] = Future()
            own.set_result(work(item))
            waiting[place] = item, own
    return waiting.popleft()[1].result()


@functools.lru_cache(maxsize=1)
def _find_pools(_modules: int) -> ThreadpoolController:
    return ThreadpoolController()
