"""The paired comparison of methods as tables: a row per pair, by dataset."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from facetrack.figures.table import escape_markdown, format_csv, format_markdown

if TYPE_CHECKING:
    from facetrack.evaluation.comparison import Difference

_HEAD = ("dataset", "better", "worse", "difference", "low", "high", "p", "p_holm", "real")
_LEGEND = """
Each method at its best parameter, over the resamples all were scored on: the difference of means
with its 95 % interval (Student's t), Wilcoxon's signed-rank p, and p adjusted for the number of
pairs; real: below 0.05. It says which method is better on these pictures, not on pictures of other
people.
"""


def format_comparison_csv(of_dataset: Mapping[str, Sequence["Difference"]]) -> str:
    """Unrounded."""
    rows: list[list[str | float]] = []
    for dataset, differences in of_dataset.items():
        for difference in differences:
            numbers = (
                difference.mean,
                difference.low,
                difference.high,
                difference.p,
                difference.p_holm,
            )
            real = "yes" if difference.real else "no"
            rows.append([dataset, difference.better, difference.worse, *numbers, real])
    return format_csv(_HEAD, rows)


def format_comparison_markdown(of_dataset: Mapping[str, Sequence["Difference"]]) -> str:
    """A GitHub-flavoured Markdown table with a line below that says how to read it."""
    lines = [
        ["dataset", "better", "worse", "difference of mean ARI", "95 %", "p", "p (Holm)", "real?"],
        ["---", "---", "---", "---:", "---", "---:", "---:", "---"],
    ]
    for dataset, differences in of_dataset.items():
        for difference in differences:
            lines.append(
                [
                    *map(escape_markdown, (dataset, difference.better, difference.worse)),
                    f"{difference.mean:.4f}",
                    f"{difference.low:.4f} to {difference.high:.4f}",
                    _format_p(difference.p),
                    _format_p(difference.p_holm),
                    "yes" if difference.real else "no",
                ]
            )
    return format_markdown(lines) + _LEGEND


def describe_difference(one: "Difference") -> str:
    """One pair in words."""
    verdict = "a real difference" if one.real else "no difference shown"
    return (
        f"{one.better} over {one.worse}: {one.mean:+.4f} "
        f"[{one.low:+.4f}, {one.high:+.4f}], p = {_format_p(one.p_holm)}: {verdict}"
    )


def _format_p(p: float) -> str:
    if math.isnan(p):
        return "-"
    return f"{p:.3f}" if p >= 0.001 else f"{p:.0e}"
