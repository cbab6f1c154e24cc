"""What this process computes with: packages, Python, processor, BLAS, threads, operating system.

Nothing in it says whose machine it is: no host's name, no user's, no path.
"""

import functools
import os
import platform
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_info

_INSTALLED = re.compile(r"([^-]+)-(.+?)(-py[\d.]+)?\.(dist|egg)-info")
_CPU = Path("/proc/cpuinfo")
# What limits the threads of libraries, which shows in sums' last digits.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_OF_BLAS = ("internal_api", "version", "architecture", "num_threads", "threading_layer")


@functools.cache
def list_packages() -> Mapping[str, str]:
    """Version by name of every package that is installed, in the order of their names.

    By the names of their folders: importlib.metadata would parse 200 files for it, 0.15 s.
    """
    found = dict(_find_installed())
    return {name: found[name] for name in sorted(found)}


def describe_environment() -> dict[str, Any]:
    """All of it but the packages, as JSON can hold it."""
    return {**_describe_machine(), "blas": list(_describe_blas(len(sys.modules)))}


def write_lock(about: str) -> str:
    """The packages as `pip install -r` takes them. about: what the first line says, a comment."""
    pinned = [f"{name}=={version}" for name, version in list_packages().items()]
    return "\n".join([f"# {about}", *(one for one in pinned if not one.startswith("facetrack=="))])


def _find_installed() -> Iterator[tuple[str, str]]:
    for place in reversed(sys.path):  # the first one counts
        try:
            with os.scandir(place or ".") as entries:
                found = [_INSTALLED.fullmatch(one.name) for one in entries]
        except OSError:
            continue
        for one in filter(None, found):
            yield one[1].replace("_", "-").lower(), one[2]


@functools.cache
def _describe_machine() -> dict[str, Any]:
    return {
        "python": f"{platform.python_version()} {platform.python_implementation()}",
        "os": platform.platform(),
        "cpu": _name_processor(),
        "cores": os.cpu_count(),
        "threads": {name: os.environ[name] for name in _THREADS if name in os.environ},
    }


def _name_processor() -> str:
    try:
        lines = _CPU.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


@functools.lru_cache(maxsize=1)
def _describe_blas(_modules: int) -> tuple[dict[str, str], ...]:
    """Of each library that is loaded; more may be once more modules are imported."""
    found = {
        tuple(str(one.get(key)) for key in _OF_BLAS)
        for one in threadpool_info()
        if one["user_api"] == "blas"
    }
    return tuple(dict(zip(_OF_BLAS, one, strict=True)) for one in sorted(found))
