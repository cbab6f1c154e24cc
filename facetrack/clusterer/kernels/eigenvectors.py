"""The greatest eigenvalues of a dense symmetric matrix, with their eigenvectors.

LAPACK's divide and conquer (`eigh(driver="evd")`) brings the matrix to three diagonals, takes those
apart, and turns all n eigenvectors back, of which spectral clustering asks for a fifth. Here its
three steps are called one by one, and only what is asked for is turned back: the same numbers.
"""

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cython_lapack, eigh_tridiagonal, get_lapack_funcs

from facetrack.clusterer.kernels.distances import Floats


def find_greatest(matrix: Floats, k: int) -> tuple[Floats, Floats]:
    """(k,) greatest eigenvalues of an (n, n) symmetric matrix, rising, and (n, k) eigenvectors.

    Its lower triangle counts, and is overwritten where it lies in Fortran's order. k: 1 to n.
    Raises LinAlgError where LAPACK does not converge.
    """
    n = len(matrix)
    reflectors, diagonal, beside, scales, info = _reduce(matrix)
    values, vectors = eigh_tridiagonal(diagonal, beside, lapack_driver="stevd", check_finite=False)
    values, vectors = values[n - k :], np.asfortranarray(vectors[:, n - k :])
    if n > 1 and not info:
        # The first row is as it was: the i-th reflector begins below the diagonal's i-th place.
        below = np.asfortranarray(reflectors[1:, :-1])
        turned = np.asfortranarray(vectors[1:])
        (ormqr,) = get_lapack_funcs(("ormqr",), (matrix,))
        _, work, _ = ormqr("L", "N", below, scales, turned, -1)
        vectors[1:], _, info = ormqr("L", "N", below, scales, turned, int(work[0]), overwrite_c=1)
    if info:
        raise LinAlgError(f"LAPACK ended with {info}")
    return values, vectors


def _reduce(matrix: Floats) -> tuple[Floats, Floats, Floats, Floats, int]:
    """LAPACK's sytrd, lower: reflectors, diagonal, the one beside it, scales and `info`.

    SciPy's own way to it keeps all other Python threads waiting, for most of spectral clustering.
    """
    a, n = np.asfortranarray(matrix), len(matrix)
    diagonal, beside, scales = (np.empty(size, a.dtype) for size in (n, n - 1, n - 1))
    sytrd = _find_lapack("ssytrd" if a.dtype == np.float32 else "dsytrd")
    info = ctypes.c_int()

    def call(work: NDArray[Any], length: int) -> None:
        size, room = ctypes.byref(ctypes.c_int(n)), ctypes.byref(ctypes.c_int(length))
        parts = [one.ctypes.data for one in (diagonal, beside, scales, work)]
        sytrd(b"L", size, a.ctypes.data, size, *parts, room, ctypes.byref(info))

    asked = np.empty(1, a.dtype)
    call(asked, -1)
    work = np.empty(int(asked[0]), a.dtype)
    call(work, len(work))
    return a, diagonal, beside, scales, info.value


def _find_lapack(name: str) -> Callable[..., None]:
    """A procedure of the LAPACK that SciPy brings, to be called without Python's lock."""
    capsule, python = cython_lapack.__pyx_capi__[name], ctypes.pythonapi
    text, pointer, any_object = ctypes.c_char_p, ctypes.c_void_p, ctypes.py_object
    name_of = ctypes.PYFUNCTYPE(text, any_object)(("PyCapsule_GetName", python))
    pointer_of = ctypes.PYFUNCTYPE(pointer, any_object, text)(("PyCapsule_GetPointer", python))
    return ctypes.CFUNCTYPE(None, text, *[pointer] * 9)(pointer_of(capsule, name_of(capsule)))
