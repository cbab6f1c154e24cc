"""An embedder's distances: at which strangers are near by chance, and the radii that follow.

| name            | what it is                                                                 |
|-----------------|----------------------------------------------------------------------------|
| strangers       | pairs (share, distance): this share of all pairs of different people is    |
|                 | nearer than that; between and beyond them the logarithm of the share is    |
|                 | taken for linear in the distance                                           |
| false neighbors | how many strangers within the radius are expected per face                 |

Among n faces each has about n strangers, so a radius within which q of them are expected is the
distance of the share q / n: the more faces, the smaller the radius.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np

from facetrack.core.errors import UserError
from facetrack.core.likelihood import Ratios, check_ratios

Strangers = tuple[tuple[float, float], ...]

# Where an embedder's strangers are not measured: in units of its radius, half-way between those of
# dlib's (radius 0.3) and MobileFaceNet's (0.94), which are within 7 % of it.
_TYPICAL: Strangers = ((1e-6, 0.96), (1e-5, 1.05), (1e-4, 1.14), (1e-3, 1.25), (1e-2, 1.36))
# A folder of few faces has no use for larger shares: its own people would not be apart. Smaller
# ones are not measured, so for more than some 100,000 faces the radius stays as it is.
_LEAST_SHARE, _MOST_SHARE = 1e-6, 5e-4
SETTINGS = ("strangers", "false_neighbors", "likelihood")
"""Those of an embedder that are no part of how it embeds."""


@dataclass(frozen=True)
class Scale:
    """An embedder's distances, in those of its vectors.

    radius: below which two vectors are usually of one person, by single linkage; None: nobody says.
    strangers: as in the module; None where they are not measured. false_neighbors: per face, that a
    radius may let in. likelihood: what a distance says of two faces; None where it is not measured.
    """

    radius: float | None
    strangers: Strangers | None = None
    false_neighbors: float = 0.1
    likelihood: Ratios | None = None

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Self:
        """That of an embedder's settings. Raises UserError for distances that cannot be."""
        radius = settings.get("radius")
        strangers = settings.get("strangers")
        ratios = settings.get("likelihood")
        return cls(
            None if radius is None else float(radius),
            None if strangers is None else check_strangers(strangers, "embedder.strangers"),
            _check_number(settings.get("false_neighbors", cls.false_neighbors)),
            None if ratios is None else check_ratios(ratios, "embedder.likelihood"),
        )

    def find_distance(self, share: float) -> float:
        """The distance that a share of all pairs of strangers is nearer than, to four digits.

        Raises ValueError where neither the strangers' distances nor the radius are known.
        """
        known = self.strangers or self._guess()
        shares = [math.log(one[0]) for one in known]
        distances = [one[1] for one in known]
        wanted = math.log(share)
        if shares[0] <= wanted <= shares[-1]:
            found = float(np.interp(wanted, shares, distances))
        else:
            at = 0 if wanted < shares[0] else len(known) - 2
            slope = (distances[at + 1] - distances[at]) / (shares[at + 1] - shares[at])
            found = max(distances[at] + slope * (wanted - shares[at]), distances[0] / 2)
        return float(f"{found:.4g}")

    def find_distance_for(self, n: int) -> float:
        """The radius for n faces within which `false_neighbors` strangers per face are expected."""
        share = self.false_neighbors / max(n, 1)
        return self.find_distance(min(max(share, _LEAST_SHARE), _MOST_SHARE))

    def _guess(self) -> Strangers:
        if self.radius is None:
            raise ValueError("neither the radius nor the distances of strangers are known")
        return tuple((share, self.radius * distance) for share, distance in _TYPICAL)


def check_strangers(value: Any, name: str) -> Strangers:
    """Shares and distances as they came. Raises UserError with what they are called."""
    try:
        pairs = tuple((float(share), float(distance)) for share, distance in value)
    except (TypeError, ValueError):
        pairs = ()
    rising = all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(pairs))
    if (
        len(pairs) < 2
        or not rising
        or not (pairs[0][0] > 0 and pairs[-1][0] < 1 and pairs[0][1] > 0)
    ):
        raise UserError(
            f"{name} is a list of pairs, a share of all pairs of different people and the distance "
            "that they are nearer than, both rising, such as [[0.0001,0.344],[0.001,0.384]]; got "
            f"{value!r}"
        )
    return pairs


def _check_number(value: Any) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 < value < math.inf:
        raise UserError(
            "embedder.false_neighbors is how many strangers per face a radius may let in, a number "
            f"above 0 such as 0.1; got {value!r}"
        )
    return float(value)
