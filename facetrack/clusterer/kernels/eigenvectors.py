"""The greatest eigenvalues of a dense symmetric matrix, with their eigenvectors.

LAPACK's divide and conquer (`eigh(driver="evd")`) brings the matrix to three diagonals, takes those
apart, and turns all n eigenvectors back, of which spectral clustering asks for a fifth. Here its
three steps are called one by one, and only what is asked for is turned back: the same numbers.

SciPy's own way to LAPACK keeps all other Python threads waiting, and resamples are clustered side
by side; so its procedures are called by their addresses, which does not.
"""

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cython_lapack

from facetrack.clusterer.kernels.distances import Floats


def find_greatest(matrix: Floats, k: int) -> tuple[Floats, Floats]:
    """(k,) greatest eigenvalues of an (n, n) symmetric matrix, rising, and (n, k) eigenvectors.

    Its lower triangle counts, and is overwritten where it lies in Fortran's order. k: 1 to n.
    Raises LinAlgError where LAPACK does not converge.
    """
    reflectors, values, beside, scales = _reduce(matrix)
    vectors = _take_apart(values, beside)[:, len(matrix) - k :]
    _turn_back(reflectors, scales, vectors)
    return values[len(matrix) - k :], vectors


def _reduce(matrix: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """LAPACK's sytrd, lower: reflectors, diagonal, the one beside it, and scales."""
    a, n = np.asfortranarray(matrix), len(matrix)
    diagonal, beside, scales = (np.empty(size, a.dtype) for size in (n, n - 1, n - 1))
    _call("sytrd", b"L", n, a, n, diagonal, beside, scales, room=[a.dtype])
    return a, diagonal, beside, scales


def _take_apart(diagonal: Floats, beside: Floats) -> Floats:
    """LAPACK's stevd: (n, n) eigenvectors of three diagonals; the first becomes the eigenvalues."""
    n = len(diagonal)
    vectors = np.empty((n, n), diagonal.dtype, order="F")
    _call("stevd", b"V", n, diagonal, beside, vectors, n, room=[diagonal.dtype, np.int32])
    return vectors


def _turn_back(reflectors: Floats, scales: Floats, vectors: Floats) -> None:
    """LAPACK's ormqr: the matrix's eigenvectors from those of its three diagonals, in place."""
    n, k = vectors.shape
    if n == 1:
        return
    # The first row is as it was: the i-th reflector begins below the diagonal's i-th place.
    parts = (reflectors[1:], n, scales, vectors[1:], n)
    _call("ormqr", b"L", b"N", n - 1, k, n - 1, *parts, room=[vectors.dtype])


def _call(name: str, *arguments: bytes | int | Floats, room: list[Any]) -> None:
    """Call a procedure with arguments, and with room of these dtypes, as much as it asks for.

    Raises LinAlgError where it says that it failed.
    """
    floats = next(one for one in arguments if isinstance(one, np.ndarray)).dtype
    letter = "s" if floats == np.float32 else "d"
    procedure = _find_lapack(letter + name, len(arguments) + 2 * len(room) + 1)
    info = ctypes.c_int()

    def pass_on(*rooms: NDArray[Any], lengths: list[int]) -> None:
        with_rooms = [part for pair in zip(rooms, lengths, strict=True) for part in pair]
        procedure(*map(_point_to, (*arguments, *with_rooms)), ctypes.byref(info))

    asked = [np.empty(1, dtype) for dtype in room]
    pass_on(*asked, lengths=[-1] * len(room))
    lengths = [int(one[0]) for one in asked]
    lengths = [one + (one >> 23) for one in lengths]  # float32 may have rounded it down
    rooms = [np.empty(length, one.dtype) for one, length in zip(asked, lengths, strict=True)]
    pass_on(*rooms, lengths=lengths)
    if info.value:
        raise LinAlgError(f"LAPACK's {name} ended with {info.value}")


def _point_to(argument: bytes | int | NDArray[Any]) -> Any:
    """An argument as Fortran takes all of them: by its address."""
    if isinstance(argument, int):
        return ctypes.byref(ctypes.c_int(argument))
    return argument if isinstance(argument, bytes) else argument.ctypes.data


def _find_lapack(name: str, arguments: int) -> Any:
    """A procedure of the LAPACK that SciPy brings, to be called without Python's lock."""
    capsule, python = cython_lapack.__pyx_capi__[name], ctypes.pythonapi
    text, pointer, any_object = ctypes.c_char_p, ctypes.c_void_p, ctypes.py_object
    name_of = ctypes.PYFUNCTYPE(text, any_object)(("PyCapsule_GetName", python))
    pointer_of = ctypes.PYFUNCTYPE(pointer, any_object, text)(("PyCapsule_GetPointer", python))
    return ctypes.CFUNCTYPE(None, *[pointer] * arguments)(pointer_of(capsule, name_of(capsule)))
