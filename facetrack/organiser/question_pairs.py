"""Pairs that questions may be asked about: units that may be one, parts of units that may be two.

A unit is a person, or a face in no group as a person of one face. Those that have changed are dead,
and new ones take their place, so that an answer makes work for what it has changed only.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist

from facetrack.core.faces import Vectors
from facetrack.organiser.album import Album
from facetrack.organiser.grouping import NOBODY, Numbers

_BLOCK = 2**21  # distances at once: 16 MB
_MOST_PARTED = 1500  # faces of a person that average linkage parts

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pairs:
    """Pairs of sides: distances (m,) between them, sharp (m,) of the less sharp one, moved (m,) the
    faces of the smaller one; sides: gives the rows of both.
    """

    distances: Floats
    sharp: Floats
    moved: Numbers
    sides: Callable[[int], tuple[Numbers, Numbers]]


@dataclass
class Units:
    """Units of an album.

    of: (n,) the unit of each face, -1 for none. rows: of each unit's faces. means: (u, d) float32;
    spread: (u,) mean squared distance from the mean; sharp: (u,) median sharpness; alive: (u,)
    whether it is there yet.
    """

    album: Album
    of: Numbers = field(init=False)
    rows: list[Numbers] = field(default_factory=list)
    means: NDArray[np.float32] = field(init=False)
    spread: Floats = field(default_factory=lambda: np.zeros(0))
    sharp: Floats = field(default_factory=lambda: np.zeros(0))
    alive: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))

    def __post_init__(self) -> None:
        """There are none yet."""
        self.of = np.full(len(self.album.persons), -1, np.int64)
        self.means = np.zeros((0, self.album.photos.vectors.shape[1]), np.float32)

    def renew(self, faces: Numbers) -> Numbers:
        """Make units of some faces as they are now; returns their indices.

        faces: rows; of persons all.
        """
        self.alive[np.unique(self.of[faces[self.of[faces] >= 0]])] = False
        self.of[faces] = -1
        groups = self._group(faces)
        new = np.arange(len(self.rows), len(self.rows) + len(groups))
        means = np.zeros((len(groups), self.means.shape[1]), np.float32)
        spread, sharp = np.zeros(len(groups)), np.zeros(len(groups))
        for at, rows in enumerate(groups):
            some = self.album.photos.vectors[rows].astype(np.float64)
            mean = some.mean(axis=0)
            means[at] = mean
            spread[at] = max(float((some**2).sum(axis=1).mean() - mean @ mean), 0.0)
            sharp[at] = find_median(self.album.sharpness[rows])
            self.of[rows] = new[at]
        self.rows += groups
        self.means = np.concatenate([self.means, means])
        self.spread = np.concatenate([self.spread, spread])
        self.sharp = np.concatenate([self.sharp, sharp])
        self.alive = np.concatenate([self.alive, np.ones(len(groups), dtype=bool)])
        return new

    def _group(self, faces: Numbers) -> list[Numbers]:
        """Faces as units: those of persons together; what is too blurred asks nothing alone."""
        album = self.album
        faces = faces[album.known[faces] & (album.persons[faces] >= NOBODY)]
        persons = album.persons[faces]
        alone = faces[(persons == NOBODY) & ~album.low[faces]]
        order = np.argsort(persons, kind="stable")
        order = order[persons[order] > NOBODY]
        starts = np.flatnonzero(np.diff(persons[order])) + 1
        groups = np.split(faces[order], starts) if len(order) else []
        return [*groups, *alone[:, None]]


def find_joins(units: Units, new: Numbers, reach: float) -> Pairs:
    """Pairs of units that may be one person.

    new: units, whose pairs with all others are looked at. reach: pairs further apart are left out.
    """
    found = [np.zeros((2, 0), np.int64)]
    for some, away in _measure_all(units, new):
        first, second = np.nonzero(away < reach)
        found.append(np.stack([some[first], second]))
    first, second = np.concatenate(found, axis=1)
    sizes = np.array([len(rows) for rows in units.rows], np.int64)
    return Pairs(
        _measure(units, first, second),
        np.fmin(units.sharp[first], units.sharp[second]),
        np.minimum(sizes[first], sizes[second]),
        lambda at: (units.rows[first[at]], units.rows[second[at]]),
    )


def _measure_all(units: Units, new: Numbers) -> Iterator[tuple[Numbers, NDArray[np.floating[Any]]]]:
    """Some of the new units after others, and their distances from all; each pair of two once.

    What is no pair, or none any more, is infinitely far apart.
    """
    squares = np.einsum("ij,ij->i", units.means, units.means) + units.spread.astype(np.float32)
    is_new = np.zeros(len(units.rows), dtype=bool)
    is_new[new] = True
    everyone = np.arange(len(units.rows))
    step = max(1, _BLOCK // max(1, len(units.rows)))
    for start in range(0, len(new), step):
        some = new[start : start + step]
        away = units.means[some] @ units.means.T
        away *= -2
        away += squares[some, None]
        away += squares
        np.sqrt(np.maximum(away, 0, out=away), out=away)
        away[:, ~units.alive] = np.inf
        away[is_new & (everyone >= some[:, None])] = np.inf
        yield some, away


def _measure(units: Units, first: Numbers, second: Numbers) -> Floats:
    """The root of the mean square of the distances between two units' faces."""
    found = np.zeros(len(first))
    for start in range(0, len(first), 2**16):
        one, other = first[start : start + 2**16], second[start : start + 2**16]
        apart = units.means[one].astype(np.float64) - units.means[other]
        squares = np.einsum("ij,ij->i", apart, apart)
        found[start : start + 2**16] = squares + units.spread[one] + units.spread[other]
    return np.sqrt(found)


def share_photo(album: Album, sides: tuple[Numbers, Numbers]) -> bool:
    """Whether both sides are on a photo together."""
    on = [{album.photos.contents[row] for row in side.tolist()} for side in sides]
    return not on[0].isdisjoint(on[1])


def find_parts(units: Units, new: Numbers) -> Pairs:
    """The two most different parts of each of some units of several faces."""
    album = units.album
    vectors, sharpness = album.photos.vectors, album.sharpness
    groups = [units.rows[one] for one in new.tolist()]
    sides = [_part(vectors, rows) for rows in groups if len(rows) > 1]
    sharp = [[find_median(sharpness[side]) for side in both] for both in sides]
    return Pairs(
        np.array([measure_sides(vectors, both) for both in sides]),
        np.fmin.reduce(np.array(sharp).reshape(-1, 2), axis=1),
        np.array([len(both[1]) for both in sides], np.int64),
        sides.__getitem__,
    )


def measure_sides(vectors: Vectors, sides: tuple[Numbers, Numbers]) -> float:
    """The root of the mean square of the distances between two sides' faces."""
    one, other = (vectors[side].astype(np.float64) for side in sides)
    square = (one**2).sum(axis=1).mean() + (other**2).sum(axis=1).mean()
    return float(np.sqrt(max(square - 2 * one.mean(axis=0) @ other.mean(axis=0), 0)))


def _part(vectors: Vectors, rows: Numbers) -> tuple[Numbers, Numbers]:
    """A person's faces in two parts, the larger first: the last that average linkage joins.

    Of very many faces the one that is furthest from the middle, and the rest.
    """
    some = vectors[rows].astype(np.float64)
    if len(rows) > _MOST_PARTED:
        away = ((some - some.mean(axis=0)) ** 2).sum(axis=1)
        part = np.arange(len(rows)) == away.argmax()
    else:
        part = fcluster(linkage(pdist(some), "average"), 2, "maxclust") == 1
    if part.all() or not part.any():  # equal faces: any of them
        part = np.arange(len(rows)) == 0
    sides = rows[part], rows[~part]
    return sides if len(sides[0]) >= len(sides[1]) else sides[::-1]


def find_middle(vectors: Vectors, rows: Numbers) -> int:
    """The face that stands for some, the nearest to their middle."""
    some = vectors[rows]
    away = ((some - some.mean(axis=0)) ** 2).sum(axis=1)
    return int(rows[away.argmin()])


def find_median(values: NDArray[np.float32]) -> float:
    """Of what is known; NaN where nothing is."""
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else np.nan
