"""What several studies say together: best radius by dataset, its width, one radius for all.

The common radius of a method and embedder is the one whose worst mean over the datasets is best
(maximin), each dataset's curve taken to be straight between its trials.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facetrack import figures
from facetrack.figures import Point
from facetrack.system.files import write as write_files
from facetrack.system.progress import say
from facetrack.tracking.runs import Run, Tracking

_COLUMNS = ("dataset", "embedder", "clusterer", "best", "ari_mean", "two_std", "low", "high")


@dataclass(frozen=True)
class Common:
    """One value for several datasets, and the mean of the worst of them there."""

    method: str
    axis: str
    value: float
    worst: str
    mean: float


def write(studies: Sequence[Any], folder: Path, run: Run, tracking: Tracking) -> None:
    """Tables and curves into a sweep's parent run, its folder, and on the screen.

    studies: their MLflow runs.
    """
    rows = [_row(one) for one in studies]
    shared = common(studies)
    files: dict[str, str | bytes] = {
        "studies.csv": _csv(rows),
        "studies.md": _markdown(rows, shared),
    }
    points = [
        Point(_dataset(one), _method(one), one.data.tags["axis"], value, mean, math.nan)
        for one in studies
        for value, mean in _curve(one)
    ]
    if points:
        files["curves.png"] = figures.encode_png(figures.draw_curves(points, _score(studies[0])))
    run.artifacts(files)
    write_files(folder, files)
    run.tags({"studies": len(studies)})
    for line in _text(rows):
        say(line)
    for one in shared:
        say(f"\n{_told(one)}")
    say(f"\nTables, curves, best.yaml of each: {folder}/   Every run: {tracking.open_line()}")


def common(studies: Sequence[Any]) -> list[Common]:
    """The recommended value of each method and embedder that was tuned on several datasets."""
    of_method: dict[tuple[str, str, str], dict[str, list[tuple[float, float]]]] = {}
    for one in studies:
        tags = one.data.tags
        curve = _curve(one)
        if curve:
            key = (_method(one), tags["axis"], tags["objective"])
            of_method.setdefault(key, {})[_dataset(one)] = curve
    found = []
    for (method, axis, _), curves in of_method.items():
        low = max(curve[0][0] for curve in curves.values())
        high = min(curve[-1][0] for curve in curves.values())
        if len(curves) < 2 or low > high:
            continue
        values = np.linspace(low, high, 2001)
        means = {name: _interpolated(curve, values) for name, curve in curves.items()}
        worst = np.min(list(means.values()), axis=0)
        at = int(worst.argmax())
        name = min(means, key=lambda name: float(means[name][at]))
        found.append(Common(method, axis, float(values[at]), name, float(worst[at])))
    return found


def _interpolated(
    curve: Sequence[tuple[float, float]], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.interp(values, [value for value, _ in curve], [mean for _, mean in curve])


def _told(one: Common) -> str:
    return (
        f"One {one.axis} for all, {one.method}: {one.value:.3g}, where the worst dataset "
        f"({figures.make_printable(one.worst)}) still has {one.mean:.3f}"
    )


def _row(study: Any) -> dict[str, str | float]:
    tags, metrics = study.data.tags, study.data.metrics
    return {
        "dataset": tags["dataset"],
        "embedder": tags["embedder"],
        "clusterer": tags["clusterer"],
        "best": tags.get("best", study.info.status),
        "ari_mean": metrics.get("ari_mean", math.nan),
        "two_std": 2 * metrics.get("ari_std", math.nan),
        "low": metrics.get("width_low", math.nan),
        "high": metrics.get("width_high", math.nan),
    }


def _curve(study: Any) -> list[tuple[float, float]]:
    return [(value, mean) for value, mean in json.loads(study.data.tags.get("curve", "[]"))]


def _score(study: Any) -> str:
    name = str(study.data.tags["objective"]).partition(" ")[0]
    return "ARI" if name == "ari" else name


def _dataset(study: Any) -> str:
    return str(study.data.tags["dataset"])


def _method(study: Any) -> str:
    return f"{study.data.tags['clusterer']}, {study.data.tags['embedder']}"


def _cells(row: dict[str, str | float]) -> list[str]:
    def number(value: str | float) -> str:
        return "-" if math.isnan(float(value)) else f"{float(value):.4g}"

    score = "-"
    if not math.isnan(float(row["ari_mean"])):
        score = f"{float(row['ari_mean']):.4f} ± {float(row['two_std']):.4f}"
    names = [figures.make_printable(str(row[key])) for key in _COLUMNS[:4]]
    return [*names, score, f"{number(row['low'])} to {number(row['high'])}"]


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
    return figures.format_markdown(lines) + "".join(f"\n{_told(one)}.\n" for one in shared)


def _csv(rows: Sequence[dict[str, str | float]]) -> str:
    return figures.format_csv(_COLUMNS, ([row[key] for key in _COLUMNS] for row in rows))
