"""An audit: the next question, an answer, and what is known then. No files, no pages.

audit = Audit(faces, seed=0)
question = audit.ask()
audit.record(question.first, question.second, Reply.SAME)
audit.estimate()["bcubed_precision"].tell()
"""

from collections.abc import Collection, Mapping

import numpy as np

from facetrack.evaluation.audit.belief import Answer, Belief
from facetrack.evaluation.audit.blocks import list_blocks
from facetrack.evaluation.audit.estimates import Estimate, count_more, estimate
from facetrack.evaluation.audit.frame import (
    BETWEEN,
    INSIDE,
    SIDES,
    Faces,
    list_members,
    rank_faces,
)
from facetrack.evaluation.audit.questions import (
    Drawing,
    Question,
    choose_pair,
    share_round,
)
from facetrack.evaluation.audit.replies import Reply
from facetrack.evaluation.audit.screens import Screen, Screens

Was = tuple[str, float]
"""The side that two faces were of when they were asked about, and their block's log odds."""


class Audit:
    """What is asked about an organised folder, and what the answers say; the same for a seed."""

    def __init__(self, faces: Faces, seed: int = 0) -> None:
        self.faces, self._seed = faces, seed
        self._rank, self.members = rank_faces(faces), list_members(faces.groups)
        self.blocks = list_blocks(faces, self._rank)
        self._beliefs = {
            side: Belief(self.blocks[side], seed + at) for at, side in enumerate(SIDES)
        }
        self._drawings = {
            side: Drawing(self.blocks[side], self._beliefs[side].find_chance(), (seed, at))
            for at, side in enumerate(SIDES)
        }
        self._screens: Screens | None = None
        self.restart()
        sizes = np.bincount(faces.groups).astype(np.int64)
        self.together = int((sizes * (sizes - 1) // 2).sum())
        self._block_of = {int(face): at for at, face in enumerate(self.blocks[INSIDE].first)}
        self.before = self.estimate()
        """What is expected before any answer."""

    def restart(self) -> None:
        """Nothing was asked and nothing answered: what takes long is not done again."""
        self._answers: dict[str, list[Answer]] = {side: [] for side in SIDES}
        self._asked: dict[str, set[int]] = {side: set() for side in SIDES}
        self.n_answers = self.n_unsure = 0
        self._round: list[str] = []
        self._current: dict[str, Estimate] | None = None

    def ask(self, but: Collection[tuple[int, int]] = ()) -> Question | None:
        """The next question, None where all that may be asked was. It counts as asked.

        but: pairs of rows, the smaller first, that were asked about before.
        """
        if not self._round:
            known = self.estimate()
            half = {
                INSIDE: known["bcubed_precision"].half_width,
                BETWEEN: known["bcubed_recall"].half_width,
            }
            self._round = share_round(half)
        side = self._round.pop(0)
        other = BETWEEN if side == INSIDE else INSIDE
        return self._ask_of(side, but) or self._ask_of(other, but)

    def _ask_of(self, side: str, but: Collection[tuple[int, int]]) -> Question | None:
        drawing, blocks = self._drawings[side], self.blocks[side]
        for block in drawing.order:
            if block in self._asked[side]:
                continue
            self._asked[side].add(block)
            pair = int(blocks.first[block]), int(blocks.second[block])
            first, second = choose_pair(
                self.faces, self._rank, self.members, side, pair, self._seed
            )
            if (min(first, second), max(first, second)) in but:
                continue
            return Question(
                side,
                block,
                first,
                second,
                int(drawing.stratum[block]),
                float(drawing.weight[block]),
            )
        return None

    def find_place(self, first: int, second: int) -> tuple[str, int] | None:
        """The side and block that a pair of faces is in; None where nobody would ask about it."""
        groups = self.faces.groups
        if groups[first] == groups[second]:
            block = self._block_of.get(self.find_worse(first, second))
            return None if block is None else (INSIDE, block)
        one, other = sorted((int(groups[first]), int(groups[second])))
        pairs, g = self.blocks[BETWEEN], len(self.members)
        keys = pairs.first * g + pairs.second
        at = int(np.searchsorted(keys, one * g + other))
        return (BETWEEN, at) if at < len(keys) and keys[at] == one * g + other else None

    def find_worse(self, first: int, second: int) -> int:
        """Of two faces of one group the one that fits in less well."""
        return first if self._rank[first] > self._rank[second] else second

    def record(self, first: int, second: int, reply: Reply, was: Was | None = None) -> bool:
        """Take an answer about two faces, rows. Whether the estimate can make use of it.

        was: what was asked about, where groups may have changed since.
        """
        place = self.find_place(first, second)
        if (place is None and was is None) or first == second:
            return False
        if place is not None:
            self._asked[place[0]].add(place[1])
        if reply is Reply.UNSURE:
            self.n_unsure += 1
            return True
        self._add((first, second), reply, 1, was)
        self.n_answers += 1
        self._current = None
        return True

    def _add(self, pair: tuple[int, int], reply: Reply, items: int, was: Was | None) -> None:
        """What an answer says of its block and of the folder's curve.

        Where its side is another one now, a mistake was corrected, or one was made. Of the curve
        the answer says what it did before, since mistakes that nobody has found are still there.
        """
        place = self.find_place(*pair)
        side, logit = was or (place[0] if place else "", None)
        mistake = (reply is Reply.DIFFERENT) == (side == INSIDE)
        if place is not None and place[0] == side:
            self._answers[side].append(Answer(place[1], mistake, items, logit))
            return
        self._answers[side].append(Answer(None, mistake, items, logit))
        if place is not None:
            self._answers[place[0]].append(Answer(place[1], not mistake, items, of_block=True))

    def ask_screen(self, number: int) -> Screen | None:
        """The screen of a number from 0 on; None where there is none."""
        if self._screens is None:
            self._screens = Screens(
                self.blocks, self._drawings, self.faces.groups, self._rank, self._seed
            )
        if number >= len(self._screens.order):
            return None
        return self._screens.make(int(self._screens.order[number]))

    def record_screen(self, screen: Screen, others: Collection[int], same: Collection[int]) -> None:
        """Take an answer. others: faces marked as somebody else's; same: groups marked."""
        assert self._screens is not None
        for side, found in self._screens.read(screen, others, same).items():
            self._answers[side] += found
        self.n_answers += 1
        self._current = None

    def record_shown(
        self, face: int, replies: Mapping[int, Reply], was: Mapping[int, Was] | None = None
    ) -> bool:
        """Take what was said of several faces, rows, that were shown at once beside one.

        As `record_screen`, whatever has become of the groups since. was: as of `record`, by face.
        Whether the estimate can make use of it.
        """
        was = was or {}
        places = {one: self.find_place(face, one) for one in replies if one != face}
        known = [one for one, place in places.items() if place is not None or one in was]
        if known and all(replies[one] is Reply.UNSURE for one in known):
            self.n_unsure += 1
            return True
        for one in known:
            if replies[one] is not Reply.UNSURE:
                self._add((face, one), replies[one], len(replies), was.get(one))
        self.n_answers += bool(known)
        self._current = None
        return bool(known)

    def estimate(self) -> dict[str, Estimate]:
        """All measures of `estimates.MEASURES` after the answers so far."""
        if self._current is None:
            draws = {side: self._beliefs[side].draw(self._answers[side]) for side in SIDES}
            self._current = estimate(draws, self.together)
        return self._current

    def count_more(self, measure: str) -> int | None:
        """How many more answers make a measure's interval half as wide; None: too early to say."""
        before, now = self.before[measure].half_width, self.estimate()[measure].half_width
        return count_more(before, now, self.n_answers)
