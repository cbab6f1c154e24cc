"""What a sweep leaves: the results table, the curves of ARI against the swept parameter."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from facetrack import figures
from facetrack.evaluation.comparison import Difference
from facetrack.figures import Point
from facetrack.system.files import write as write_files
from facetrack.system.progress import say
from facetrack.tasks.sweep import article_tables
from facetrack.tracking.runs import Run, Tracking

Row = dict[str, str | float]


def write(
    jobs: Sequence[Any], swept: list[str], folder: Path, run: Run, tracking: Tracking
) -> None:
    """Summarise a sweep's MLflow runs: into its parent run, its folder, and on the screen.

    jobs: the jobs' MLflow runs. swept: the keys of the settings that take several values.
    """
    rows = [_row(job) for job in jobs]
    ranked = figures.rank_rows(rows)
    files: dict[str, str | bytes] = {
        "results.csv": figures.format_results_csv(ranked),
        "results.md": figures.format_results_markdown(ranked),
    }
    with_scores = [job for job in jobs if "ari_mean" in job.data.metrics]
    compared: dict[str, list[Difference]] = {}
    if with_scores:
        points = _points(with_scores, swept)
        studied, compared = article_tables.files(with_scores, swept, points, tracking)
        files |= studied
        if "n_people" not in swept:  # growth.png shows those
            files["curves.png"] = figures.encode_png(figures.draw_curves(points))
            files["curves.html"] = figures.render_curves_page(points)
    run.artifacts(files)
    write_files(folder, files)

    scored = [row for row in ranked if not math.isnan(float(row["ari_mean"]))]
    run.tags({"jobs": len(jobs)})
    if scored:
        best = scored[0]
        run.tags({f"best_{key}": best[key] for key in ("dataset", "method", "parameters")})
        run.metrics({"best_ari_mean": float(best["ari_mean"])})
    say("\n" + figures.format_results_text(ranked))
    for dataset, differences in compared.items():
        say(f"{dataset}, best of each method: {figures.describe_difference(differences[0])}")
    say(f"\nTables and curves: {folder}/   Every run: {tracking.open_line()}")


def _row(job: Any) -> Row:
    tags, metrics = job.data.tags, job.data.metrics
    method, _, parameters = tags.get("overrides", "").partition(" ")
    return {
        "dataset": tags.get("dataset", ""),
        "detector": tags.get("detector", ""),
        "embedder": tags.get("embedder", ""),
        "method": method,
        "parameters": parameters,
        "ari_mean": metrics.get("ari_mean", math.nan),
        "two_std": 2 * metrics.get("ari_std", math.nan),
        "clusters": metrics.get("n_clusters_mean", math.nan),
        "people": metrics.get("n_people_mean", math.nan),
        "seconds": metrics.get("fit_seconds_mean", math.nan),
        "status": job.info.status,
    }


def _points(jobs: Sequence[Any], swept: list[str]) -> list[Point]:
    """Mean ARI against the one swept number; other swept settings tell curves apart."""
    axis = next((key for key in swept if _numeric(jobs, key)), None)
    others = [key for key in swept if key not in (axis, "dataset", "clusterer")]
    points = []
    for job in jobs:
        tags, params, metrics = job.data.tags, job.data.params, job.data.metrics
        settings = [
            tags[key] if key in tags else f"{key.rsplit('.', 1)[-1]}={params.get(key, '')}"
            for key in others
        ]
        value = params.get(axis) if axis else None
        points.append(
            Point(
                dataset=tags["dataset"],
                method=", ".join([tags["clusterer"], *settings]),
                parameter=axis.rsplit(".", 1)[-1] if axis else "",
                value=float(value) if value is not None else math.nan,
                mean=metrics["ari_mean"],
                two_std=2 * metrics["ari_std"],
            )
        )
    return points


def _numeric(jobs: Sequence[Any], key: str) -> bool:
    values = [job.data.params[key] for job in jobs if key in job.data.params]
    try:
        return len({float(value) for value in values}) > 1
    except ValueError:
        return False
