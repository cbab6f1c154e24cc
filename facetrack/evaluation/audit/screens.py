"""A face's screen: which of its group are somebody else, and which groups are the same person.

One screen says at once what dozens of pairs would. Its face is drawn by how much that may tell: the
root of the sum of squares of what each of its items is worth. Groups that are not on the screen
are left to the calibration.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from facetrack.evaluation.audit.belief import Answer
from facetrack.evaluation.audit.frame import BETWEEN, INSIDE, Blocks, Rows
from facetrack.evaluation.audit.questions import Drawing

MOST_FACES, MOST_GROUPS = 24, 12


@dataclass(frozen=True)
class Screen:
    """face: its row. faces: others of its group; groups: others that may be the same person."""

    face: int
    faces: tuple[int, ...]
    groups: tuple[int, ...]


class Screens:
    """The screens of a folder in the order in which they are asked; the same for a seed."""

    def __init__(
        self,
        blocks: Mapping[str, Blocks],
        drawings: Mapping[str, Drawing],
        groups: Rows,
        rank: Rows,
        seed: int,
    ) -> None:
        self._blocks, self._groups, self._rank = blocks, groups, rank
        inside, between = drawings[INSIDE].worth, drawings[BETWEEN].worth
        self._of_face = {int(face): at for at, face in enumerate(blocks[INSIDE].first)}
        near: dict[int, list[tuple[float, int, int]]] = {}
        pairs = blocks[BETWEEN]
        for at in np.argsort(-between, kind="stable").tolist():
            one, other = int(pairs.first[at]), int(pairs.second[at])
            for group, beside in ((one, other), (other, one)):
                if len(of := near.setdefault(group, [])) < MOST_GROUPS:
                    of.append((float(between[at]), beside, at))
        self._near = near
        n_groups = int(groups.max(initial=-1)) + 1
        missed = np.zeros(n_groups)
        for group, found in near.items():
            missed[group] = sum(worth**2 for worth, _, _ in found)
        own = np.bincount(groups[blocks[INSIDE].first], inside**2, n_groups)
        worth = np.sqrt(own + missed)[groups] / np.bincount(groups)[groups]
        random = np.random.default_rng([seed, 3])
        times = random.exponential(size=len(groups)) / np.maximum(worth, 1e-12)
        self.order: Rows = np.argsort(times, kind="stable")

    def make(self, face: int) -> Screen:
        """The screen of a face: those of its group that fit in least, and the likeliest groups."""
        members = np.flatnonzero(self._groups == self._groups[face])
        members = members[np.argsort(-self._rank[members])]
        others = [int(one) for one in members if one != face][:MOST_FACES]
        near = self._near.get(int(self._groups[face]), [])
        return Screen(face, tuple(others), tuple(beside for _, beside, _ in near))

    def read(
        self, screen: Screen, others: Collection[int], same: Collection[int]
    ) -> dict[str, list[Answer]]:
        """What an answer says. others: faces marked as somebody else's; same: groups marked."""
        items = len(screen.faces) + len(screen.groups)
        found: dict[str, list[Answer]] = {INSIDE: [], BETWEEN: []}
        for one in screen.faces:
            worse = max(one, screen.face, key=lambda face: self._rank[face])
            found[INSIDE].append(Answer(self._of_face[worse], one in others, items))
        near = self._near.get(int(self._groups[screen.face]), [])
        for _, beside, block in near:
            found[BETWEEN].append(Answer(block, beside in same, items))
        return found


def list_truth(screen: Screen, people: Rows, members: Sequence[Rows]) -> tuple[set[int], set[int]]:
    """What is so, where people are known: faces of somebody else, and groups mostly of the same."""
    who = people[screen.face]
    others = {face for face in screen.faces if people[face] != who}
    same = {group for group in screen.groups if np.mean(people[members[group]] == who) > 0.5}
    return others, same
