"""The shipped copy of the article's Table I."""

import csv
from pathlib import Path

import pytest

from facetrack.evaluation import article

PAPER = Path(__file__).resolve().parents[2] / "../shared/paper/table1.csv"
NAMES = {"k-means": "kmeans", "mean-shift": "meanshift"}


def test_entries_by_facetracks_names_and_any_spelling_of_a_radius() -> None:
    assert article.read_table1("lfw", "dbscan", "0.7") == (0.956498, 0.011196)
    assert article.read_table1("lfw", "dbscan", "1") == article.read_table1("lfw", "dbscan", "1.0")
    assert article.read_table1("personal_faces", "kmeans", "opt") == (0.815486, 0.230988)
    assert article.read_table1("portraits", "dbscan", "0.7") is None
    assert article.read_table1("lfw", "dbscan", "0.75") is None


@pytest.mark.skipif(not PAPER.exists(), reason="the article's table is not on this machine")
def test_every_entry_is_the_articles() -> None:
    with PAPER.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 81
    for row in rows:
        method = NAMES.get(row["method"], row["method"])
        found = article.read_table1(row["dataset"], method, row["parameter"])
        assert found == (float(row["ari_mean"]), float(row["ari_two_std"])), row
