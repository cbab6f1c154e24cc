"""The published numbers of the article's Table I: R. Castiel, FaceNet Clustering Analysis, 2018."""

import csv
from functools import cache
from pathlib import Path

# The embedder whose weights the article used.
EMBEDDER = "facenet"
_FILE = Path(__file__).with_name("article_table1.csv")


def read_table1(dataset: str, method: str, parameter: str) -> tuple[float, float] | None:
    """Mean ARI and 2·std of an entry; None where the article has none.

    dataset: personal_faces, lfw or muct. method: facetrack's name of it. parameter: "opt" for the
    methods that are given the number of people, else the radius.
    """
    return _entries().get((dataset, method, _plain(parameter)))


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
