"""Native libraries use as many threads as they are told, and are looked for once."""

import sys
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
