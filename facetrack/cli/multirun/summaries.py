"""What sums a sweep up: each kind of job has a summary of its own, imported when it is needed."""

import functools
import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING

from facetrack.tasks.sweep.open_sweep import EndedSweep

if TYPE_CHECKING:
    from facetrack.tasks.reports import Findings
    from facetrack.tracking.records import JobRecord, StudyRecord


def summarise(ended: EndedSweep, reproduces: str | None = None) -> None:
    """Sum up a sweep's jobs: into its parent run, its folder, and on the screen.

    reproduces: what the sweep runs again (see keys.REPRODUCES), None where it is new.
    """
    _sum_up(ended)
    if reproduces:
        from facetrack.tasks.reproduce.telling import tell_sweep

        tell_sweep(ended.tracking, reproduces, ended.jobs)


def _sum_up(ended: EndedSweep) -> None:
    from facetrack.tasks.sweep import report
    from facetrack.tracking.records import StudyRecord

    studies = [job for job in ended.jobs if isinstance(job, StudyRecord)]
    if len(studies) == len(ended.jobs):
        found = _of_studies(ended, studies)
    else:
        parts = [
            sum_up(ended, of_kind)
            for kind, sum_up in _OF_KIND.items()
            if (of_kind := [job for job in ended.jobs if job.kind == kind])
        ]
        if others := [job for job in ended.jobs if job.kind not in _OF_KIND]:
            parts.append(_of_jobs(ended, others))
        found = functools.reduce(operator.or_, parts)
    if not ended.stopped:  # what is not finished is not handed on
        report.write(ended.jobs, found, ended.folder, ended.run, ended.tracking)


def _of_studies(ended: EndedSweep, studies: "Sequence[StudyRecord]") -> "Findings":
    from facetrack.tasks.tune import summary

    return summary.write(studies, ended.folder, ended.run, ended.tracking)


def _of_verifications(ended: EndedSweep, jobs: "Sequence[JobRecord]") -> "Findings":
    from facetrack.tasks.verify import summary

    return summary.write(jobs, ended.folder, ended.run, ended.tracking)


def _of_comparisons(ended: EndedSweep, jobs: "Sequence[JobRecord]") -> "Findings":
    from facetrack.tasks.compare import summary

    return summary.write(jobs, ended.swept, ended.folder, ended.run, ended.tracking)


def _of_measurements(ended: EndedSweep, jobs: "Sequence[JobRecord]") -> "Findings":
    from facetrack.tasks import metric_tables

    return metric_tables.write(jobs, ended.swept, ended.folder, ended.run, ended.tracking)


def _of_jobs(ended: EndedSweep, jobs: "Sequence[JobRecord]") -> "Findings":
    from facetrack.tasks.sweep import summary, tsne_pages

    stopped = ended.stopped
    found = summary.write(
        jobs, ended.swept, ended.folder, ended.run, ended.tracking, stopped=stopped
    )
    if not stopped:  # who pressed Ctrl-C waits for no thumbnails
        tsne_pages.write(jobs, ended.folder, ended.run, ended.tracking)
    return found


_OF_KIND = {
    "verification": _of_verifications,
    "comparison": _of_comparisons,
    "knn": _of_measurements,
    "accessories": _of_measurements,
}
