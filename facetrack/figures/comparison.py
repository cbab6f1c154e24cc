"""The paired comparison of methods, and of models, as tables: a row per pair, by dataset."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from facetrack.core.texts import write_count
from facetrack.figures.table import escape_markdown, format_csv, format_markdown

if TYPE_CHECKING:
    from facetrack.evaluation.comparison import Claim, Difference, ModelDifference

_HEAD = (
    *("dataset", "better", "worse", "difference"),
    *("low", "high", "p", "p_holm", "distinguishable_on_these_faces"),
    *("others_low", "others_high", "others_p", "others_p_holm", "shown_for_other_people"),
    "others_by",
)
_LEGEND = """
Each method at its best parameter, over the resamples all were scored on; first the difference of
means, for that is how much better one is. On these faces: the 95 % interval (Student's t) of the
mean over resamples of these very faces, and whether they can tell it from none (Wilcoxon's signed
ranks, p adjusted for the number of pairs, below 0.05). Enough resamples tell any difference: that
says nothing of other people. For other people: whether it would be there for other people like
these. Halves of the people say that by their spread, with a 95 % interval (sampling=people_halves);
bootstraps of 0.8 of the faces by the corrected resampled t, which gives no interval to rely on;
other resamples of faces do not.
"""
_TITLES = [
    *("dataset", "better", "worse", "difference of mean ARI", "on these faces, 95 %", "p (Holm)"),
    *("distinguishable on these faces", "for other people, 95 %", "p (Holm)"),
    "shown for other people",
]
_LINE = ["---", "---", "---", "---:", "---", "---:", "---", "---", "---:", "---"]
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
    row: list[str | float] = [dataset, one.better, one.worse, one.mean, *[""] * 11]
    if one.here is not None:
        row[4:9] = [one.here.low, one.here.high, *_write_claim(one.here)]
    if one.others is not None:
        row[11:] = [*_write_claim(one.others), "corrected resampled t"]
    if one.others is not None and one.over_halves:
        row[9:11] = [one.others.low, one.others.high]
        row[14] = "people halves"
    return row


def _write_claim(claim: "Claim") -> list[str | float]:
    return [claim.p, claim.p_holm, _say(claim.shown)]


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
    cells = [*map(escape_markdown, (dataset, one.better, one.worse)), f"{one.mean:.4f}"]
    for claim, with_interval in ((one.here, True), (one.others, one.over_halves)):
        between = f"{claim.low:.4f} to {claim.high:.4f}" if claim and with_interval else ""
        cells += [between, *([_format_p(claim.p_holm), _say(claim.shown)] if claim else ["", ""])]
    return cells


def describe_models(one: "ModelDifference") -> str:
    """One pair of models in words."""
    return (
        f"{describe_difference(one.difference)}; on the {write_count(one.common, 'face')} that "
        f"both have ({one.only_better:,} and {one.only_worse:,} others)"
    )


def describe_difference(one: "Difference") -> str:
    """One pair in words: how much, and of whom it is said."""
    said = [f"{one.better} over {one.worse}: {one.mean:+.4f}"]
    if one.here is not None:
        told = "distinguishable" if one.here.shown else "not distinguishable"
        said.append(f"{told} on these faces {_format_claim(one.here, with_interval=True)}")
    if one.others is not None:
        told = "shown" if one.others.shown else "not shown"
        by = "by halves of the people " if one.over_halves else ""
        claim = _format_claim(one.others, with_interval=one.over_halves)
        said.append(f"{told} for other people, {by}{claim}")
    return "; ".join(said)


def _format_claim(claim: "Claim", *, with_interval: bool) -> str:
    interval = f"[{claim.low:+.4f}, {claim.high:+.4f}], " if with_interval else ""
    return f"{interval}p = {_format_p(claim.p_holm)}"


def _say(whether: bool) -> str:
    return "yes" if whether else "no"


def _format_p(p: float) -> str:
    if math.isnan(p):
        return "-"
    return f"{p:.3f}" if p >= 0.001 else f"{p:.0e}"
