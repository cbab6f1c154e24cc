"""The pairs within a radius are those of the exact formula, however the bound rounds."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from facetrack.clusterer.kernels import bounds, joining
from facetrack.clusterer.kernels.bounds import Search
from facetrack.clusterer.kernels.distances import Floats, scale, square_differences
from facetrack.clusterer.kernels.joining import Groups, join_near

Pairs = list[int]
"""Sorted, each as a single number, since there are a hundred thousand (see `_list`)."""


def _faces(seed: int, n: int = 300, d: int = 24) -> NDArray[np.float64]:
    """Most of what differs is on a few axes, which are not those of the coordinates."""
    random = np.random.RandomState(seed)
    turn = np.linalg.qr(random.normal(size=(d, d)))[0]
    spread = random.normal(size=(n, d)) / np.arange(1, d + 1)
    spread[1::3] = spread[::3][: len(spread[1::3])] + 0.05 * random.normal(size=spread[1::3].shape)
    found: NDArray[np.float64] = spread @ turn + 0.3
    return found


def _unequal(points: Any) -> Floats:
    found: Floats = np.unique(points, axis=0)
    return found


CASES: dict[str, Floats] = {
    "faces": _faces(0),
    "faces in float32": _faces(1).astype(np.float32),
    "unit vectors": _faces(2) / np.linalg.norm(_faces(2), axis=1)[:, None],
    "huge": np.ldexp(_faces(3), 39),
    "tiny": np.ldexp(_faces(4), -39),
    "far from the centre but for one": np.concatenate([_faces(5), np.full((1, 24), 1e4)]),
    "far from 0": _faces(6) + 1e5,
    "in a plane": _faces(7)[:, :2] @ np.random.RandomState(7).normal(size=(2, 24)),
    "on a line": np.arange(250.0)[:, None] * np.ones(20),
    "one axis": _unequal(np.random.RandomState(8).randint(0, 900, (400, 1)) / 8),
    "on a grid": _unequal(np.random.RandomState(9).randint(0, 3, (400, 18)).astype(np.float32)),
    "almost equal": 1 + 1e-15 * np.random.RandomState(10).randint(-9, 9, (200, 20)),
    "almost equal in float32": 1 + 1e-7 * _faces(11).astype(np.float32),
    "fewer than axes": _faces(12, n=20, d=60),
    "two points": _faces(13, n=2),
    "one point": _faces(14, n=1),
    "two clusters": np.concatenate([_faces(15), _faces(15) + 1e6]),
    "squares vanish": np.column_stack([np.ones(200), np.ldexp(np.arange(200.0), -530)] * 9),
}


def _exact(points: Floats, radius: float) -> Pairs:
    first, second = np.triu_indices(len(points), 1)
    near = square_differences(points, points, first, second) <= radius * radius
    return _list(first[near], second[near])


def _list(first: NDArray[np.int64], second: NDArray[np.int64]) -> Pairs:
    found: Pairs = np.sort((np.minimum(first, second) << 32) + np.maximum(first, second)).tolist()
    return found


def _found(search: Search, height: int = 7, pool: ThreadPoolExecutor | None = None) -> Pairs:
    found = [np.empty((2, 0), np.int64)]
    while len(search.left):
        for tile in search.ask(min(height, len(search.left)), 0, pool):
            found.append(np.array([tile.first, tile.second], np.int64))
        search.drop(min(height, len(search.left)))
    return _list(*np.concatenate(found, axis=1))  # with a pair twice it would be no exact one


def _radii(points: Floats) -> list[float]:
    """Radii that are distances, those next to them, and one that holds all."""
    first, second = np.triu_indices(len(points), 1)
    far = np.unique(square_differences(points, points, first, second))
    some = np.sqrt(far[[len(far) // 500, len(far) // 20, len(far) // 2]]) if len(far) else [1.0]
    beside = [np.nextafter(one, to) for one in some for to in (0, np.inf)]
    return [float(one) for one in (*some, *beside, 1e9 * max(some)) if one > 0]


@pytest.mark.parametrize("m", [None, 1, 5])
@pytest.mark.parametrize("case", CASES)
def test_pairs(case: str, m: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    points = CASES[case]
    if m is not None:
        chosen = min(m, points.shape[1])
        monkeypatch.setattr(bounds, "_choose_m", lambda *_: chosen)
    monkeypatch.setattr(bounds, "WIDTH", 64)
    for radius in _radii(points):
        scaled, own, _ = scale(points, radius)
        assert _found(Search(scaled, own)) == _exact(scaled, own)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("radius", [0.0, np.inf], ids=["axes", "none"])
def test_neither_formula_is_off_by_more_than_the_error(
    case: str, dtype: Any, radius: float
) -> None:
    points = CASES[case]
    frame = bounds._find_frame(points, radius)
    assert frame.axes is None or not radius
    first, second = np.triu_indices(len(points), 1)
    exact = square_differences(points, points, first, second)
    with np.errstate(over="ignore"):
        exact = np.ldexp(exact, -2 * frame.exponent)
    for m in sorted({1, points.shape[1] // 2, points.shape[1]} - {0}):
        short, rest = bounds._split(points, frame, m, dtype)
        head = short.copy()
        head[:, :-2] *= -2
        head[:, -2:] = short[:, [-1, -2]]
        bound = (head @ short.T)[first, second]
        assert (bound <= exact + frame.error(dtype)).all()
        apart = short[first, -3] * short[second, -3]
        apart -= np.einsum("ij,ij->i", rest[first], rest[second])
        assert (np.abs(bound + 2 * apart - exact) <= frame.error(dtype)).all()


def test_without_the_error_it_would_be_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    # Otherwise the error is never needed, and the tests above prove nothing.
    points = CASES["on a grid"]
    assert _found(Search(points, 3.0)) == _exact(points, 3.0)
    monkeypatch.setattr(bounds._Frame, "error", lambda *_: 0.0)
    assert _found(Search(points, 3.0)) != _exact(points, 3.0)


def test_the_bound_leaves_few_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    points = _faces(16, n=2000, d=64)
    asked = []
    settle = Search._settle

    def watched(search: Search, row: Any, *rest: Any) -> Any:
        asked.append(len(row))
        return settle(search, row, *rest)

    monkeypatch.setattr(Search, "_settle", watched)
    search = Search(points, 0.4)
    assert search._short.shape[1] < 64
    near = sum(len(tile.first) for tile in search.ask(512, 0, None))
    assert near > 100
    assert sum(asked) < 3 * near


def test_threads_orders_and_dropped_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "_ROWS", 64)
    monkeypatch.setattr(bounds, "WIDTH", 32)
    points = CASES["faces"]
    expected = _exact(points, 0.8)
    with ThreadPoolExecutor(3) as pool:
        assert _found(Search(points, 0.8, pool), 100, pool) == expected
    search = Search(points, 0.8)
    order = np.random.RandomState(0).permutation(len(points))
    search.arrange(order)
    assert search.left.tolist() == order.tolist()
    assert _found(search) == expected
    search = Search(points, 0.8)
    tiles = [tile for start in (0, 40) for tile in _drop(search, 40, start)]
    pairs = {pair for tile in tiles for pair in zip(*map(np.ndarray.tolist, tile[:2]), strict=True)}
    exact = {(pair >> 32, pair & 0xFFFFFFFF) for pair in expected}
    assert {(one, two) for one, two in exact if one < 40} | {
        (one, two) for one, two in exact if 40 <= one < 80 <= two
    } == pairs


def _drop(search: Search, height: int, skipped: int) -> list[bounds.Pairs]:
    found = list(search.ask(height, skipped, None))
    search.drop(height)
    return found


@pytest.mark.parametrize("case", CASES)
def test_squared_distances_are_off_by_less_than_the_error(case: str) -> None:
    points = scale(CASES[case], 1.0).points
    radius = float(np.sqrt(square_differences(points, points, *np.triu_indices(len(points))).max()))
    search = Search(points, radius)
    for first, second, squared in search.ask(len(points), 0, None):
        exact = np.ldexp(square_differences(points, points, first, second), -2 * search.exponent)
        assert (np.abs(squared - exact) <= search.error).all()


def test_points_are_not_changed() -> None:
    points = CASES["faces in float32"].copy()
    before = points.copy()
    points.flags.writeable = False
    _found(Search(points, 0.5))
    np.testing.assert_array_equal(points, before)


@pytest.mark.parametrize("least", [1, 4])
def test_what_hangs_together_is_not_looked_at(least: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (bounds, joining):
        monkeypatch.setattr(module, "HEIGHT", 32)
    looked = []
    look = Search._look

    def watched(search: Search, head: Any, start: int) -> Any:
        looked.append(len(head) * len(search.left[start : start + bounds.WIDTH]))
        return look(search, head, start)

    monkeypatch.setattr(Search, "_look", watched)
    n = 600
    groups = Groups(np.ones(n, np.int64), least, mutual=True)
    join_near(_faces(17, n=n), 1e3, groups)
    assert groups.core.all()
    assert len(set(groups.pieces.tolist())) == 1
    assert sum(looked) == joining._FIRST * n  # the first rows find all
    looked.clear()
    groups = Groups(np.ones(n, np.int64), least, mutual=True)
    apart = _faces(17, n=n)
    apart[-2:] += [[1e6], [2e6]]
    join_near(apart, 1e3, groups)
    assert len(set(groups.pieces.tolist())) == 3
    assert sum(looked) < (joining._FIRST + 2) * n  # then none asks but who is in no piece
    looked.clear()
    groups = Groups(np.ones(2 * n, np.int64), least, mutual=True)
    two = np.concatenate([_faces(17, n=n), _faces(17, n=n) + 1e6])
    join_near(two, 1e3, groups)
    assert len(set(groups.pieces[:n].tolist())) == len(set(groups.pieces[n:].tolist())) == 1
    assert groups.pieces[0] != groups.pieces[n]
    assert sum(looked) < 1.2 * n * n  # one with the other, once; all pairs are twice as many


def test_few_pairs_wait() -> None:
    # A star of near points: each but the middle one has fewer around it than make a core point.
    n = 50
    groups = Groups(np.ones(n, np.int64), 4, mutual=True)
    for other in range(1, n):
        groups.add(np.array([0]), np.array([other]))
    borders = groups.find_borders()
    assert groups.core.tolist() == [True] + [False] * (n - 1)
    assert borders.tolist() == [list(range(1, n)), [0] * (n - 1)]
    one_way = Groups(np.ones(n, np.int64), 4, mutual=False)
    one_way.add(np.zeros(n - 1, np.int64), np.arange(1, n))
    assert one_way.core[0] or one_way.find_borders().shape == (2, 0)
