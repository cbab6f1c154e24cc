"""A sweep's report.html: its tables and figures, and of each embeddings' best job t-SNE and errors.

The best job's pictures come from its run in MLflow: it may have run in another process, days ago.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from facetrack.core.artifacts import mark_nobody, mark_people
from facetrack.core.texts import write_count
from facetrack.figures.report_pages import ReportSection, read_table
from facetrack.tasks.context import outputs
from facetrack.tasks.context.capsule import CAPSULE
from facetrack.tasks.report_names import REPORT, name_faces
from facetrack.tasks.reports import (
    Findings,
    describe_environment,
    make_report,
    read_kept,
)
from facetrack.tasks.scores import describe_result
from facetrack.tasks.sweep.tsne_pages import choose_best
from facetrack.tracking.protocols import Run, Tracking
from facetrack.tracking.records import JobRecord

_MOST = 8  # embeddings whose faces are shown
_TSNE = {"tsne.png": "Faces on a plane, near each other where they look alike"}
_ERRORS = {
    "merged.png": "Clusters that hold several people",
    "split.png": "People whose faces are in several clusters",
}
_CONFUSED = "confused.csv"


def write(
    jobs: Sequence[JobRecord], findings: Findings, folder: Path, run: Run, tracking: Tracking
) -> None:
    """Write the report of a sweep's jobs into its parent run and its folder."""
    best = choose_best(jobs)
    faces = [one for job in best[:_MOST] for one in _show_faces(job, tracking)]
    done = sum(job.status == "FINISHED" for job in jobs)
    summary = [f"Sweep {folder.name}: {done} of {write_count(len(jobs), 'job')} finished."]
    if len(best) > _MOST:
        summary.append(f"Faces are shown of the first {_MOST} of {len(best)} sets of embeddings.")
    environment = describe_environment(
        run.run_id,
        read_kept(tracking, run.run_id, CAPSULE),
        {_name_stages(job): read_kept(tracking, job.run_id, CAPSULE) for job in best[:_MOST]},
    )
    title = f"Report of sweep {folder.name}"
    page = make_report(title, summary, findings, environment, faces)
    mark = mark_people if faces else mark_nobody
    run.artifacts(mark({REPORT: page}))
    outputs.write({REPORT: page}, folder)


def _name_stages(job: JobRecord) -> str:
    stages = [job.choices.get(stage, "") for stage in ("dataset", "detector", "embedder")]
    return " ".join([stages[0], *(one for one in stages[1:] if one != "none")])


def _show_faces(job: JobRecord, tracking: Tracking) -> Iterator[ReportSection]:
    """What the run of a job has kept of its faces."""
    of = name_faces(_name_stages(job))
    about = f"The clusters are those of {job.name}, {describe_result(job.metrics)}."
    for heading, pictures, table in (("t-SNE", _TSNE, ""), ("errors", _ERRORS, _CONFUSED)):
        found = {alt: read_kept(tracking, job.run_id, name) for name, alt in pictures.items()}
        shown = {alt: content for alt, content in found.items() if content is not None}
        rows = read_kept(tracking, job.run_id, table) if table and shown else None
        if shown:
            yield ReportSection(
                f"{of}: {heading}",
                about,
                read_table(rows.decode()) if rows else None,
                shown,
            )
