"""Which of two ways to find and embed faces groups them better, with labels and without.

Both are looked at on the faces that both have, each grouped by its own vectors. With labels they
are compared by BCubed F. Without, there are two differences of the F to expect (expected.py):

- the *own* one: each grouping by the probabilities of the vectors it was made of. Who is unsure of
  its own groups loses.
- the *shared* one: both groupings by the probabilities of both, averaged. Each likes its own
  grouping, which cancels out, and who is sure of nonsense is told by the other.

Groups of people are drawn again and again (a bootstrap over the groups of the finer grouping, or
over the labelled people), so that faces of one person count as what they are, few witnesses. One
is picked where it is ahead in 95 % of the draws: in F with labels, in both differences at once
without. It is not picked where its distances do not hold (`Belief.holds`), or where impossible
pairs speak clearly against it (McNemar's exact test, below 0.05).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from facetrack.evaluation.expected import PerFace

SURE = 0.95
_DRAWS = 2000
_LEAST_UNITS = 5
_CHANCE, _DISAGREE = "it may be chance", "each one's distances speak for its own groups"
_FEW = f"they are fewer than {_LEAST_UNITS} people"
_UNLIKE = "the faces are too alike for what their distances are known to say"
_IMPOSSIBLE = "impossible pairs speak against it"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Verdict:
    """One side against another, on the faces that both have.

    difference, low, high: of F, first - second, with its 95 % interval. sure: the share of draws in
    which the leader is ahead, in both differences where there are two. picked: 0 for the first,
    1 for the second, None where they cannot be told apart. why: what keeps one from being picked.
    """

    difference: float
    low: float
    high: float
    sure: float
    picked: int | None
    why: str = ""

    @property
    def leader(self) -> int:
        """Which side is ahead, picked or not."""
        return 0 if self.difference >= 0 else 1


def judge_by_labels(first: PerFace, second: PerFace, people: NDArray[np.int64]) -> Verdict:
    """people: (k,) of the faces."""
    draws = _draw(people)
    difference = _find_f(first, draws) - _find_f(second, draws)
    sign = 1 if difference[0] >= 0 else -1
    return _decide(difference, float((sign * difference[1:] > 0).mean()), _CHANCE)


def judge_without(judged: Sequence[Sequence[PerFace]], units: NDArray[np.int64]) -> Verdict:
    """Without labels.

    judged: by whose probabilities, and of whose grouping. units: (k,), equal for faces that are
    drawn together.
    """
    draws = _draw(units)
    (own, of_second), (of_first, other) = (
        [_find_f(one, draws) for one in by_side] for by_side in judged
    )
    difference, shared = own - other, (own + of_first - of_second - other) / 2
    sign = 1 if difference[0] >= 0 else -1
    ahead = (sign * difference[1:] > 0) & (sign * shared[1:] > 0)
    alone = (sign * difference[1:] > 0).mean() >= SURE
    return _decide(difference, float(ahead.mean()), _DISAGREE if alone else _CHANCE)


def weigh(verdict: Verdict, *, holds: bool, against: float) -> Verdict:
    """What else is known before one is picked.

    holds: whether the distances of both are like those they are judged by. against: how likely
    chance alone makes as many impossible pairs of the leader's that the other has not.
    """
    why = _UNLIKE if not holds else _IMPOSSIBLE if against < 1 - SURE else ""
    if verdict.picked is None or not why:
        return verdict
    return replace(verdict, picked=None, why=why)


def refuse_few(verdict: Verdict, units: NDArray[np.int64]) -> Verdict:
    """Pick none where there are too few witnesses. units: (k,) as they were drawn."""
    if verdict.picked is None or len(np.unique(units)) >= _LEAST_UNITS:
        return verdict
    return replace(verdict, picked=None, why=_FEW)


def compare_impossible(leader: int, other: int) -> float:
    """How likely chance alone speaks so much against the leader.

    leader, other: how many impossible pairs only the one, and only the other, puts together.
    """
    from scipy.special import betainc  # late, as all of SciPy: a single job need not wait for it

    # P(X >= leader) of a binomial with leader + other trials and even odds.
    return float(betainc(leader, other + 1, 0.5)) if leader else 1.0


def choose_units(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    """The finer of two groupings: a single group of everything could not be drawn from."""
    return second if len(np.unique(second)) > len(np.unique(first)) else first


def _decide(difference: Floats, sure: float, why: str) -> Verdict:
    low, high = np.quantile(difference[1:], [0.025, 0.975])
    leader = 0 if difference[0] >= 0 else 1
    found = sure >= SURE
    return Verdict(
        float(difference[0]),
        float(low),
        float(high),
        sure,
        leader if found else None,
        "" if found else why,
    )


@dataclass(frozen=True)
class _Draws:
    """unit: (k,) of each face. times: (1 + draws, units), how often each is drawn; once first."""

    unit: NDArray[np.int64]
    times: NDArray[np.int64]


def _draw(units: NDArray[np.int64]) -> _Draws:
    unit = np.unique(units, return_inverse=True)[1]
    n = int(unit.max()) + 1
    times = np.random.RandomState(0).multinomial(n, np.full(n, 1 / n), size=_DRAWS)
    return _Draws(unit, np.vstack([np.ones((1, n), dtype=times.dtype), times]))


def _find_f(faces: PerFace, draws: _Draws) -> Floats:
    """(1 + draws,) F: of all faces, and of each draw."""
    n = draws.times @ np.bincount(draws.unit)
    precision, recall = (
        draws.times @ np.bincount(draws.unit, one) / n for one in (faces.precision, faces.recall)
    )
    f: Floats = 2 * precision * recall / (precision + recall)
    return f
