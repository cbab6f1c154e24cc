"""Compiled kernels: loops over arrays that NumPy has no words for, at the speed of C.

Importing this takes half a second (numba), so a module with kernels is imported where they are
called, never at the head of an estimator's. Compiling those of Infomap takes some ten seconds of
processor time, once; later processes read the code, which is kept beside the module, in
`__pycache__`, or in the user's own cache (`~/.cache/numba`) where that cannot be written. Where
neither can, or the disk is full, each process compiles anew. A kernel calls none of another module:
code that is kept would not change with it.
"""

import hashlib
import inspect
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core.caching import CompileResultCacheImpl, FunctionCache

Kernel = TypeVar("Kernel", bound=Callable[..., object])


def compile_kernel(kernel: Kernel) -> Kernel:
    """A function of arrays and numbers, compiled when it is first called.

    Without threads of its own and without the fast, unordered floating-point sums, so that its
    results are the same everywhere. Other Python threads run meanwhile.
    """
    compiled = numba.njit(nogil=True)(kernel)
    with suppress(RuntimeError, OSError):  # nowhere to keep it
        compiled._cache = _Kept(kernel)
    return cast(Kernel, compiled)


class _Named(CompileResultCacheImpl):  # type: ignore[misc]
    """Files are named by the module's text as well.

    numba notes first that there is code, then writes it: ended in between, it would take the code
    of an older text for that of this one.
    """

    def __init__(self, kernel: Callable[..., object]) -> None:
        text = Path(inspect.getfile(kernel)).read_bytes()
        self._version = hashlib.sha256(text).hexdigest()[:16]
        super().__init__(kernel)

    def get_filename_base(self, fullname: str, abiflags: str) -> str:
        return f"{super().get_filename_base(fullname, abiflags)}-{self._version}"


class _Kept(FunctionCache):  # type: ignore[misc]
    """Compiled code in files that nothing depends on: what cannot be read is compiled anew."""

    _impl_class = _Named

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # whatever damaged files lead to
            with suppress(OSError):
                self.flush()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        with suppress(Exception):
            super().save_overload(sig, data)
