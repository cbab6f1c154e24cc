"""What a sweep of verifications leaves: a table, best first, and all curves in one figure."""

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from facetrack import figures
from facetrack.core.artifacts import mark_nobody
from facetrack.core.errors import UserError
from facetrack.evaluation.verification import Roc
from facetrack.system.files import write as write_files
from facetrack.system.progress import say
from facetrack.tasks.reports import Findings
from facetrack.tasks.verify.results import ROC, make_curve
from facetrack.tracking import keys
from facetrack.tracking.protocols import Run, Tracking
from facetrack.tracking.records import JobRecord

_NUMBERS = {
    "accuracy": keys.ACCURACY,
    "standard_error": keys.ACCURACY_ERROR,
    **{key: key for key in (keys.TAR_1, keys.TAR_01)},
    "pairs": keys.PAIRS,
    "missing_pairs": keys.MISSING_PAIRS,
}
_HEAD = ("job", "accuracy", "TAR at FAR 1 %", "0.1 %", "pairs", "without a face")


def write(jobs: Sequence[JobRecord], folder: Path, run: Run, tracking: Tracking) -> Findings:
    """Sum up a sweep's verifications: into its parent run, its folder, and on the screen."""
    ranked = sorted(jobs, key=lambda job: -_rank(job))
    files: dict[str, str | bytes] = {
        "verifications.csv": _format_csv(ranked),
        "verifications.md": _format_markdown(ranked),
    }
    plots: dict[str, dict[str, Any]] = {}
    curves = [curve for job in ranked if (curve := _read_curve(job, tracking)) is not None]
    if curves:
        title = "Verification"
        files["verification.png"] = figures.encode_png(figures.draw_verification(curves, title))
        files["verification.html"] = figures.render_verification_page(curves, title)
        plots["verification.png"] = {"": figures.plot_verification(curves)}
    run.artifacts(mark_nobody(files))
    write_files(folder, files)
    run.tags({keys.JOBS: len(jobs)})
    say("")
    for line in _format_text(ranked):
        say(line)
    say(f"\nTables and curves: {folder}/   Every run: {tracking.open_line()}")
    return Findings(files, plots)


def _rank(job: JobRecord) -> float:
    """The accuracy; -inf where there is none to rank by."""
    return job.metrics.get(keys.ACCURACY, -math.inf) if job.status == "FINISHED" else -math.inf


def _name(job: JobRecord) -> str:
    """What was verified with what, "lfw haar dlib"."""
    return f"{job.choices.get(keys.DATASET, '')} {job.overrides.partition(' ')[2]}"


def _read_curve(job: JobRecord, tracking: Tracking) -> figures.Curve | None:
    """A finished job's curve; None where its file is no longer there, or not what it was."""
    if _rank(job) == -math.inf:
        return None
    try:
        text = tracking.artifact(job.run_id, ROC).decode()
        rows = [
            [float(row["far"]), float(row["tar"]), float(row["distance"])]
            for row in csv.DictReader(io.StringIO(text, newline=""))
        ]
        far, tar, distances = np.array(rows).T
        return make_curve(_name(job), Roc(far, tar, distances), job.metrics)
    except (UserError, ValueError, KeyError, TypeError) as error:
        say(f"No curve of {_name(job)}: {error}")
        return None


def _format_csv(jobs: Sequence[JobRecord]) -> str:
    head = (keys.DATASET, keys.DETECTOR, keys.EMBEDDER, "settings", *_NUMBERS, "status")
    return figures.format_csv(
        head,
        (
            (
                *(job.choices.get(stage, "") for stage in head[:3]),
                " ".join(one for one in job.overrides.split(" ") if "=" in one),
                *(job.metrics.get(key, math.nan) for key in _NUMBERS.values()),
                job.status,
            )
            for job in jobs
        ),
    )


def _make_cells(job: JobRecord) -> list[str]:
    values = job.metrics
    if _rank(job) == -math.inf:
        return [_name(job), job.status, *["-"] * (len(_HEAD) - 2)]
    return [
        _name(job),
        f"{values[keys.ACCURACY]:.4f} ± {values[keys.ACCURACY_ERROR]:.4f}",
        f"{values[keys.TAR_1]:.4f}",
        f"{values[keys.TAR_01]:.4f}",
        f"{values[keys.PAIRS]:,.0f}",
        f"{values[keys.MISSING_PAIRS]:,.0f}",
    ]


def _format_text(jobs: Sequence[JobRecord]) -> list[str]:
    rows = [[figures.make_printable(cell) for cell in _make_cells(job)] for job in jobs]
    table = [list(_HEAD), *rows]
    widths = [max(len(line[i]) for line in table) for i in range(len(_HEAD))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in table
    ]


def _format_markdown(jobs: Sequence[JobRecord]) -> str:
    lines = [list(_HEAD), ["---", *["---:"] * (len(_HEAD) - 1)]]
    lines += [[figures.escape_markdown(cell) for cell in _make_cells(job)] for job in jobs]
    return figures.format_markdown(lines)
