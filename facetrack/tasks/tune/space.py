"""What a study searches: ranges from the YAML of the clusterer, or from `task.space`.

In the YAML a distance (eps, bandwidth) is in units of the embedder's radius, so that one range
suits every embedder; on the command line it is the distance itself.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from facetrack.core.errors import UserError
from facetrack.core.scale import Scale
from facetrack.system.progress import say

DISTANCES = ("eps", "bandwidth")


@dataclass(frozen=True)
class Range:
    """Values of one of the clusterer's settings, both ends included; whole numbers if `integer`."""

    name: str
    low: float
    high: float
    integer: bool

    def told(self) -> str:
        """The range as the command line has it."""
        return f"{self.name}=[{self.low:g},{self.high:g}]"


@dataclass(frozen=True)
class Space:
    """What there is to search of a clusterer, and what the command asks for.

    clusterer: what it is called. settings: those it has. own: by setting, the two ends that its
    YAML gives; asked: those that `task.space` gives, as they came. scale: the embedder's
    distances. share: of pairs of strangers within the method's own radius, where it has one.
    """

    clusterer: str
    settings: Collection[str]
    own: Mapping[str, Sequence[float]]
    asked: Mapping[str, Any]
    scale: Scale
    share: float | None = None

    @property
    def natural(self) -> float:
        """The embedder's radius, the unit of distances in `own`."""
        assert self.scale.radius is not None
        return self.scale.radius


def find_ranges(space: Space) -> list[Range]:
    """The ranges to search.

    Raises UserError for an impossible range and where there is nothing to search.
    """
    asked = dict(space.asked)
    # `eps` is the one distance knob: mean-shift's bandwidth follows it here as elsewhere.
    if "eps" in asked and "bandwidth" in space.own and "bandwidth" not in asked:
        asked["bandwidth"] = asked.pop("eps")
    found: dict[str, Any] = {}
    for name, ends in space.own.items():
        scale = space.natural if name in DISTANCES else 1
        found[name] = [scale * end for end in ends] if scale != 1 else list(ends)
    for name, ends in asked.items():
        if name in space.settings:
            found[name] = ends
        else:
            say(f"  task.space.{name} has no meaning for this clusterer, whose study goes without")
    if not found:
        raise UserError(
            f"{space.clusterer} has nothing to search: choose clusterer=infomap, "
            "average_linkage, dbscan, meanshift or hdbscan, or give a range such as "
            "task.space.n_clusters=[2,50]"
        )
    return [_range(name, ends) for name, ends in found.items()]


def narrow(
    found: Sequence[Range], asked: Collection[str], smallest: float, largest: float
) -> list[Range]:
    """Ranges in which the radius is searched between these two, where no range was asked for.

    asked: the settings of which one was.
    """
    return [
        replace(one, low=smallest, high=largest)
        if one.name in DISTANCES
        and not {one.name, "eps"} & set(asked)
        and one.low <= smallest < largest <= one.high
        else one
        for one in found
    ]


def check_above_zero(name: str, value: object) -> None:
    """Refuse a setting of the task that is no whole number above 0. Raises UserError."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UserError(f"task.{name} is a whole number above 0; got {value!r}")


def _range(name: str, ends: Any) -> Range:
    example = f"task.space.{name}=[{'0.05,0.6' if name in DISTANCES else '2,10'}]"
    if (
        not isinstance(ends, Sequence)
        or len(ends) != 2
        or any(isinstance(end, bool) or not isinstance(end, int | float) for end in ends)
        or not all(math.isfinite(end) for end in ends)
    ):
        raise UserError(f"expected two numbers for {name}, such as {example}; got {ends!r}")
    low, high = ends
    if low > high:
        raise UserError(
            f"expected the lower end first for {name}, such as {example}; got [{low:g},{high:g}]"
        )
    if low == high:
        raise UserError(f"{name}=[{low:g},{high:g}] is one value: there is nothing to search")
    if low <= 0:
        raise UserError(f"{name} is above 0, such as {example}; got [{low:g},{high:g}]")
    whole = name not in DISTANCES and all(isinstance(end, int) for end in ends)
    return Range(name, low, high, whole)
