"""What is around places is found for each as the exact formula has it, whatever the groups."""

import numpy as np
import pytest
from numpy.typing import NDArray
from test_bounds import CASES

from facetrack.clusterer.kernels import shells
from facetrack.clusterer.kernels.distances import Floats, scale, square_differences
from facetrack.clusterer.kernels.shells import Shells


def _find(points: Floats, places: Floats, radius: float) -> NDArray[np.bool_]:
    found = np.zeros((len(places), len(points)), bool)
    told = np.zeros(len(places), bool)
    for some, inside, shell, near in Shells(points).look_around(places, radius):
        found[some] = inside
        found[np.ix_(some, shell)] = near
        told[some] = True
    assert told.all()
    return found


def _exact(points: Floats, places: Floats, radius: float) -> NDArray[np.bool_]:
    every = np.indices((len(places), len(points))).reshape(2, -1)
    squared = square_differences(places, points, *every)
    near: NDArray[np.bool_] = (squared <= radius * radius).reshape(len(places), len(points))
    return near


@pytest.mark.parametrize("case", sorted({*CASES} - {"squares vanish"}))  # not for `Points`
@pytest.mark.parametrize("size", [3, 64])
def test_the_points_around_places(case: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shells, "_SIZE", size)
    points = scale(CASES[case], 1.0).points
    random = np.random.RandomState(0)
    # Points themselves, and means that are ever closer to each other.
    drawn = random.randint(0, len(points), (40, 5))
    means = points[drawn].mean(axis=1, dtype=np.float64)
    middle = means.mean(axis=0)
    places = np.concatenate([points[:20], means, middle + 0.1 * (means - middle)])
    squared = square_differences(
        places, points, *np.indices((len(places), len(points))).reshape(2, -1)
    )
    far = np.unique(squared)
    for radius in np.sqrt(far[[len(far) // 20, len(far) // 3, len(far) // 2, -1]]):
        np.testing.assert_array_equal(
            _find(points, places, float(radius)), _exact(points, places, float(radius))
        )


def test_close_places_are_compared_with_few_points(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.RandomState(1)
    points = random.normal(size=(500, 6))
    places = np.tile(random.normal(size=(2, 6)), (64, 1))
    places += 1e-3 * random.normal(size=places.shape)
    shell = [len(one.shell) for one in Shells(points).look_around(places, 2.0)]
    assert sum(shell) < 0.1 * len(shell) * len(points)
    np.testing.assert_array_equal(_find(points, places, 2.0), _exact(points, places, 2.0))
