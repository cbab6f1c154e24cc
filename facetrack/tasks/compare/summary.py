"""What a sweep of comparisons leaves: a table, and which models were picked how often."""

import math
from collections import Counter
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

_HEAD = ("comparison", "model", "faces", "F", "ARI", "expected F", "picked")
_SCORES = ("faces", "bcubed_f", "ari", "expected_f")  # of keys.OF_MODEL
_ENDED = "FINISHED"


def write(
    jobs: Sequence[JobRecord], swept: Sequence[str], folder: Path, run: Run, tracking: Tracking
) -> Findings:
    """Sum up a sweep's comparisons: into its parent run, its folder, and on the screen.

    swept: the keys of the settings that take several values.
    """
    rows = [row for job in jobs for row in _make_rows(job, swept)]
    table = [list(_HEAD), *(_make_cells(row) for row in rows)]
    marks = ["---", "---", *["---:"] * len(_SCORES), "---"]
    lines = [table[0], marks, *([figures.escape_markdown(one) for one in row] for row in table[1:])]
    told = _tell_picked(jobs)
    files: dict[str, str | bytes] = {
        "comparisons.csv": figures.format_csv(("comparison", "model", *_SCORES, "picked"), rows),
        "comparisons.md": f"{figures.format_markdown(lines)}\n{figures.escape_markdown(told)}\n",
    }
    run.artifacts(mark_nobody(files))
    write_files(folder, files)
    run.tags({keys.JOBS: len(jobs)})
    say("")
    widths = [max(len(line[at]) for line in table) for at in range(len(_HEAD))]
    for line in table:
        cells = (figures.make_printable(one).ljust(w) for one, w in zip(line, widths, strict=True))
        say("  ".join(cells).rstrip())
    say(f"\n{told}\nTables: {folder}/   Every run: {tracking.open_line()}")
    return Findings(files)


def _make_rows(job: JobRecord, swept: Sequence[str]) -> list[tuple[str | float, ...]]:
    """A row for each model of a comparison, unrounded; one for a comparison that did not end."""
    name = _name(job, swept)
    if job.status != _ENDED:
        return [(name, "", *[math.nan] * len(_SCORES), job.status)]
    models = [key.partition(".")[2] for key in job.metrics if key.startswith("faces.")]
    return [
        (
            *(name, model.replace(".", "+")),
            *(job.metrics.get(f"{key}.{model}", math.nan) for key in _SCORES),
            "yes" if job.tags.get(keys.PICKED) == model.replace(".", "+") else "",
        )
        for model in sorted(models)
    ]


def _name(job: JobRecord, swept: Sequence[str]) -> str:
    """The dataset, and what a comparison has of the settings that take several values."""
    said = {**job.parameters, **job.quiet, **job.choices}
    settings = [f"{key}={said[key]}" for key in swept if key in said and key != keys.DATASET]
    return " ".join([job.choices.get(keys.DATASET, ""), *settings])


def _make_cells(row: tuple[str | float, ...]) -> list[str]:
    name, model, faces, *scores, picked = row
    shown = ["-" if math.isnan(float(one)) else f"{one:.3f}" for one in scores]
    count = "-" if math.isnan(float(faces)) else f"{faces:,.0f}"
    return [str(name), str(model), count, *shown, str(picked)]


def _tell_picked(jobs: Sequence[JobRecord]) -> str:
    """ "Picked: haar+dlib in 2 of 3 comparisons; cannot tell in 1"."""
    ended = [job for job in jobs if job.status == _ENDED]
    picked = Counter(job.tags.get(keys.PICKED, "") for job in ended)
    undecided = picked.pop("", 0)
    found = ", ".join(f"{name} in {n}" for name, n in picked.most_common()) or "none"
    told = f"Picked, of {len(ended)} comparisons: {found}"
    return f"{told}; cannot tell in {undecided}" if undecided else told
