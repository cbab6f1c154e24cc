"""Memory for pictures, which a process needs anew with every one of them."""

import contextlib
import os
from collections.abc import Iterator

# For glibc, which does not know all of it before 2.35; other C libraries take no notice. What is
# freed, up to 256 MB, is kept rather than given back to the system, and large pages are asked for.
_NAME = "GLIBC_TUNABLES"
_TUNABLES = "glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=268435456:glibc.malloc.hugetlb=1"


@contextlib.contextmanager
def keeping_freed() -> Iterator[None]:
    """Processes that are started within use again what they free, unless the user says how.

    Otherwise every large array is made of small pages that the system has to clear first: of 12
    megapixels that takes a quarter of the time.
    """
    if _NAME in os.environ:
        yield
        return
    os.environ[_NAME] = _TUNABLES
    try:
        yield
    finally:
        os.environ.pop(_NAME, None)
