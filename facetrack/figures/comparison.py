"""The paired comparison of methods, and of models, as tables: a row per pair, by dataset."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from facetrack.core.texts import write_count
from facetrack.figures.table import escape_markdown, format_csv, format_markdown

if TYPE_CHECKING:
    from facetrack.evaluation.comparison import Difference, ModelDifference

_HEAD = ("dataset", "better", "worse", "difference", "low", "high", "p", "p_holm", "real")
_LEGEND = """
Each method at its best parameter, over the resamples all were scored on: the difference of means
with its 95 % interval (Student's t), Wilcoxon's signed-rank p, and p adjusted for the number of
pairs; real: below 0.05. It says which method is better on these pictures, not on pictures of other
people.
"""
_TITLES = ["dataset", "better", "worse", "difference of mean ARI", "95 %", "p", "p (Holm)", "real?"]
_LINE = ["---", "---", "---", "---:", "---", "---:", "---:", "---"]
_FACES = ("faces", "only_better", "only_worse")
_LEGEND_OF_MODELS = """
Each detector and embedder at its best method and parameter, over the same resamples of the faces
that both have, clustered by each one's own vectors; the faces that only one has are counted beside
them. All else is as it is for methods.
"""


def format_comparison_csv(of_dataset: Mapping[str, Sequence["Difference"]]) -> str:
    """Unrounded."""
    rows = [
        _write_row(dataset, difference)
        for dataset, differences in of_dataset.items()
        for difference in differences
    ]
    return format_csv(_HEAD, rows)


def format_models_csv(of_dataset: Mapping[str, Sequence["ModelDifference"]]) -> str:
    """Unrounded."""
    rows = [
        [*_write_row(dataset, one.difference), one.common, one.only_better, one.only_worse]
        for dataset, differences in of_dataset.items()
        for one in differences
    ]
    return format_csv((*_HEAD, *_FACES), rows)


def _write_row(dataset: str, one: "Difference") -> list[str | float]:
    numbers = (one.mean, one.low, one.high, one.p, one.p_holm)
    return [dataset, one.better, one.worse, *numbers, "yes" if one.real else "no"]


def format_comparison_markdown(of_dataset: Mapping[str, Sequence["Difference"]]) -> str:
    """A GitHub-flavoured Markdown table with a line below that says how to read it."""
    lines = [_TITLES, _LINE]
    for dataset, differences in of_dataset.items():
        lines += [_write_cells(dataset, difference) for difference in differences]
    return format_markdown(lines) + _LEGEND


def format_models_markdown(of_dataset: Mapping[str, Sequence["ModelDifference"]]) -> str:
    """The same of models, with how many faces they were compared on."""
    lines = [[*_TITLES, "faces both have", "only better", "only worse"], [*_LINE, *["---:"] * 3]]
    for dataset, differences in of_dataset.items():
        lines += [
            [
                *_write_cells(dataset, one.difference),
                *(f"{count:,}" for count in (one.common, one.only_better, one.only_worse)),
            ]
            for one in differences
        ]
    return format_markdown(lines) + _LEGEND_OF_MODELS


def _write_cells(dataset: str, one: "Difference") -> list[str]:
    return [
        *map(escape_markdown, (dataset, one.better, one.worse)),
        f"{one.mean:.4f}",
        f"{one.low:.4f} to {one.high:.4f}",
        _format_p(one.p),
        _format_p(one.p_holm),
        "yes" if one.real else "no",
    ]


def describe_models(one: "ModelDifference") -> str:
    """One pair of models in words."""
    return (
        f"{describe_difference(one.difference)}, on the {write_count(one.common, 'face')} that "
        f"both have ({one.only_better:,} and {one.only_worse:,} others)"
    )


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
