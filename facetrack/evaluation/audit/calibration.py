"""How likely blocks are mistakes, by folders of people who are known.

Fitted on 300 folders drawn from two thirds of LFW's people (benchmarks/bench_audit.py judges on the
others), by dlib's and MobileFaceNet's vectors together: grouped by three methods with radii from
much too small to much too large, from 12 to 150 people, with up to 150 strangers. It is a logistic
regression on features that are log ratios and thus no longer an embedder's own, each block with its
weight, so that expected and actual mistakes agree in the sum.
"""

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from facetrack.core.likelihood import Floats

INSIDE_COEFFICIENTS = (1.717, -0.802, -0.402, -0.198)
"""Of `frame.measure_inside`."""
BETWEEN_COEFFICIENTS = (0.658, 1.126, -1.827, 0.35, 0.144, -0.771, -0.436, 0.094)
"""Of `pairs_of_groups.measure_between`."""
_RIDGE = 1e-4


def fit_log_odds(
    values: Floats, shares: Floats, weights: Floats, start: Floats | None = None
) -> Floats:
    """(k,) coefficients of a logistic regression.

    values: (m, k); shares: (m,) of mistakes among a block's pairs, 0 to 1; weights: (m,); start:
    (k,) coefficients to begin with.
    """
    scale = np.maximum(np.abs(values).mean(axis=0), 1e-9)
    columns = values / scale
    ridge = 2 * _RIDGE * np.eye(len(scale))

    def lose(by: Floats) -> tuple[float, Floats]:
        odds = columns @ by
        loss = float((weights * (np.logaddexp(0, odds) - shares * odds)).sum())
        rest = weights * (expit(odds) - shares)
        return loss + _RIDGE * float((by**2).sum()), columns.T @ rest + ridge @ by

    def bend(by: Floats) -> Floats:
        chance = expit(columns @ by)
        found: Floats = columns.T @ (columns * (weights * chance * (1 - chance))[:, None]) + ridge
        return found

    first = np.zeros(len(scale)) if start is None else start * scale
    # With second derivatives a dozen steps suffice, where millions of pairs make each one slow.
    best = minimize(lose, first, jac=True, hess=bend, method="trust-exact")
    found: Floats = best.x / scale
    return found
