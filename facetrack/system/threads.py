"""How many threads native libraries may use."""

import functools
import sys
from contextlib import AbstractContextManager
from typing import Any

from threadpoolctl import ThreadpoolController


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


@functools.lru_cache(maxsize=1)
def _find_pools(_modules: int) -> ThreadpoolController:
    return ThreadpoolController()
