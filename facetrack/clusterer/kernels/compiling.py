"""Compiled kernels: loops over arrays that NumPy has no words for, at the speed of C.

Importing this takes half a second (numba), so a module with kernels is imported where they are
called, never at the head of an estimator's. The compiled code is kept beside the module, or in the
user's own cache where that cannot be written.
"""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

Kernel = TypeVar("Kernel", bound=Callable[..., object])


def compile_kernel(kernel: Kernel) -> Kernel:
    """A function of arrays and numbers, compiled when it is first called.

    Without threads of its own and without the fast, unordered floating-point sums, so that its
    results are the same everywhere. Other Python threads run meanwhile.
    """
    try:
        return cast(Kernel, numba.njit(cache=True, nogil=True)(kernel))
    except RuntimeError:  # nowhere to keep it: it is compiled anew in each process
        return cast(Kernel, numba.njit(nogil=True)(kernel))
