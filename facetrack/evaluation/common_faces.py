"""The faces that two ways to find and embed them have in common.

Two detectors do not find the same faces of a dataset. What they are compared by are the faces that
both have: on the same picture, with boxes that overlap; or, where the dataset says who is on its
pictures and both have one face of each at most, the face of the same picture: a box in the wrong
place there is a mistake of its detector, not another face.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facetrack.core.faces import Embeddings, Picture
from facetrack.core.overlaps import match_boxes


@dataclass(frozen=True)
class CommonFaces:
    """first, second: (c,) rows of each side's faces that are the same, in the first's order.

    only_first, only_second: how many other faces each side has.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    only_first: int
    only_second: int

    @property
    def is_everything(self) -> bool:
        """Whether both sides have the same faces in the same order."""
        rows = np.arange(len(self.first))
        others = self.only_first or self.only_second
        return not others and bool((self.first == rows).all() and (self.second == rows).all())


def find_common(first: Embeddings, second: Embeddings) -> CommonFaces:
    """The faces that two sides of one dataset have in common, known by their pictures' names."""
    mine, theirs = _by_picture(first.pictures), _by_picture(second.pictures)
    single = bool(first.names) and all(len(one) == 1 for one in (*mine.values(), *theirs.values()))
    pairs = sorted(
        pair
        for name in mine.keys() & theirs.keys()
        for pair in _match(first, mine[name], second, theirs[name], single)
    )
    rows = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    n = len(rows)
    return CommonFaces(rows[:, 0], rows[:, 1], len(first.pictures) - n, len(second.pictures) - n)


def _by_picture(pictures: Sequence[Picture]) -> dict[str, list[int]]:
    found = defaultdict(list)
    for row, picture in enumerate(pictures):
        found[picture.name].append(row)
    return found


def _match(
    first: Embeddings, mine: list[int], second: Embeddings, theirs: list[int], single: bool
) -> Iterator[tuple[int, int]]:
    """Rows of faces on one picture that are the same."""
    if single:
        yield mine[0], theirs[0]
        return
    boxes, others = [first.boxes[row] for row in mine], [second.boxes[row] for row in theirs]
    for row, other in match_boxes(boxes, others):
        yield mine[row], theirs[other]
