"""The published numbers of the article's Table I: R. Castiel, FaceNet Clustering Analysis, 2018."""

import csv
import math
from functools import cache
from pathlib import Path

from scipy.special import stdtr

DETECTOR, EMBEDDER, SAMPLING = "haar_article", "facenet", "bootstrap"
"""What is called here what the article had: its detector, its weights, its resamples."""
N_RESAMPLES, N_INIT = 30, 10
PEOPLE = {"personal_faces": 18, "lfw": 901, "muct": 276}
NAMES = {"kmeans": "k-means", "meanshift": "mean-shift"}
"""Methods that the article calls otherwise."""
_FILE = Path(__file__).with_name("article_table1.csv")


def read_table1(dataset: str, method: str, parameter: str) -> tuple[float, float] | None:
    """Mean ARI and 2·std of an entry; None where the article has none.

    dataset: personal_faces, lfw or muct. method: facetrack's name of it. parameter: "opt" for the
    methods that are given the number of people, else the radius.
    """
    return _entries().get((dataset, method, _plain(parameter)))


def find_welch(
    ours: tuple[float, float], theirs: tuple[float, float], n: int = N_RESAMPLES
) -> tuple[float, float]:
    """Welch's t of two means and its two-sided p.

    ours, theirs: mean and 2·std with the population's std, over n values each.
    """
    # 2·std over n values: variance over n - 1 of them, divided by n, is (2·std)² / 4 / (n - 1).
    errors = [two_std**2 / 4 / (n - 1) for _, two_std in (ours, theirs)]
    difference, error = ours[0] - theirs[0], sum(errors)
    if not error:
        return (math.copysign(math.inf, difference), 0.0) if difference else (0.0, 1.0)
    t = difference / math.sqrt(error)
    freedom = error**2 / sum(one**2 / (n - 1) for one in errors)
    return t, 2 * float(stdtr(freedom, -abs(t)))


@cache
def _entries() -> dict[tuple[str, str, str], tuple[float, float]]:
    with _FILE.open(newline="", encoding="utf-8") as file:
        return {
            (row["dataset"], row["method"], _plain(row["parameter"])): (
                float(row["ari_mean"]),
                float(row["ari_two_std"]),
            )
            for row in csv.DictReader(file)
        }


def _plain(parameter: str) -> str:
    """One spelling of a number: 1.0 and 1 are the same radius."""
    try:
        return f"{float(parameter):g}"
    except ValueError:
        return parameter
