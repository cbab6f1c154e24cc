"""Table I and the comparison as Markdown, CSV and LaTeX; the growth figure."""

import csv
import io
import re

import numpy as np
import pytest

from facetrack import figures
from facetrack.evaluation.comparison import Drawn, compare_pairs
from facetrack.figures import Beside, Entry, Size, Table1

TABLE = Table1(
    rows=[("kmeans", "opt"), ("dbscan", "0.1"), ("dbscan", "0.7")],
    columns=["portraits", "lfw"],
    entries={
        (("kmeans", "opt"), "portraits"): Entry(0.5, 0.1),
        (("dbscan", "0.1"), "portraits"): Entry(0.25, 0.125),
        (("dbscan", "0.7"), "lfw"): Entry(0.93, 0.01, Beside(0.956498, 0.011196, -19.0, 1e-26)),
        (("dbscan", "0.1"), "lfw"): Entry(0.03, 0.004, Beside(0.031102, 0.003716, -2.1736, 0.0338)),
    },
)


def test_markdown_has_the_best_bold_and_the_article_beside() -> None:
    head, ruler, *lines = figures.format_table1_markdown(TABLE).splitlines()
    assert head == (
        "| method | parameter | portraits | lfw | article | difference | Welch's t | overlap |"
    )
    assert ruler.count("|") == head.count("|")
    assert lines[:3] == [
        "| kmeans | opt | **0.5000 (+/- 0.1000)** |  |  |  |  |  |",
        "| dbscan | 0.1 | 0.2500 (+/- 0.1250) | 0.0300 (+/- 0.0040) | 0.0311 (+/- 0.0037) "
        "| -0.0011 | -2.2 | yes |",
        "| dbscan | 0.7 |  | **0.9300 (+/- 0.0100)** | 0.9565 (+/- 0.0112) "
        "| -0.0265 | -19.0 | no |",
    ]
    assert lines[4].startswith("article: its published value.")


def test_csv_has_six_digits() -> None:
    rows = list(csv.DictReader(io.StringIO(figures.format_table1_csv(TABLE), newline="")))
    assert rows[2]["lfw article_ari_mean"] == "0.956498"
    assert [row["lfw overlap"] for row in rows] == ["", "yes", "no"]
    assert [row["lfw best"] for row in rows] == ["", "", "yes"]
    assert rows[1]["portraits ari_mean"] == "0.25"
    assert rows[2]["lfw difference"] == "-0.026498"
    assert rows[1]["lfw welch_t"] == "-2.1736"
    assert rows[1]["lfw welch_p"] == "0.0338"
    assert rows[0]["lfw welch_p"] == ""
    assert rows[0]["lfw ari_mean"] == ""


def test_latex_has_as_many_cells_as_columns_and_no_special_letter() -> None:
    table = Table1(
        [("k", "a_b&c")], ["100% $me\\$"], {(("k", "a_b&c"), "100% $me\\$"): Entry(1, 0)}
    )
    lines = figures.format_table1_latex(table).splitlines()
    assert lines[0] == r"\begin{tabular}{lrr}"
    assert lines[2] == r"method & parameter & 100\% \$me\textbackslash{}\$ \\"
    assert lines[4] == r"k & a\_b\&c & \textbf{1.0000 ($\pm$ 0.0000)} \\"
    assert lines[-1] == r"\end{tabular}"


def test_touching_intervals_overlap() -> None:
    assert Entry(0.5, 0.25, Beside(1.0, 0.25, 0, 1)).overlaps
    assert not Entry(0.5, 0.25, Beside(1.0, 0.125, 0, 1)).overlaps


def test_equal_means_are_both_best() -> None:
    row = ("a", "1"), ("b", "1")
    table = Table1(row, ["x"], {(one, "x"): Entry(0.9, 0.1) for one in row})
    assert all(table.is_best(one, "x") for one in row)


_HERE = r"; distinguishable on these faces \[.*\], p = \S+"
_HALVES = r"; shown for other people, by halves of the people \[.*\], p = \S+"


@pytest.mark.parametrize(
    ("drawn", "here", "by", "told"),
    [
        ("halves", "", "people halves", _HALVES),
        ("bootstrap", "yes", "corrected resampled t", _HERE + r"; shown for other people, p = \S+"),
        ("faces", "yes", "", _HERE),
    ],
)
def test_the_comparison_says_how_much_and_for_whom(
    drawn: Drawn, here: str, by: str, told: str
) -> None:
    scores = {
        "a": (0.5 + np.arange(12) / 100).tolist(),
        "b": (0.4 + np.arange(12) ** 2 / 2e3).tolist(),
    }
    differences = {"x|y": compare_pairs(scores, drawn)}
    text = figures.format_comparison_markdown(differences)
    head, ruler, cells = text.splitlines()[:3]
    assert cells.startswith(r"| x\|y | a | b | 0.1")
    assert head.count("|") == ruler.count("|") == cells.count("|") - 1
    assert head.index("difference") < head.index("distinguishable on these faces")
    (row,) = csv.DictReader(io.StringIO(figures.format_comparison_csv(differences), newline=""))
    assert float(row["difference"]) == pytest.approx(differences["x|y"][0].mean)
    assert row["distinguishable_on_these_faces"] == here
    assert bool(row["low"]) == bool(row["p"]) == (drawn != "halves")
    assert bool(row["others_low"]) == bool(row["others_high"]) == (drawn == "halves")
    assert bool(row["others_p"]) == (drawn != "faces")
    assert row["shown_for_other_people"] == ("" if drawn == "faces" else "yes")
    assert row["others_by"] == by
    said = figures.describe_difference(differences["x|y"][0])
    assert re.fullmatch(r"a over b: \+0\.\d+" + told, said)


def test_growth_has_a_curve_a_method_and_a_panel_a_score() -> None:
    sizes = [
        Size(dataset, method, people, (0.9, 0.8, people / 100))
        for dataset in ("lfw", "orl")
        for method in ("dbscan", "kmeans")
        for people in (50, 10, 20)
    ]
    figure = figures.draw_growth(sizes)
    assert [axes.get_title() for axes in figure.axes] == [
        f"{dataset}: {score}"
        for dataset in ("lfw", "orl")
        for score in ("ARI", "precision", "recall")
    ]
    lines = figure.axes[2].get_lines()
    assert [line.get_label() for line in lines] == ["dbscan", "kmeans"]
    np.testing.assert_array_equal(lines[0].get_xdata(), [10, 20, 50])
    np.testing.assert_array_equal(lines[0].get_ydata(), [0.1, 0.2, 0.5])
    with pytest.raises(ValueError, match="at least one"):
        figures.draw_growth([])
