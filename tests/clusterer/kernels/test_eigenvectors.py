import numpy as np
import pytest
from scipy.linalg import eigh, get_lapack_funcs
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
@pytest.mark.parametrize("n", [1, 2, 3, 57, 300])
def test_the_reduction_is_scipys_to_the_last_bit(n: int, dtype: type) -> None:
    random: np.ndarray = np.random.RandomState(n).rand(n, n).astype(dtype)
    matrix = np.asfortranarray(random + random.T)
    sytrd, sytrd_lwork = get_lapack_funcs(("sytrd", "sytrd_lwork"), (matrix,))
    room, _ = sytrd_lwork(n, lower=1)
    expected = sytrd(matrix, lower=1, lwork=int(room))
    for one, other in zip(eigenvectors._reduce(matrix.copy(order="F")), expected, strict=True):
        np.testing.assert_array_equal(one, other)
