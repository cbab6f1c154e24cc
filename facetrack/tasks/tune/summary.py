"""What several studies say together: best radius by dataset, its width, one radius for all.

The common radius of a method and embedder is the one whose worst mean over the datasets is best
(maximin), each dataset's curve taken to be straight between its trials.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facetrack import figures
from facetrack.core.artifacts import mark_nobody
from facetrack.core.texts import write_range
from facetrack.figures import Point
from facetrack.system.files import write as write_files
from facetrack.system.progress import say
from facetrack.tasks.reports import Findings
from facetrack.tracking import keys
from facetrack.tracking.protocols import Run, Tracking
from facetrack.tracking.records import StudyRecord

_COLUMNS = ("dataset", "embedder", "clusterer", "best", "ari_mean", "two_std", "low", "high")


@dataclass(frozen=True)
class Common:
    """One value for several datasets, and the mean of the worst of them there."""

    method: str
    axis: str
    value: float
    worst: str
    mean: float


def write(studies: Sequence[StudyRecord], folder: Path, run: Run, tracking: Tracking) -> Findings:
    """Tables and curves into a sweep's parent run, its folder, and on the screen."""
    rows = [_row(one) for one in studies]
    shared = choose_common(studies)
    files: dict[str, str | bytes] = {
        "studies.csv": _csv(rows),
        "studies.md": _markdown(rows, shared),
    }
    points = [
        Point(_dataset(one), _method(one), one.axis, value, mean, math.nan)
        for one in studies
        for value, mean in one.curve
    ]
    plots: dict[str, dict[str, Any]] = {}
    if points:
        score = _score(next(one for one in studies if one.curve))
        files["curves.png"] = figures.encode_png(figures.draw_curves(points, score))
        plots["curves.png"] = {"": figures.plot_curves(points, score)}
    run.artifacts(mark_nobody(files))
    write_files(folder, files)
    run.tags({keys.STUDIES: len(studies)})
    for line in _text(rows):
        say(line)
    for shown in shared:
        say(f"\n{_tell(shown)}")
    say(f"\nTables, curves, best.yaml of each: {folder}/   Every run: {tracking.open_line()}")
    return Findings(files, plots)


def choose_common(studies: Sequence[StudyRecord]) -> list[Common]:
    """The recommended value of each method and embedder that was tuned on several datasets."""
    of_method: dict[tuple[str, str, str], dict[str, Sequence[tuple[float, float]]]] = {}
    for one in studies:
        if one.curve:
            key = (_method(one), one.axis, one.objective)
            of_method.setdefault(key, {})[_dataset(one)] = one.curve
    found = []
    for (method, axis, _), curves in of_method.items():
        low = max(curve[0][0] for curve in curves.values())
        high = min(curve[-1][0] for curve in curves.values())
        if len(curves) < 2 or low > high:
            continue
        values = np.linspace(low, high, 2001)
        means = {name: _interpolate(curve, values) for name, curve in curves.items()}
        worst = np.min(list(means.values()), axis=0)
        at = int(worst.argmax())
        name = min(means, key=lambda name: float(means[name][at]))
        found.append(Common(method, axis, float(values[at]), name, float(worst[at])))
    return found


def _interpolate(
    curve: Sequence[tuple[float, float]], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.interp(values, [value for value, _ in curve], [mean for _, mean in curve])


def _tell(one: Common) -> str:
    return (
        f"One {one.axis} for all, {one.method}: {one.value:.3g}, where the worst dataset "
        f"({figures.make_printable(one.worst)}) still has {one.mean:.3f}"
    )


def _row(study: StudyRecord) -> dict[str, str | float]:
    low, high = study.width or (math.nan, math.nan)
    return {
        **{group: study.choices[group] for group in ("dataset", "embedder")},
        "clusterer": study.method,
        "best": study.status if study.best is None else study.best,
        "ari_mean": math.nan if study.ari is None else study.ari.mean,
        "two_std": math.nan if study.ari is None else study.ari.two_std,
        "low": low,
        "high": high,
    }


def _score(study: StudyRecord) -> str:
    name = study.objective.partition(" ")[0]
    return "ARI" if name == "ari" else name


def _dataset(study: StudyRecord) -> str:
    return study.choices["dataset"]


def _method(study: StudyRecord) -> str:
    return f"{study.method}, {study.choices['embedder']}"


def _cells(row: dict[str, str | float]) -> list[str]:
    low, high = float(row["low"]), float(row["high"])
    width = "- to -" if math.isnan(low) or math.isnan(high) else write_range(low, high)
    score = "-"
    if not math.isnan(float(row["ari_mean"])):
        score = f"{float(row['ari_mean']):.4f} ± {float(row['two_std']):.4f}"
    names = [figures.make_printable(str(row[key])) for key in _COLUMNS[:4]]
    return [*names, score, width]


_HEAD = ["dataset", "embedder", "clusterer", "best", "ARI (mean ± 2·std)", "within one std. error"]


def _text(rows: Sequence[dict[str, str | float]]) -> list[str]:
    table = [_HEAD, *map(_cells, rows)]
    widths = [max(len(line[i]) for line in table) for i in range(len(_HEAD))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in table
    ]


def _markdown(rows: Sequence[dict[str, str | float]], shared: Sequence[Common]) -> str:
    lines = [_HEAD, ["---"] * len(_HEAD)]
    lines += [[figures.escape_markdown(cell) for cell in _cells(row)] for row in rows]
    return figures.format_markdown(lines) + "".join(f"\n{_tell(one)}.\n" for one in shared)


def _csv(rows: Sequence[dict[str, str | float]]) -> str:
    return figures.format_csv(_COLUMNS, ([row[key] for key in _COLUMNS] for row in rows))
