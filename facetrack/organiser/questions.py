"""Which answers are worth most: pairs of faces to ask the user about, "the same person?".

| kind | asked                                         | a change, where the answer is | of faces  |
|------|-----------------------------------------------|-------------------------------|-----------|
| join | are these two persons one, or is that unknown | yes                           | the fewer |
|      | face this person's                            |                               |           |
| part | do the two most different parts of this       | no                            | the fewer |
|      | person belong together                        |                               |           |

The worth of a question is how many faces its answer is expected to move: how likely it changes
something, times the faces. Whether two persons are one has the folder's prior, as on index.html
(lookalikes.py says how right that is). Parts of one person have a prior of their own, the share of
right pairs among all such pairs by their distances (`estimate_prior`): they are far more often one
person than pairs of the folder are. Of equal worth, the least sure is asked first. The two parts of
a person are the last two that average linkage joins.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facetrack.core.likelihood import estimate_prior, find_probability
from facetrack.organiser.album import Album
from facetrack.organiser.grouping import NOBODY, Numbers
from facetrack.organiser.question_pairs import (
    Pairs,
    Units,
    find_joins,
    find_middle,
    find_parts,
    share_photo,
)

JOIN, PART = "join", "part"
WORTH = 0.05
"""Faces that an answer must be expected to move to be worth asking for."""

_MOST = 3000  # joins that are kept; nobody answers more in one go
_LEAST = 2e-3  # faces that an answer must be expected to move to be asked for at all
_LEAST_LIKELY = 2e-3

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Question:
    """Two faces of whom the user is asked whether they are one person.

    kind: JOIN or PART. first, second: rows of faces; pair: their ids. sides: rows of all that the
    answer is about. distance: between the sides. likely: that they are one person. worth: in faces.
    """

    kind: str
    first: int
    second: int
    pair: frozenset[str]
    sides: tuple[Numbers, Numbers]
    distance: float
    likely: float
    worth: float

    @property
    def moved(self) -> int:
        """How many faces an answer may join or part."""
        return min(len(side) for side in self.sides)


class Questions:
    """What to ask about an album; `update` keeps it true when faces have moved."""

    def __init__(self, album: Album) -> None:
        """Find what may be worth a question; nothing where distances say nothing."""
        self._album, self._units = album, Units(album)
        self._all: list[Question] = []
        self._priors: dict[str, float] = {}
        if album.odds is not None:
            self._add(np.arange(len(album.persons)))

    def update(self, rows: Numbers) -> None:
        """Faces have come to other persons. rows: (k,) theirs."""
        if self._album.odds is None or not len(rows):
            return
        # Whoever has lost faces, and whoever has got some.
        units = self._units
        old = np.unique(units.of[rows])
        touched = [units.rows[unit] for unit in old[old >= 0].tolist()]
        persons = np.unique(self._album.persons[rows])
        touched += [self._album.faces_of(one) for one in persons[persons > NOBODY].tolist()]
        self._add(np.unique(np.concatenate([rows, *touched])))

    def rank(self, answered: set[frozenset[str]]) -> Iterator[Question]:
        """All that may be asked, the most valuable first. answered: pairs of face ids, by then."""
        album = self._album
        apart, hidden = album.apart, album.hidden
        for one in self._all:
            if one.pair in answered:
                continue
            persons = [int(album.persons[side[0]]) for side in one.sides]
            if not hidden.isdisjoint(persons):
                continue
            if one.kind == PART or not self._are_apart(one, persons, apart):
                yield one

    def _add(self, faces: Numbers) -> None:
        """Ask about some faces as they are now, and no more as they were."""
        units = self._units
        gone = set(faces.tolist())
        self._all = [one for one in self._all if not gone & {one.first, one.second}]
        new = units.renew(faces)
        parts = find_parts(units, new)
        assert self._album.odds is not None
        if not self._priors:
            self._priors = {JOIN: self._album.odds.prior, PART: self._estimate_prior(parts)}
        joins = find_joins(units, new, self._find_reach())
        self._all += [*self._ask_some(JOIN, joins), *self._ask_some(PART, parts)]
        self._all.sort(key=lambda one: (-one.worth, abs(one.likely - 0.5)))

    def _ask_some(self, kind: str, pairs: Pairs) -> Iterator[Question]:
        """Questions about the most valuable of some pairs."""
        if not len(pairs.distances):
            return
        assert self._album.odds is not None
        ratios = self._album.odds.ratios
        likely = find_probability(ratios, pairs.distances, self._priors[kind], pairs.sharp)
        changing = likely if kind == JOIN else 1 - likely
        worth = changing * pairs.moved
        order = np.argsort(-worth, kind="stable")
        order = order[: _MOST if kind == JOIN else int((worth >= _LEAST).sum())]
        vectors = self._album.photos.vectors
        for at in order.tolist():
            sides = pairs.sides(at)
            if kind == JOIN and share_photo(self._album, sides):
                continue
            first, second = (find_middle(vectors, side) for side in sides)
            pair = frozenset((self._album.face_id(first), self._album.face_id(second)))
            distance = float(pairs.distances[at])
            yield Question(
                kind, first, second, pair, sides, distance, float(likely[at]), float(worth[at])
            )

    def _estimate_prior(self, pairs: Pairs) -> float:
        """The share of right pairs among some, at least one of them and never all."""
        assert self._album.odds is not None
        n = len(pairs.distances)
        if not n:
            return 0.5
        prior = estimate_prior(self._album.odds.ratios, pairs.distances, pairs.sharp)
        return float(np.clip(prior, 1 / (n + 1), n / (n + 1)))

    def _find_reach(self) -> float:
        """How far apart two units may be to be asked about."""
        assert self._album.odds is not None
        distances = np.arange(0, 2, 0.002)
        likely = find_probability(self._album.odds.ratios, distances, self._priors[JOIN])
        return float(distances[likely >= _LEAST_LIKELY].max(initial=0))

    def _are_apart(self, one: Question, persons: list[int], apart: set[frozenset[int]]) -> bool:
        """Whether the user has said that two sides are two people."""
        if NOBODY not in persons:
            return frozenset(persons) in apart
        keys = self._album.photos.keys
        return any(
            (keys[side[0]], person) in self._album.barred
            for side, person in zip(one.sides, persons[::-1], strict=True)
        )


def count_worth(questions: Iterable[Question]) -> int:
    """How many questions are worth asking."""
    return sum(one.worth >= WORTH for one in questions)
