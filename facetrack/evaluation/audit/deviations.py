"""How a folder may be off from the calibration, as a grid on which Bayes' rule is applied.

| name  | what it is                                                                          |
|-------|-------------------------------------------------------------------------------------|
| curve | a deviation over the log odds, the whole folder's: an offset, a slope, and bumps, a |
|       | Gaussian process. 1,024 of them are laid out before any answer                      |
| node  | a deviation of one group's: two people who were put together make all of its blocks |
|       | likelier at once. A block is a mistake where sqrt(r) u + sqrt(1 - r) e is low, u    |
|       | the group's own, e the block's, both normal: the one-factor model of loans that     |
|       | default together (Vasicek 2002), which leaves each block's own probability as it is |

That members of a group resemble each other beyond what is known of each is what multilevel models
are for (Gelman and Hill 2007, chapter 12); estimates of matched records are clustered by entity for
the same reason (Binette et al. 2023).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, ndtr, ndtri

from facetrack.core.likelihood import Floats
from facetrack.evaluation.audit.frame import BINS

CURVES = 1024  # a power of two, as evenly spread numbers want
# Standard deviations of a folder's curve: offset, slope at log odds of `_PIVOT`, and bumps with
# the range over which they go together.
_OFFSET, _SLOPE, _PIVOT, _BUMP, _RANGE = 1.1, 0.15, -2.0, 0.6, 2.5
_KNOTS = np.array([-12.0, -8, -6, -4.5, -3, -1.5, 0, 1.5, 3, 5, 8])
_NODES = 7
_LEAST = 1e-9


@dataclass(frozen=True)
class Grid:
    """chance: (k, b, c) how likely a block whose log odds are between `BINS` is a mistake, by node

    and curve. nodes: (k,) how likely each is, 1 in all. mean: (b, c) of chance over the nodes.
    """

    chance: Floats
    nodes: Floats
    mean: Floats


def spread_evenly(seed: int) -> tuple[Floats, Floats]:
    """(k, c) what `make_grid` makes its curves of, and (2, c) numbers between 0 and 1 beside them.

    By Sobol's scrambled sequence: so few curves cover what is possible more evenly than if they
    were drawn by chance (Owen 1997).
    """
    from scipy.stats.qmc import Sobol  # a second to import, which only an audit need wait for

    found = Sobol(len(_KNOTS) + 2, seed=np.random.default_rng(seed)).random(CURVES).T
    return ndtri(np.clip(found[2:], _LEAST, 1 - _LEAST)), found[:2]


def make_grid(normal: Floats, together: float) -> Grid:
    """What a folder may be like. normal: of `spread_evenly`.

    together: r, how much blocks of a group are wrong together.
    """
    middles = (BINS[1:] + BINS[:-1]) / 2
    curves = _find_curves(normal)
    mean = np.clip(expit(middles[:, None] + _follow(curves, middles)), _LEAST, 1 - _LEAST)
    if not together:
        return Grid(mean[None], np.ones(1), mean)
    at, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    level = ndtri(mean)
    chance = ndtr((level - np.sqrt(together) * at[:, None, None]) / np.sqrt(1 - together))
    # So few nodes keep the mean only roughly.
    chance *= mean / np.tensordot(weights, chance, axes=1)
    chance = np.clip(chance, _LEAST, 1 - _LEAST)
    return Grid(chance, weights, np.tensordot(weights, chance, axes=1))


def _find_curves(normal: Floats) -> Floats:
    """(k, c) deviations at the knots, of as many normal numbers."""
    apart = _KNOTS[:, None] - _KNOTS
    spread = _OFFSET**2 + _SLOPE**2 * np.outer(_KNOTS - _PIVOT, _KNOTS - _PIVOT)
    spread = spread + _BUMP**2 * np.exp(-(apart**2) / (2 * _RANGE**2)) + 1e-9 * np.eye(len(_KNOTS))
    # By eigenvectors, the largest first: the first numbers are the most evenly spread ones.
    values, vectors = np.linalg.eigh(spread)
    found: Floats = (vectors * np.sqrt(values))[:, ::-1] @ normal
    return found


def _follow(curves: Floats, logit: Floats) -> Floats:
    """(m, c) how far the (k, c) curves are from the calibration at (m,) log odds."""
    place = np.clip(np.searchsorted(_KNOTS, logit) - 1, 0, len(_KNOTS) - 2)
    share = np.clip((logit - _KNOTS[place]) / np.diff(_KNOTS)[place], 0, 1)[:, None]
    found: Floats = (1 - share) * curves[place] + share * curves[place + 1]
    return found
