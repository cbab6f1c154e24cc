"""Precision and recall with credible intervals, from what is believed of both sides."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from facetrack.core.likelihood import Floats
from facetrack.evaluation.audit.belief import Draws
from facetrack.evaluation.audit.frame import BETWEEN, INSIDE

LEVEL = 0.95
MEASURES = ("bcubed_precision", "bcubed_recall", "pairwise_precision", "pairwise_recall")


@dataclass(frozen=True)
class Estimate:
    """value: the median of what is believed, within low and high: the shortest 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half of the interval."""
        return (self.high - self.low) / 2

    def tell(self) -> str:
        """For a reader: "97 % (93-99)"."""
        low, high = (f"{100 * at:.0f}" for at in (self.low, self.high))
        return f"{100 * self.value:.0f} % ({low}-{high})"


def estimate(draws: Mapping[str, Draws], together: int) -> dict[str, Estimate]:
    """All measures. draws: of both sides. together: how many pairs of faces are in one group."""
    inside, between = draws[INSIDE], draws[BETWEEN]
    found = {
        "bcubed_precision": summarise(1 - inside.wrong[:, 0], inside.weights),
        "bcubed_recall": summarise(1 - between.wrong[:, 0], between.weights),
    }
    if not together:
        return found | {"pairwise_precision": Estimate(1.0, 1.0, 1.0)} | _recall_of_none(between)
    right = together - np.minimum(inside.wrong[:, 1], together)
    found["pairwise_precision"] = summarise(right / together, inside.weights)
    # The two sides are independent: curves are drawn of each by its weights.
    random = np.random.default_rng(0)
    one, other = (
        random.choice(len(side.weights), len(side.weights), p=side.weights)
        for side in (inside, between)
    )
    missed = between.wrong[other, 1]
    recall = right[one] / np.maximum(right[one] + missed, 1e-9)
    found["pairwise_recall"] = summarise(recall, np.full(len(recall), 1 / len(recall)))
    return found


def _recall_of_none(between: Draws) -> dict[str, Estimate]:
    none = (between.wrong[:, 1] <= 0).astype(np.float64)
    return {"pairwise_recall": summarise(none, between.weights)}


def summarise(values: Floats, weights: Floats) -> Estimate:
    """The median and the shortest interval with 95 % of the weight. values, weights: (c,)."""
    order = np.argsort(values, kind="stable")
    at, sums = np.clip(values[order], 0, 1), np.cumsum(weights[order])
    median = at[min(int(np.searchsorted(sums, sums[-1] / 2)), len(at) - 1)]
    below = sums - weights[order]
    last = np.searchsorted(sums, below + LEVEL * sums[-1] - 1e-12)
    inside = last < len(at)
    width = np.where(inside, at[np.minimum(last, len(at) - 1)] - at, np.inf)
    first = int(np.argmin(width))
    return Estimate(float(median), float(at[first]), float(at[last[first]]))


def count_more(before: float, now: float, answers: int) -> int | None:
    """How many more answers make an interval half as wide.

    before, now: half-widths without and with so many answers. What was known before any answer is
    worth as many answers as make its width; the width falls with the root of all of them. None
    where the answers have not made it narrower yet.
    """
    if not answers or now >= 0.98 * before:
        return None
    worth = answers * now**2 / (before**2 - now**2)
    return math.ceil(3 * (answers + worth))
