"""Which answers are worth most: pairs of faces to ask the user about, "the same person?".

| kind | asked                                         | a change, where the answer is | of faces  |
|------|-----------------------------------------------|-------------------------------|-----------|
| join | are these two persons one, or is that unknown | yes                           | the fewer |
|      | face this person's                            |                               |           |
| part | do the two most different parts of this       | no                            | the fewer |
|      | person belong together                        |                               |           |

The worth of a question is how many faces its answer is expected to move: how likely it changes
something, times the faces. Both kinds have a prior of their own, the share of right pairs among all
such pairs by their distances (`estimate_prior`): pairs of one group are far more often one person
than pairs of the folder are. Of equal worth, the least sure is asked first. The two parts of a
person are the last two that average linkage joins.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist

from facetrack.core.likelihood import estimate_prior, find_pair_sharpness, find_probability
from facetrack.organiser.album import Album
from facetrack.organiser.grouping import NOBODY, Numbers

JOIN, PART = "join", "part"
WORTH = 0.05
"""Faces that an answer must be expected to move to be worth asking for."""

_BLOCK = 2**23  # distances at once
_MOST_PARTED = 1500  # faces of a person that average linkage parts
_LEAST_LIKELY = 0.002
_REACH = 1.3  # radii within which the means of two units may be one person's

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Question:
    """Two faces of whom the user is asked whether they are one person.

    kind: JOIN or PART. first, second: rows of faces. sides: rows of all that the answer is about.
    distance: between the sides. likely: that they are one person. worth: in faces.
    """

    kind: str
    first: int
    second: int
    sides: tuple[Numbers, Numbers]
    distance: float
    likely: float
    worth: float

    @property
    def moved(self) -> int:
        """How many faces an answer may join or part."""
        return min(len(side) for side in self.sides)


@dataclass(frozen=True)
class _Units:
    """Persons, and unknown faces as persons of one face.

    rows: of each unit's faces. means: (u, d); spread: (u,) mean squared distance from the mean.
    sharp: (u,) median sharpness.
    """

    rows: list[Numbers]
    means: Floats
    spread: Floats
    sharp: NDArray[np.float32]


class Questions:
    """What to ask about an album; made anew when it has changed."""

    def __init__(self, album: Album) -> None:
        """Find all pairs that may be worth a question; nothing where distances say nothing."""
        self._album = album
        self._all: list[Question] = []
        if album.odds is not None and len(album.persons):
            units = _make_units(album)
            found = [*_ask_joins(album, units), *_ask_parts(album, units)]
            self._all = sorted(found, key=lambda one: (-one.worth, abs(one.likely - 0.5)))

    def list(self, answered: Iterable[frozenset[str]]) -> list[Question]:
        """All that may be asked, the most valuable first. answered: pairs of face ids, by then."""
        done, album = set(answered), self._album
        return [
            one
            for one in self._all
            if frozenset((album.face_id(one.first), album.face_id(one.second))) not in done
        ]


def count_worth(questions: Iterable[Question]) -> int:
    """How many questions are worth asking."""
    return sum(one.worth >= WORTH for one in questions)


def _make_units(album: Album) -> _Units:
    persons = np.where(album.known, album.persons, -2)
    order = np.argsort(persons, kind="stable")
    order = order[persons[order] > NOBODY]
    starts = np.flatnonzero(np.diff(persons[order], prepend=-2))
    groups = np.split(order, starts[1:]) if len(order) else []
    shown = [rows for rows in groups if int(persons[rows[0]]) not in album.hidden]
    low = album.photos.low
    alone = [np.array([row]) for row in np.flatnonzero((persons == NOBODY) & ~low).tolist()]
    rows = [*shown, *alone]
    d = album.photos.vectors.shape[1]
    means = np.array(
        [album.photos.vectors[one].mean(axis=0, dtype=np.float64) for one in rows]
    ).reshape(-1, d)
    squares = (album.photos.vectors.astype(np.float64) ** 2).sum(axis=1)
    spread = np.array([squares[one].mean() for one in rows]) - (means**2).sum(axis=1)
    sharpness = album.photos.sharpness
    sharp = np.array([_find_median(sharpness[one]) for one in rows], np.float32)
    return _Units(rows, means, np.maximum(spread, 0), sharp)


def _find_median(values: NDArray[np.float32]) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else np.nan


def _ask_joins(album: Album, units: _Units) -> list[Question]:
    """Pairs of units that may be one person: near, on no photo together, not told apart."""
    pairs = _find_near(units, _REACH * album.near)
    if not len(pairs):
        return []
    first, second = pairs.T
    squares = ((units.means[first] - units.means[second]) ** 2).sum(axis=1)
    distances = np.sqrt(squares + units.spread[first] + units.spread[second])
    sharp = find_pair_sharpness(units.sharp[first], units.sharp[second])
    likely = _judge(album, distances, sharp)
    contents = album.photos.contents
    on = [{contents[row] for row in rows.tolist()} for rows in units.rows]
    found = []
    for at in np.flatnonzero(likely >= _LEAST_LIKELY).tolist():
        one, other = int(first[at]), int(second[at])
        if not on[one].isdisjoint(on[other]) or _are_apart(album, units, one, other):
            continue
        sides = units.rows[one], units.rows[other]
        worth = float(likely[at]) * min(len(sides[0]), len(sides[1]))
        shown = [_find_middle(album, side) for side in sides]
        question = Question(JOIN, *shown, sides, float(distances[at]), float(likely[at]), worth)
        found.append(question)
    return found


def _find_near(units: _Units, radius: float) -> NDArray[np.int64]:
    """(m, 2) pairs of units whose means are within a radius, the first before the second."""
    means, n = units.means, len(units.rows)
    squares = (means**2).sum(axis=1)
    step = max(1, _BLOCK // max(n, 1))
    found = []
    for start in range(0, n, step):
        block = means[start : start + step]
        away = squares[start : start + step, None] + squares - 2 * block @ means.T
        one, other = np.nonzero(away < radius**2)
        keep = other > one + start
        found.append(np.stack([one[keep] + start, other[keep]], axis=1))
    return np.concatenate(found) if found else np.zeros((0, 2), np.int64)


def _are_apart(album: Album, units: _Units, one: int, other: int) -> bool:
    """Whether the user has said that two units are two people."""
    persons = [int(album.persons[units.rows[unit][0]]) for unit in (one, other)]
    if NOBODY not in persons:
        return frozenset(persons) in album.apart
    for unit, person in ((one, persons[1]), (other, persons[0])):
        key = album.photos.keys[int(units.rows[unit][0])]
        if person != NOBODY and (key, person) in album.barred:
            return True
    return False


def _ask_parts(album: Album, units: _Units) -> list[Question]:
    """The two most different parts of each person."""
    found: list[Question] = []
    sharp: list[float] = []
    for rows in units.rows:
        if len(rows) < 2:
            continue
        sides = _part(album, rows)
        vectors = [album.photos.vectors[side].astype(np.float64) for side in sides]
        means = [one.mean(axis=0) for one in vectors]
        spread = sum(
            float(((one - mean) ** 2).sum(axis=1).mean())
            for one, mean in zip(vectors, means, strict=True)
        )
        distance = float(np.sqrt(((means[0] - means[1]) ** 2).sum() + spread))
        shown = [_find_middle(album, side) for side in sides]
        found.append(Question(PART, *shown, sides, distance, 0.0, 0.0))
        blurs = [_find_median(album.photos.sharpness[side]) for side in sides]
        sharp.append(float(find_pair_sharpness(np.float64(blurs[0]), np.float64(blurs[1]))))
    if not found:
        return []
    likely = _judge(album, np.array([one.distance for one in found]), np.array(sharp))
    return [
        replace(one, likely=float(same), worth=float(1 - same) * one.moved)
        for one, same in zip(found, likely, strict=True)
        if 1 - same >= _LEAST_LIKELY
    ]


def _part(album: Album, rows: Numbers) -> tuple[Numbers, Numbers]:
    """A person's faces in two parts, the larger first: the last that average linkage joins.

    Of very many faces the one that is furthest from the middle, and the rest.
    """
    vectors = album.photos.vectors[rows].astype(np.float64)
    if len(rows) > _MOST_PARTED:
        away = ((vectors - vectors.mean(axis=0)) ** 2).sum(axis=1)
        part = np.arange(len(rows)) == away.argmax()
    else:
        part = fcluster(linkage(pdist(vectors), "average"), 2, "maxclust") == 1
    sides = rows[part], rows[~part]
    if not len(sides[0]) or not len(sides[1]):  # equal faces: any of them
        sides = rows[:-1], rows[-1:]
    return (sides[0], sides[1]) if len(sides[0]) >= len(sides[1]) else (sides[1], sides[0])


def _find_middle(album: Album, rows: Numbers) -> int:
    """The face that stands for some, the nearest to their middle."""
    vectors = album.photos.vectors[rows]
    away = ((vectors - vectors.mean(axis=0)) ** 2).sum(axis=1)
    return int(rows[away.argmin()])


def _judge(album: Album, distances: Floats, sharp: NDArray[np.floating]) -> Floats:
    """How likely pairs of a kind are one person, with the prior of that kind. (m,) each."""
    assert album.odds is not None
    ratios = album.odds.ratios
    prior = estimate_prior(ratios, distances, sharp)
    return find_probability(ratios, distances, float(np.clip(prior, 0.01, 0.99)), sharp)
