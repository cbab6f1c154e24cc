"""What is asked: pairs of faces, drawn by how much an answer may tell.

Blocks are drawn without replacement, with a chance in proportion to their weight and the standard
deviation of what is believed of them before any answer: sqrt(p (1 - p)). They are in five strata
of equal such sums, from the surest to the least likely mistakes, which take turns, so that a few
questions are spread over all of them. Questions come in rounds of five, divided between the two
sides by how wide their intervals are, where recall may be twice as wide as precision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from facetrack.core.likelihood import Floats
from facetrack.evaluation.audit.frame import BETWEEN, INSIDE, Blocks, Faces, Rows

STRATA = 5
ROUND = 5
_WIDER = 2.0  # how much wider recall may be


@dataclass(frozen=True)
class Question:
    """Do two faces show one person?

    side, block: what it is about. first, second: rows of the faces. stratum: from 0 on. weight: by
    how many times the block's share of the side's draws its own weight is larger.
    """

    side: str
    block: int
    first: int
    second: int
    stratum: int
    weight: float


class Drawing:
    """The order in which the blocks of one side are asked about; the same for a seed."""

    def __init__(self, blocks: Blocks, chance: Floats, seed: Sequence[int]) -> None:
        random = np.random.default_rng(list(seed))
        self.worth = blocks.weight[:, 0] * np.sqrt(chance * (1 - chance))
        total = self.worth.sum()
        self.stratum = np.zeros(len(chance), np.int64)
        self.weight = np.zeros(len(chance))
        if total > 0:
            self.weight = blocks.weight[:, 0] * total / np.maximum(self.worth, 1e-300)
            order = np.argsort(blocks.logit, kind="stable")
            share = np.cumsum(self.worth[order]) / total
            self.stratum[order] = np.minimum(share * STRATA, STRATA - 1).astype(np.int64)
        # Drawn without replacement one after the other is sorted by exponential times (Efraimidis
        # and Spirakis 2006).
        times = random.exponential(size=len(chance)) / np.maximum(self.worth, 1e-300)
        times[self.worth <= 0] = np.inf
        by_stratum = [
            [block for block in rows[np.argsort(times[rows])].tolist() if times[block] < np.inf]
            for rows in (np.flatnonzero(self.stratum == at) for at in range(STRATA))
        ]
        self.order = _take_turns(by_stratum, random)


def _take_turns(queues: list[list[int]], random: np.random.Generator) -> list[int]:
    """All of some queues' items, one of each queue in turn, in another order each time."""
    found: list[int] = []
    place = 0
    while any(place < len(queue) for queue in queues):
        for at in random.permutation(len(queues)):
            if place < len(queues[at]):
                found.append(queues[at][place])
        place += 1
    return found


def share_round(half_widths: Mapping[str, float]) -> list[str]:
    """Which side each question of a round is about. half_widths: of the two sides' intervals."""
    inside, between = half_widths[INSIDE] * _WIDER, half_widths[BETWEEN]
    share = between / (inside + between) if inside + between > 0 else 0.5
    n_between = min(max(round(ROUND * share), 1), ROUND - 1)
    sides = [INSIDE] * (ROUND - n_between) + [BETWEEN] * n_between
    return [sides[place * 2 % ROUND] for place in range(ROUND)]


def choose_pair(
    faces: Faces, rank: Rows, members: Sequence[Rows], side: str, pair: tuple[int, int], seed: int
) -> tuple[int, int]:
    """Two faces of a block, any of its pairs with equal chance; the same for a seed.

    pair: the block's first and second. rank: of `frame.rank_faces`; members: of `list_members`.
    Pairs on one photo are not asked about.
    """
    random = np.random.default_rng([seed, *pair])
    if side == INSIDE:
        first, others = pair[0], members[pair[1]]
        others = others[rank[others] < rank[first]]
        free = others[faces.photos[others] != faces.photos[first]]
        return first, int(random.choice(free if len(free) else others))
    return int(random.choice(members[pair[0]])), int(random.choice(members[pair[1]]))
