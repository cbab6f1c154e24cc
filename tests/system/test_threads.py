"""Native libraries use as many threads as they are told, and are looked for once."""

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from facetrack.system import threads


def _used() -> list[int]:
    return [pool["num_threads"] for pool in threadpool_info()]


def test_within_they_use_so_many_and_afterwards_as_many_as_before() -> None:
    assert np.ones((2, 2)).sum() == 4  # a library with threads is there
    with threads.limit(2):
        before = _used()
        assert 2 in before
        with threads.limit(1):
            assert set(_used()) == {1}
        assert _used() == before
        with threads.limit(None):
            assert _used() == before


def test_they_are_looked_for_again_only_after_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    with threads.limit(1):
        pass
    looked = threads._find_pools.cache_info().misses
    with threads.limit(2):
        pass
    assert threads._find_pools.cache_info().misses == looked
    monkeypatch.setitem(sys.modules, "another_module", ModuleType("another_module"))
    with threads.limit(1):
        pass
    assert threads._find_pools.cache_info().misses == looked + 1


def test_a_pool_leaves_one_thread_for_who_asks() -> None:
    with threads.limit(1), threads.pool() as pool:
        assert pool is None
    with threads.limit(3), threads.pool() as pool:
        assert pool is not None
        assert pool._max_workers == threads.count() - 1


def test_what_is_shared_out_comes_in_order() -> None:
    with ThreadPoolExecutor(3) as pool:
        for some in (None, pool):
            assert list(threads.share_out(str, range(40), some)) == [*map(str, range(40))]
            assert not list(threads.share_out(str, [], some))


def test_who_waits_does_what_no_thread_has_begun() -> None:
    begun, enough = threading.Event(), threading.Event()
    here, done = threading.get_ident(), []

    def list_items() -> Iterator[int]:
        yield 0
        assert begun.wait(60)  # by the only thread, which is busy until this one has done three
        yield from range(1, 5)

    def work(item: int) -> int:
        if not item:
            begun.set()
            assert enough.wait(60)
        elif threading.get_ident() == here:
            done.append(item)
            if len(done) == 3:
                enough.set()
        return item

    with ThreadPoolExecutor(1) as pool:
        assert list(threads.share_out(work, list_items(), pool)) == [*range(5)]
    assert done[:3] == [1, 2, 3]


def test_an_error_of_either_comes_out() -> None:
    with ThreadPoolExecutor(1) as pool, pytest.raises(ZeroDivisionError):
        list(threads.share_out(lambda item: 1 // item, [1, 2, 0, 3], pool))
