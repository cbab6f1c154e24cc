"""What a run of the organiser says at the end, and what of it is kept in its MLflow run."""

import hashlib

from facetrack.core.artifacts import mark_people
from facetrack.core.texts import make_readable
from facetrack.organiser.state import PAGE
from facetrack.organiser.summary import list_reasons
from facetrack.system import json_lines
from facetrack.system.progress import say
from facetrack.tasks.context import outputs
from facetrack.tasks.organising.request import Report, Sorted
from facetrack.tasks.scores import write_skipped
from facetrack.tracking import keys
from facetrack.tracking.address import NOWHERE
from facetrack.tracking.protocols import Run, Tracking

_MOST_TOLD = 20


def keep(run: Run, tracking: Tracking, report: Report) -> str:
    """Log the run; returns which page is in MLflow, and where.

    The page, which may be large, is logged only where it is not in MLflow as it is.
    """
    counts = report.counts
    tags: dict[str, object] = {key: counts[key] for key in (keys.FACES, keys.PERSONS)}
    run.metrics({name: float(count) for name, count in counts.items()})
    if report.neighbors_recall is not None:
        run.metrics({keys.NEIGHBORS_RECALL: report.neighbors_recall})
    mistaken = report.mistaken
    if mistaken is not None and mistaken.rate is not None:
        run.metrics({keys.IMPOSSIBLE_PAIRS: mistaken.rate, keys.PHOTO_PAIRS: mistaken.n_pairs})
    if tracking.uri == NOWHERE:
        return report.logged
    files: dict[str, str | bytes] = {"skipped.csv": write_skipped(report.skipped)}
    logged = report.logged
    where, _, digest = logged.partition(" ")
    if digest == (digest := hashlib.sha256(report.page).hexdigest()) and tracking.has_run(where):
        tags[keys.PAGE_OF_RUN] = where
    else:
        files[PAGE] = report.page
        logged = f"{run.run_id} {digest}"
    run.artifacts(mark_people(files), tags)
    return logged


def tell_dry(result: Sorted) -> None:
    """Say what would be done, and give it to scripts."""
    for line in [*result.summary, *result.changes, *map(make_readable, result.remarks)]:
        say(line)
    say("\nNothing was changed: leave out task.dry_run=true, and it is done")
    json_lines.tell(
        "organise",
        status="FINISHED",
        dry_run=True,
        counts=result.counts,
        radius=result.radius,
        changes=result.changes,
        folder=result.out,
    )
    outputs.leave_no_empty_folder()


def tell(result: Sorted, tracking: Tracking) -> None:
    """Say it all."""
    if result.restored:
        say("Restored" + (": what was begun before is finished" if result.resumed else ""))
    elif result.is_new:
        say(f"New folder: {result.out}")
    for line in [*result.summary, *result.changes]:
        say(line)
    skipped = [f"skipped {reason}" for reason in list_reasons(result.skipped)]
    noted = list_reasons(result.noted)
    more = f"more: see {PAGE}"
    for lines, what in ((skipped, more), (noted, more), (result.remarks, "more such remarks")):
        for line in lines[:_MOST_TOLD]:
            say(f"  {make_readable(line)}")
        if len(lines) > _MOST_TOLD:
            say(f"  and {len(lines) - _MOST_TOLD} {what}")
    say(f"\nOpen {result.page}")
    say(f"Names and corrections go into {result.people}; then run the same command again")
    if tracking.uri != NOWHERE:
        say(tracking.where_line())
