"""How often a clusterer would put two faces of one photo together, and what is said of it."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from facetrack.clusterer import DBSCAN, Infomap
from facetrack.core.faces import Vectors
from facetrack.core.scale import Scale
from facetrack.detector import Haar
from facetrack.embedder import DlibResNet
from facetrack.evaluation.impossible import ImpossiblePairs
from facetrack.organiser import photo_pairs
from facetrack.organiser.groups import Clusterer, Grouping, Groups, group_faces
from facetrack.organiser.people import Corrections
from facetrack.organiser.photos import Photos, Stages
from facetrack.organiser.state import State

_NATURAL = 0.3


def _pictures(n: int, alike: int) -> Photos:
    """Photos with two faces each, 0.5 from each other, of which so many are 0.2 apart only."""
    apart = np.where(np.arange(n) < alike, 0.2, 0.5)
    faces = np.zeros((n, 2, n + 1))
    faces[np.arange(n), :, np.arange(n)] = 9  # photos are far from each other
    faces[:, 1, n] = apart
    contents = [f"{photo:03}" for photo in range(n) for _ in range(2)]
    return Photos(
        faces.reshape(2 * n, n + 1).astype(np.float32),
        np.zeros((2 * n, 4), dtype=np.int64),
        np.full(2 * n, np.nan, np.float32),
        contents,
        [f"{content}:{place}" for place, content in enumerate(contents)],
        *({}, {}, [], [], {}, [], [], [], n),
    )


def _group(estimator: Any, photos: Photos) -> Groups:
    stages = Stages(Haar(), DlibResNet(), "local", Scale(_NATURAL))
    clusterer = Clusterer("any", {}, lambda: estimator, radius_is_given=True)
    how = Grouping(stages, clusterer)
    return group_faces(how, estimator, photos, State(), State(), Corrections())


def test_the_rate_is_that_of_the_method_without_its_constraint() -> None:
    photos = _pictures(120, alike=3)
    groups = _group(Infomap(0.34), photos)
    assert groups.mistaken == ImpossiblePairs(n_pairs=120, n_together=3)
    # With it none of them is together: every face is alone, which is nobody.
    assert groups.numbers.tolist() == [0] * 240


def test_a_method_without_a_constraint_is_taken_apart_afterwards() -> None:
    photos = _pictures(120, alike=3)
    # Ties of less than 0.8 radii hold: at 0.3 faces 0.2 apart stay together, at 0.22 they do not.
    for radius, persons in ((0.3, 3), (0.22, 0)):
        groups = _group(DBSCAN(radius, min_samples=1), photos)
        assert groups.mistaken == ImpossiblePairs(n_pairs=120, n_together=3)
        assert groups.numbers.max() == persons


def test_faces_as_good_as_equal_stay_together_and_do_not_count() -> None:
    photos = _pictures(120, alike=3)
    groups = _group(Infomap(0.42), photos)  # half of it is 0.21
    assert groups.mistaken == ImpossiblePairs(n_pairs=117, n_together=0)
    assert np.bincount(groups.numbers).tolist() == [234, 2, 2, 2]


def test_of_few_pairs_nothing_is_said() -> None:
    assert _group(Infomap(0.34), _pictures(99, alike=3)).mistaken is None
    # Enough of them, too many of which are as good as equal.
    assert _group(Infomap(0.42), _pictures(101, alike=2)).mistaken is None
    crowd = dataclasses.replace(_pictures(100, alike=0), contents=["one"] * 15 + list("x" * 185))
    assert photo_pairs.are_enough(crowd.contents[:15])
    assert not photo_pairs.are_enough(crowd.contents[:14])


def test_a_method_is_clustered_once_where_no_photo_has_two_faces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[NDArray[np.int64] | None] = []
    fit = Infomap.fit

    def noted(self: Infomap, X: Vectors, y: object = None, photos: Any = None) -> Infomap:
        told.append(photos)
        return fit(self, X, y, photos)

    monkeypatch.setattr(Infomap, "fit", noted)
    single = dataclasses.replace(
        _pictures(120, alike=3), contents=[str(place) for place in range(240)]
    )
    _group(Infomap(0.34), single)
    assert [one is None for one in told] == [False]
    _group(Infomap(0.34), _pictures(120, alike=3))
    assert [one is None for one in told] == [False, False, True]


def test_it_is_told_in_plain_words() -> None:
    told = photo_pairs.tell(ImpossiblePairs(1234, 7), "infomap")
    assert "infomap would take 7 of 1,234 pairs of faces on one photo for one person" in told
    assert "(0.57 %)" in told
    assert "two people who appear together" in told
    assert "(none)" in photo_pairs.tell(ImpossiblePairs(1234, 0), "infomap")
