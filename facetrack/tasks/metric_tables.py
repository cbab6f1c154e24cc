"""What a sweep of measurements leaves that have no ARI over resamples: a table of their metrics."""

import math
from collections.abc import Sequence
from pathlib import Path

from facetrack import figures
from facetrack.core.artifacts import mark_nobody
from facetrack.system.files import write as write_files
from facetrack.system.progress import say
from facetrack.tasks.reports import Findings
from facetrack.tracking import keys
from facetrack.tracking.protocols import Run, Tracking
from facetrack.tracking.records import JobRecord

_STAGES = (keys.DATASET, keys.DETECTOR, keys.EMBEDDER)
_MOST = 6  # metrics on the terminal


def write(
    jobs: Sequence[JobRecord], swept: Sequence[str], folder: Path, run: Run, tracking: Tracking
) -> Findings:
    """A row per job: into the parent run, its folder, and on the screen. The jobs are of one kind.

    swept: the keys of the settings that take several values.
    """
    kind = jobs[0].kind
    names = list(dict.fromkeys(name for job in jobs for name in job.metrics))
    files: dict[str, str | bytes] = {
        f"{kind}-jobs.csv": figures.format_csv(
            (*_STAGES, "settings", *names, "status"),
            (
                (
                    *(job.choices.get(stage, "") for stage in _STAGES),
                    _tell_settings(job, swept),
                    *(job.metrics.get(name, math.nan) for name in names),
                    job.status,
                )
                for job in jobs
            ),
        )
    }
    run.artifacts(mark_nobody(files))
    write_files(folder, files)
    run.tags({keys.JOBS: len(jobs)})
    say("")
    for job in jobs:
        what = " ".join(job.choices.get(stage, "") for stage in _STAGES)
        told = ", ".join(
            f"{name} {job.metrics[name]:.4g}" for name in names[:_MOST] if name in job.metrics
        )
        named = figures.make_printable(f"{what} {_tell_settings(job, swept)}".strip())
        say(f"{named}: {told or job.status}")
    say(f"\nTable: {folder}/{kind}-jobs.csv   Every run: {tracking.open_line()}")
    return Findings(files)


def _tell_settings(job: JobRecord, swept: Sequence[str]) -> str:
    """What a job has of the settings that take several values, but for its stages."""
    said = {**job.parameters, **job.quiet}
    return " ".join(f"{key}={said[key]}" for key in swept if key in said and key not in _STAGES)
