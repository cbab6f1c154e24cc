"""What a sweep leaves: the results table, the curves of ARI against the swept parameter."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from facetrack import figures
from facetrack.core.artifacts import mark_nobody
from facetrack.core.protocol import name_method
from facetrack.evaluation.comparison import Difference
from facetrack.figures import Point
from facetrack.system.files import write as write_files
from facetrack.system.progress import say
from facetrack.tasks.reports import Findings
from facetrack.tasks.sweep import article_tables
from facetrack.tasks.sweep.models import compare_models
from facetrack.tracking import keys
from facetrack.tracking.protocols import Run, Tracking
from facetrack.tracking.records import JobRecord

Row = dict[str, str | float]

_MOST_TOLD = 6  # pairs of models
_BEST = ("dataset", "method", "parameters")  # told of the best job


def write(
    jobs: Sequence[JobRecord],
    swept: list[str],
    folder: Path,
    run: Run,
    tracking: Tracking,
    *,
    stopped: bool = False,
) -> Findings:
    """Summarise a sweep's jobs: into its parent run, its folder, and on the screen.

    swept: the keys of the settings that take several values. stopped: whether somebody waits for
    it to end: what takes long is left out then.
    """
    rows = [_row(job) for job in jobs]
    ranked = figures.rank_rows(rows)
    files: dict[str, str | bytes] = {
        "results.csv": figures.format_results_csv(ranked),
        "results.md": figures.format_results_markdown(ranked),
    }
    plots: dict[str, dict[str, Any]] = {}
    with_scores = [job for job in jobs if job.ari is not None]
    compared: dict[str, list[Difference]] = {}
    models = {} if stopped else compare_models(with_scores, swept, tracking)
    if with_scores:
        points = _points(with_scores, swept)
        studied, compared = article_tables.make_files(with_scores, swept, points, tracking)
        files |= studied
        if "n_people" not in swept:  # growth.png shows those
            files["curves.png"] = figures.encode_png(figures.draw_curves(points))
            plot = figures.plot_curves(points)
            files["curves.html"] = figures.render_curves_page(points, plot=plot)
            plots["curves.png"] = {"": plot}
    if models:
        methods = [figures.format_comparison_markdown(compared)] if compared else []
        told = "\n".join([*methods, figures.format_models_markdown(models)])
        files["comparison.md"] = told
        files["comparison-models.csv"] = figures.format_models_csv(models)
    run.artifacts(mark_nobody(files))
    write_files(folder, files)

    scored = [row for row in ranked if not math.isnan(float(row["ari_mean"]))]
    best = {keys.BEST_OF_SWEEP.format(key): scored[0][key] for key in _BEST} if scored else {}
    run.tags({keys.JOBS: len(jobs), **best})
    if scored:
        run.metrics({keys.BEST_ARI_MEAN: float(scored[0]["ari_mean"])})
    say("\n" + figures.format_results_text(ranked))
    for dataset, differences in compared.items():
        say(f"{dataset}, best of each method: {figures.describe_difference(differences[0])}")
    for dataset, pairs in models.items():
        for one in pairs[:_MOST_TOLD]:
            say(f"{dataset}: {figures.describe_models(one)}")
        if len(pairs) > _MOST_TOLD:
            say(f"{dataset}: {len(pairs) - _MOST_TOLD} more pairs in comparison.md")
    say(f"\nTables and curves: {folder}/   Every run: {tracking.open_line()}")
    return Findings(files, plots)


def _row(job: JobRecord) -> Row:
    method, _, parameters = job.overrides.partition(" ")
    return {
        **{stage: job.choices.get(stage, "") for stage in ("dataset", "detector", "embedder")},
        "method": name_method(method, job.protocol_version),
        "parameters": parameters,
        "ari_mean": math.nan if job.ari is None else job.ari.mean,
        "two_std": math.nan if job.ari is None else job.ari.two_std,
        "clusters": job.metrics.get(keys.CLUSTERS_MEAN, math.nan),
        "people": job.metrics.get(keys.PEOPLE_MEAN, math.nan),
        "seconds": job.metrics.get(keys.SECONDS_MEAN, math.nan),
        "status": job.status,
    }


def _points(jobs: Sequence[JobRecord], swept: list[str]) -> list[Point]:
    """Mean ARI against the one swept number; other swept settings tell curves apart."""
    axis = next((key for key in swept if _numeric(jobs, key)), None)
    others = [key for key in swept if key not in (axis, "dataset", "clusterer")]
    points = []
    for job in jobs:
        if job.ari is None:
            continue
        said = {**job.choices, **job.quiet}
        settings = [
            said[key] if key in said else f"{key.rsplit('.', 1)[-1]}={job.parameters.get(key, '')}"
            for key in others
        ]
        value = job.parameters.get(axis) if axis else None
        points.append(
            Point(
                dataset=job.choices["dataset"],
                method=", ".join([job.method, *settings]),
                parameter=axis.rsplit(".", 1)[-1] if axis else "",
                value=float(value) if value is not None else math.nan,
                mean=job.ari.mean,
                two_std=job.ari.two_std,
            )
        )
    return points


def _numeric(jobs: Sequence[JobRecord], key: str) -> bool:
    values = [job.parameters[key] for job in jobs if key in job.parameters]
    try:
        return len({float(value) for value in values}) > 1
    except ValueError:
        return False
