"""report.html: what a sweep, a study or an experiment has found, from the files that it leaves."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from facetrack.core.errors import UserError
from facetrack.figures.report_pages import (
    Environment,
    ReportPage,
    ReportSection,
    read_table,
    render_report,
)
from facetrack.tasks.context import capsule
from facetrack.tracking.protocols import Tracking

# By file: its heading, and what it is. In the order of the page; others follow by their names.
_KNOWN = {
    "results.csv": ("Results", "Every job, the greatest mean ARI first."),
    "studies.csv": ("Studies", "The best setting of each, and the range around it."),
    "verifications.csv": ("Verifications", ""),
    "comparisons.csv": ("Comparisons", ""),
    "embedders.csv": ("Models", ""),
    "embedders.png": ("Models compared", ""),
    "pairs.csv": ("Pairs of models", ""),
    "table1.csv": ("Table I", "The article's table; its own numbers where they exist."),
    "curves.png": ("Curves", ""),
    "figure3.png": ("Figure 3", ""),
    "growth.png": ("Growth with the number of people", ""),
    "comparison.csv": ("Comparison of methods", ""),
    "comparison-models.csv": ("Comparison of models", "On the faces that both have."),
    "study.png": ("Search", ""),
    "trials.csv": ("Trials", ""),
    "verification.png": ("Curves", ""),
    "folds.csv": ("Folds", ""),
    "knn.csv": ("Accuracies", "Of all faces, on strangers, and by the number of faces per person."),
    "knn.png": ("Accuracy with the number of faces per person", ""),
    "accessories.csv": ("Effects", "Distances in radii of the embedder."),
    "accessories.png": ("How far faces move", ""),
}
# Long, and drawn as a curve; or of one job.
_LEFT = ("roc.csv", "resamples.csv", "verification.csv", "skipped.csv")
_SHOWN = (".csv", ".png")


@dataclass(frozen=True)
class Findings:
    """What was found: files by name, and plotly's figures by the PNG that shows the same.

    A PNG's figures are by heading, "" for none.
    """

    files: Mapping[str, str | bytes]
    plots: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __or__(self, other: "Findings") -> "Findings":
        """Both."""
        return Findings({**self.files, **other.files}, {**self.plots, **other.plots})


def make_report(
    title: str,
    summary: Sequence[str],
    findings: Findings,
    environment: Environment | None,
    more: Sequence[ReportSection] = (),
) -> str:
    """The page. environment: None where nobody kept it. more: sections after the findings."""
    sections = [*_list_sections(findings), *more]
    return render_report(ReportPage(title, summary, sections, environment))


def describe_environment(
    run_id: str, own: bytes | None, others: Mapping[str, bytes | None] | None = None
) -> Environment | None:
    """What computed a run, by its capsule.json; None where it has none.

    others: capsules of what it sums up, by name, for their datasets and models.
    """
    kept = None if own is None else capsule.read(own)
    if kept is None:
        return None
    about = {"facetrack": kept.facetrack.get("version"), **kept.facetrack}
    about["files changed since"] = about.pop("changed", None)
    del about["version"]
    about |= kept.machine
    summed = {"": own, **(others or {})}
    for name, content in summed.items():
        one = None if content is None else capsule.read(content)
        if one is not None:
            of = f"{name}: " if name else ""
            about |= {f"{of}dataset {key}": value for key, value in one.dataset.items()}
            about |= {f"{of}{stage}": files for stage, files in one.models.items()}
    pairs = [(key, _tell(value)) for key, value in about.items()]
    commands = [kept.typed, f"{capsule.PROGRAM} reproduce={run_id}"]
    return Environment(commands, pairs, list(kept.packages.items()))


def read_kept(tracking: Tracking, run_id: str, name: str) -> bytes | None:
    """A file that a run has logged; None where it is no longer there."""
    try:
        return tracking.artifact(run_id, name)
    except UserError:
        return None


def _list_sections(findings: Findings) -> Iterator[ReportSection]:
    others = sorted(one for one in findings.files if one not in (*_KNOWN, *_LEFT))
    for name in (*_KNOWN, *others):
        content = findings.files.get(name)
        if content is None or not name.endswith(_SHOWN):
            continue
        heading, about = _KNOWN.get(name, (_make_heading(name), ""))
        if isinstance(content, str):
            yield ReportSection(heading, about, read_table(content))
        else:
            plots = findings.plots.get(name, {})
            yield ReportSection(heading, about, None, {heading: content}, plots)


def _make_heading(name: str) -> str:
    return name.rpartition(".")[0].replace("_", " ").replace("-", " ").capitalize()


def _tell(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_tell(one)}" for key, one in value.items()) or "as they are"
    if isinstance(value, list):
        return "; ".join(map(_tell, value))
    return {True: "yes", False: "no"}.get(value, str(value)) if value is not None else "unknown"
