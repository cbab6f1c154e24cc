"""What sums a sweep up: each kind of job has a summary of its own, imported when it is needed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from facetrack.tasks.sweep.open_sweep import EndedSweep

if TYPE_CHECKING:
    from facetrack.tracking.records import JobRecord, StudyRecord


def summarise(ended: EndedSweep) -> None:
    """Sum up a sweep's jobs: into its parent run, its folder, and on the screen."""
    from facetrack.tracking.records import StudyRecord

    studies = [job for job in ended.jobs if isinstance(job, StudyRecord)]
    if len(studies) == len(ended.jobs):
        _of_studies(ended, studies)
        return
    others = [job for job in ended.jobs if job.kind not in _OF_KIND]
    for kind, sum_up in _OF_KIND.items():
        if of_kind := [job for job in ended.jobs if job.kind == kind]:
            sum_up(ended, of_kind)
    if others:
        _of_jobs(ended, others)


def _of_studies(ended: EndedSweep, studies: "Sequence[StudyRecord]") -> None:
    from facetrack.tasks.tune import summary

    summary.write(studies, ended.folder, ended.run, ended.tracking)


def _of_verifications(ended: EndedSweep, jobs: "Sequence[JobRecord]") -> None:
    from facetrack.tasks.verify import summary

    summary.write(jobs, ended.folder, ended.run, ended.tracking)


def _of_comparisons(ended: EndedSweep, jobs: "Sequence[JobRecord]") -> None:
    from facetrack.tasks.compare import summary

    summary.write(jobs, ended.swept, ended.folder, ended.run, ended.tracking)


def _of_measurements(ended: EndedSweep, jobs: "Sequence[JobRecord]") -> None:
    from facetrack.tasks import metric_tables

    metric_tables.write(jobs, ended.swept, ended.folder, ended.run, ended.tracking)


def _of_jobs(ended: EndedSweep, jobs: "Sequence[JobRecord]") -> None:
    from facetrack.tasks.sweep import summary, tsne_pages

    stopped = ended.stopped
    summary.write(jobs, ended.swept, ended.folder, ended.run, ended.tracking, stopped=stopped)
    if not ended.stopped:  # who pressed Ctrl-C waits for no thumbnails
        tsne_pages.write(jobs, ended.folder, ended.run, ended.tracking)


_OF_KIND = {
    "verification": _of_verifications,
    "comparison": _of_comparisons,
    "knn": _of_measurements,
    "accessories": _of_measurements,
}
