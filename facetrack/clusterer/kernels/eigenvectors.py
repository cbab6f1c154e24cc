"""The greatest eigenvalues of a dense symmetric matrix, with their eigenvectors.

LAPACK's divide and conquer (`eigh(driver="evd")`) brings the matrix to three diagonals, takes those
apart, and turns all n eigenvectors back, of which spectral clustering asks for a fifth. Here its
three steps are called one by one, and only what is asked for is turned back: the same numbers.
"""

import numpy as np
from scipy.linalg import LinAlgError, eigh_tridiagonal, get_lapack_funcs

from facetrack.clusterer.kernels.distances import Floats


def find_greatest(matrix: Floats, k: int) -> tuple[Floats, Floats]:
    """(k,) greatest eigenvalues of an (n, n) symmetric matrix, rising, and (n, k) eigenvectors.

    Its lower triangle counts, and is overwritten where it lies in Fortran's order. k: 1 to n.
    Raises LinAlgError where LAPACK does not converge.
    """
    n = len(matrix)
    sytrd, sytrd_lwork, ormqr = get_lapack_funcs(("sytrd", "sytrd_lwork", "ormqr"), (matrix,))
    room, _ = sytrd_lwork(n, lower=1)
    reflectors, diagonal, beside, scales, info = sytrd(
        matrix, lower=1, lwork=int(room), overwrite_a=1
    )
    values, vectors = eigh_tridiagonal(diagonal, beside, lapack_driver="stevd", check_finite=False)
    values, vectors = values[n - k :], np.asfortranarray(vectors[:, n - k :])
    if n > 1 and not info:
        # The first row is as it was: the i-th reflector begins below the diagonal's i-th place.
        below = np.asfortranarray(reflectors[1:, :-1])
        turned = np.asfortranarray(vectors[1:])
        _, work, _ = ormqr("L", "N", below, scales, turned, -1)
        vectors[1:], _, info = ormqr("L", "N", below, scales, turned, int(work[0]), overwrite_c=1)
    if info:
        raise LinAlgError(f"LAPACK ended with {info}")
    return values, vectors
