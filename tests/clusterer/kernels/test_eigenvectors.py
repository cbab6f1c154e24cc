import ctypes

import numpy as np
import pytest
from scipy.linalg import LinAlgError, eigh, get_lapack_funcs
from threadpoolctl import threadpool_limits

from facetrack.clusterer.kernels import eigenvectors
from facetrack.clusterer.kernels.eigenvectors import find_greatest


def _symmetric(n: int, dtype: type) -> np.ndarray:
    values = np.random.RandomState(n).normal(size=(n, n))
    return (values + values.T).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "k"), [(1, 1), (2, 1), (3, 3), (40, 7), (130, 130)])
def test_the_greatest_of_a_whole_decomposition(n: int, k: int, dtype: type) -> None:
    matrix = _symmetric(n, dtype)
    expected, whole = eigh(matrix, driver="evd")
    values, vectors = find_greatest(matrix.copy(), k)
    np.testing.assert_array_equal(values, expected[n - k :])
    assert vectors.dtype == dtype
    assert vectors.shape == (n, k)
    # Signs, too: the same reflectors are applied to the same vectors, a few or all at a time.
    atol = 20 * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(vectors, whole[:, n - k :], rtol=0, atol=atol)


def test_the_same_numbers_where_spectral_clustering_takes_it() -> None:
    with threadpool_limits(1):
        matrix = _symmetric(700, np.float32)
        expected, whole = eigh(matrix, driver="evd")
        values, vectors = find_greatest(matrix.copy(), 140)
    np.testing.assert_array_equal(values, expected[-140:])
    np.testing.assert_array_equal(vectors, whole[:, -140:])


def test_the_matrix_of_its_caller_in_either_order() -> None:
    matrix = _symmetric(60, np.float64)
    rows, columns = (find_greatest(matrix.copy(order=order), 9)[1] for order in ("C", "F"))
    np.testing.assert_array_equal(rows, columns)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [2, 3, 57, 300])
def test_each_step_is_scipys_to_the_last_bit(n: int, dtype: type) -> None:
    matrix = np.asfortranarray(_symmetric(n, dtype))
    names = ("sytrd", "sytrd_lwork", "stevd", "ormqr")
    sytrd, sytrd_lwork, stevd, ormqr = get_lapack_funcs(names, (matrix,))
    with threadpool_limits(1):
        expected = sytrd(matrix, lower=1, lwork=int(sytrd_lwork(n, lower=1)[0]))[:4]
        found = eigenvectors._reduce(matrix.copy(order="F"))
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, other)
        reflectors, values, beside, scales = found
        expected_values, expected_vectors, _ = stevd(values, beside)
        vectors = eigenvectors._take_apart(values, beside)
        np.testing.assert_array_equal(values, expected_values)
        np.testing.assert_array_equal(vectors, expected_vectors)
        below, rest = (np.asfortranarray(one) for one in (reflectors[1:, :-1], vectors[1:]))
        room = int(ormqr("L", "N", below, scales, rest, -1)[1][0])
        turned = ormqr("L", "N", below, scales, rest, room)[0]
        first = vectors[0].copy()
        eigenvectors._turn_back(reflectors, scales, vectors)
        np.testing.assert_array_equal(vectors[1:], turned)
        np.testing.assert_array_equal(vectors[0], first)


def test_a_failure_of_lapack_is_told() -> None:
    with pytest.raises(LinAlgError, match="stevd ended with"):
        eigenvectors._take_apart(np.array([1.0, np.nan, 2.0]), np.array([1.0, np.inf]))


@pytest.mark.parametrize("name", ["ssytrd", "dsytrd", "sstevd", "dstevd", "sormqr", "dormqr"])
def test_other_threads_run_while_lapack_works(name: str) -> None:
    # PyDLL's functions, unlike CDLL's, hold Python's lock; both have their flags on the class.
    holding = ctypes.PYFUNCTYPE(None)._flags_
    assert type(eigenvectors._find_lapack(name, 3))._flags_ & holding != holding
