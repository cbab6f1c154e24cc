"""Distances of strangers, and the radii that follow from them."""

import math

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from facetrack.core.errors import UserError
from facetrack.core.scale import Scale

TABLE = ((1e-6, 0.2), (1e-4, 0.3), (1e-2, 0.5))
SCALE = Scale(0.25, TABLE, 0.1)


def test_the_table_is_met_and_between_its_shares_their_logarithm_counts() -> None:
    assert [SCALE.find_distance(share) for share, _ in TABLE] == [0.2, 0.3, 0.5]
    assert SCALE.find_distance(1e-5) == 0.25
    assert SCALE.find_distance(1e-3) == 0.4


def test_beyond_the_table_the_last_line_goes_on_but_no_distance_vanishes() -> None:
    assert SCALE.find_distance(1e-7) == pytest.approx(0.15)
    assert SCALE.find_distance(0.1) == pytest.approx(0.6)
    assert SCALE.find_distance(1e-60) == 0.1


def test_so_many_strangers_are_expected_within_the_radius() -> None:
    # On a circle of length 1 a share s of all pairs is within s / 2 of each other.
    table = tuple((share, share / 2) for share in np.geomspace(1e-6, 1e-2, 4000))
    n = 2000
    scale = Scale(None, table, false_neighbors=0.8)
    radius = scale.find_distance_for(n)
    points = np.random.default_rng(0).random(n)
    apart = cdist(points[:, None], points[:, None])
    apart = np.minimum(apart, 1 - apart)
    found = (np.count_nonzero(apart < radius) - n) / n
    assert found == pytest.approx(0.8, abs=4 * math.sqrt(0.8 / n))


def test_the_more_faces_the_smaller_the_radius_within_what_is_measured() -> None:
    radii = [SCALE.find_distance_for(n) for n in (1, 200, 1000, 10_000, 100_000, 10_000_000)]
    assert radii[0] == radii[1] == SCALE.find_distance(5e-4)
    assert radii[1:5] == sorted(radii[1:5], reverse=True)
    assert radii[2] == SCALE.find_distance(0.1 / 1000)
    assert radii[4] == radii[5] == 0.2


def test_what_is_not_measured_is_taken_from_the_radius() -> None:
    guessed, twice = Scale(0.3), Scale(0.6)
    for share, measured in ((1e-5, 0.308), (1e-4, 0.344), (1e-3, 0.384)):
        assert guessed.find_distance(share) == pytest.approx(measured, rel=0.07)  # dlib's
        assert twice.find_distance(share) == pytest.approx(2 * guessed.find_distance(share))
    with pytest.raises(ValueError, match="neither the radius"):
        Scale(None).find_distance(1e-4)


def test_it_is_read_from_an_embedders_settings() -> None:
    read = Scale.read({"radius": 1, "strangers": [[1e-4, 0.3], [1e-3, 0.4]], "batch": 3})
    assert read == Scale(1.0, ((1e-4, 0.3), (1e-3, 0.4)), 0.1)
    assert Scale.read({"radius": None, "strangers": None}) == Scale(None)


@pytest.mark.parametrize(
    "strangers",
    [
        3,
        "abc",
        [],
        [[1e-4, 0.3]],
        [[1e-4, 0.3], [1e-3]],
        [[1e-4, 0.3], [1e-5, 0.4]],
        [[1e-4, 0.3], [1e-3, 0.3]],
        [[0, 0.3], [1e-3, 0.4]],
        [[1e-4, 0], [1e-3, 0.4]],
        [[1e-4, 0.3], [1, 0.4]],
        [[1e-4, math.nan], [1e-3, 0.4]],
    ],
)
def test_distances_that_cannot_be_are_refused(strangers: object) -> None:
    with pytest.raises(UserError, match=r"embedder.strangers is a list of pairs.*; got "):
        Scale.read({"radius": 1, "strangers": strangers})


@pytest.mark.parametrize("value", [0, -1, True, "a", math.inf])
def test_false_neighbors_that_cannot_be_are_refused(value: object) -> None:
    with pytest.raises(UserError, match=r"embedder.false_neighbors is how many strangers"):
        Scale.read({"radius": 1, "false_neighbors": value})
