"""Processes that use again what they free."""

import os
import platform
import subprocess
import sys

import pytest

from facetrack.system.memory import keeping_freed

# Pages that the system gives while an array of 64 MB is made for the second time.
AGAIN = """
import resource
bytearray(64 << 20)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
bytearray(64 << 20)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def count_pages() -> int:
    done = subprocess.run([sys.executable, "-c", AGAIN], capture_output=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_a_process_uses_again_what_it_frees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    assert count_pages() > 10_000
    with keeping_freed():
        assert count_pages() < 100
    assert "GLIBC_TUNABLES" not in os.environ


def test_what_the_user_says_of_memory_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.arena_max=1")
    with keeping_freed():
        assert os.environ["GLIBC_TUNABLES"] == "glibc.malloc.arena_max=1"
    assert os.environ["GLIBC_TUNABLES"] == "glibc.malloc.arena_max=1"
