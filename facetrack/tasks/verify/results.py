"""What a verification has found: as metrics, as lines for the terminal, as tables and curves."""

import math
from collections.abc import Iterator, Mapping

import numpy as np

from facetrack import figures
from facetrack.core.texts import write_count
from facetrack.evaluation.pairs import FOLDS
from facetrack.evaluation.verification import PER_MILLE, PERCENT, Roc, Verification
from facetrack.tasks.verify.pairing import Paired
from facetrack.tracking import keys

PAIRS, BY_FOLD, ROC = "verification.csv", "folds.csv", "roc.csv"
_RATES = {PERCENT: keys.TAR_1, PER_MILLE: keys.TAR_01}


def make_metrics(found: Verification) -> dict[str, float]:
    """What verifications are compared by."""
    values = {
        keys.ACCURACY: found.accuracy,
        keys.ACCURACY_ERROR: found.standard_error,
        **{key: found.roc.find_best(far).tar for far, key in _RATES.items()},
        keys.THRESHOLD: float(found.thresholds.mean()),
        keys.PAIRS: len(found.distances),
        keys.MISSING_PAIRS: int(found.missing.sum()),
    }
    return {key: value for key, value in values.items() if math.isfinite(value)}


def tell(found: Verification, paired: Paired) -> Iterator[str]:
    """The result for the terminal, in lines."""
    pairs, folds = found.pairs, found.pairs.n_folds
    same, different = int(pairs.same.sum()), int((~pairs.same).sum())
    what = "face" if paired.are_faces else "picture"
    yield (
        f"{write_count(len(pairs.same), 'pair')} of {write_count(len(paired.used), what)} in "
        f"{folds} folds: {same:,} of one person, {different:,} of two"
    )
    yield from _tell_folds(pairs.disjoint, folds)
    yield _tell_missing(found, int((paired.rows[paired.used] < 0).sum()))
    yield ""
    thresholds = found.thresholds[np.isfinite(found.thresholds)]
    at = f"; threshold {thresholds.mean():.3f} on average" if len(thresholds) else ""
    yield (
        f"accuracy          {found.accuracy:.4f} ± {found.standard_error:.4f}   "
        f"mean ± standard error over {folds} folds{at}, chosen on the others"
    )
    for far in _RATES:
        yield _tell_rate(found.roc, far, different)


def _tell_folds(disjoint: bool | None, folds: int) -> Iterator[str]:
    if disjoint:
        few = "" if folds == FOLDS else f"; each has two people or more, so there are {folds}"
        yield f"drawn at random by the seed; nobody is in two folds{few}"
    elif disjoint is not None:
        yield (
            "drawn at random by the seed; the people are too few for folds of their own, so each "
            "threshold is judged on people it was chosen on, and the accuracy flatters"
        )


def _tell_missing(found: Verification, pictures: int) -> str:
    pairs = int(found.missing.sum())
    if not pairs:
        return "every picture of them has a face"
    wrong = int((found.missing & found.pairs.same).sum())
    count = write_count(pairs, "pair counts", "pairs count")
    return (
        f'{count} as "different", since no face was found on '
        f"{write_count(pictures, 'picture')}; {wrong:,} of them wrongly"
    )


def _tell_rate(roc: Roc, far: float, different: int) -> str:
    point = roc.find_best(far)
    accepted = round(point.far * different)
    name = f"TAR at FAR {100 * far:g} %"
    at = f"distance {point.distance:.3f}: " if math.isfinite(point.distance) else ""
    few = "" if far * different >= 1 else f", too few to tell {100 * far:g} % from none"
    return (
        f"{name:<18}{point.tar:.4f}            {at}{accepted:,} of "
        f"{write_count(different, 'pair')} of two people are taken for one{few}"
    )


def make_curve(name: str, roc: Roc, values: Mapping[str, float]) -> figures.Curve:
    """A line of the figures. values: the metrics, for the legend."""
    text = f"accuracy {values[keys.ACCURACY]:.4f} ± {values[keys.ACCURACY_ERROR]:.4f}"
    return figures.Curve(name, text, roc.far, roc.tar, roc.distances)


def write_pairs(found: Verification, paired: Paired) -> str:
    """A row per pair: its fold and pictures, what is so and what was said. It names people."""
    pairs = found.pairs
    head = ("fold", "picture", "person", "other_picture", "other_person", "same_person")
    rows = zip(
        *(pairs.folds.tolist(), pairs.first.tolist(), pairs.second.tolist(), pairs.same.tolist()),
        *(found.distances.tolist(), found.accepted.tolist()),
        strict=True,
    )
    return figures.format_csv(
        (*head, "distance", "threshold", "taken_for_same", "right"),
        (
            (
                fold + 1,
                *(paired.pictures[first].name, paired.pictures[first].person or ""),
                *(paired.pictures[second].name, paired.pictures[second].person or ""),
                _say(same),
                distance if math.isfinite(distance) else "no face",
                float(found.thresholds[fold]),
                _say(accepted),
                _say(accepted == same),
            )
            for fold, first, second, same, distance, accepted in rows
        ),
    )


def write_folds(found: Verification) -> str:
    """A row per fold."""
    rows = zip(found.sizes.tolist(), found.thresholds, found.accuracies, strict=True)
    return figures.format_csv(
        ("fold", "pairs", "missing", "threshold", "accuracy"),
        (
            (fold + 1, size, int(found.missing[found.pairs.folds == fold].sum()), *map(float, rest))
            for fold, (size, *rest) in enumerate(rows)
        ),
    )


def write_roc(roc: Roc) -> str:
    """The corners of the curve, a row each; the first has no distance."""
    rows = zip(roc.far.tolist(), roc.tar.tolist(), roc.distances.tolist(), strict=True)
    return figures.format_csv(("far", "tar", "distance"), rows)


def _say(truth: bool) -> str:
    return "yes" if truth else "no"
