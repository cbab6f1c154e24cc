"""The article's Table I follows from its 30 scores an entry by facetrack's own summary."""

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from facetrack.evaluation.metrics import summarise

PAPER = Path(__file__).resolve().parents[2] / "../shared/paper"


def rows(name: str) -> list[dict[str, str]]:
    with (PAPER / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def entry(row: dict[str, str]) -> tuple[str, str, str]:
    return row["dataset"], row["method"], row["parameter"]


@pytest.mark.skipif(not PAPER.is_dir(), reason="the article's scores are not on this machine")
def test_table_one_is_mean_and_two_population_standard_deviations() -> None:
    runs = defaultdict(list)
    for row in rows("table1_runs.csv"):
        runs[entry(row)].append(float(row["ari"]))
    table = rows("table1.csv")
    assert len(table) == len({entry(row) for row in table}) == len(runs) == 81
    for row in table:
        values = runs[entry(row)]
        assert len(values) == 30
        got = summarise(values)
        assert got.mean == pytest.approx(float(row["ari_mean"]), abs=1e-5), entry(row)
        assert got.two_std == pytest.approx(float(row["ari_two_std"]), abs=1e-5), entry(row)
