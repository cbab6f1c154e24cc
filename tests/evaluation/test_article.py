"""The shipped copy of the article's Table I."""

import csv
from pathlib import Path

import pytest
import scipy.stats

from facetrack.evaluation import article

PAPER = Path(__file__).resolve().parents[2] / "../shared/paper/table1.csv"
OURS = {theirs: ours for ours, theirs in article.NAMES.items()}


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
        method = OURS.get(row["method"], row["method"])
        found = article.read_table1(row["dataset"], method, row["parameter"])
        assert found == (float(row["ari_mean"]), float(row["ari_two_std"])), row


def test_welchs_t_is_scipys() -> None:
    ours, theirs = (0.93, 0.02), (0.956498, 0.011196)
    sides = [(mean, two_std / 2 * (30 / 29) ** 0.5, 30) for mean, two_std in (ours, theirs)]
    expected = scipy.stats.ttest_ind_from_stats(*sides[0], *sides[1], equal_var=False)
    assert article.find_welch(ours, theirs) == pytest.approx(tuple(expected))
    assert article.find_welch((0.5, 0), (0.5, 0)) == (0, 1)
    assert article.find_welch((0.5, 0), (0.6, 0)) == (-float("inf"), 0)


@pytest.mark.skipif(not PAPER.exists(), reason="the article's table is not on this machine")
def test_its_people_are_as_many_as_its_scores_say() -> None:
    with PAPER.open(newline="", encoding="utf-8") as file:
        assert {row["dataset"] for row in csv.DictReader(file)} == set(article.PEOPLE)
