"""Which files of MLflow runs, and which pages in outputs/, show the faces that are forgotten."""

import html
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from facetrack.figures import escape_html
from facetrack.figures.encoding import encode_json
from facetrack.system.files import user_path
from facetrack.tasks.forgetting.plan import Plan
from facetrack.tasks.report_names import REPORT, name_faces
from facetrack.tasks.tsne_names import is_page
from facetrack.tracking.keys import DATASET, ROOT
from facetrack.tracking.past import Past
from facetrack.tracking.records import RunRecord

_ERRORS = "errors.html"
_OF_JOBS = (_ERRORS, "groups.html", "tsne.html", "accessories.html")  # in outputs/, of a job alone
_BESIDE = ("factors.csv", "factor_gaps.csv", "factors.png")  # of the same job as errors
_TEXTS = (".html", ".csv")
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
_HEAD = 4096  # characters of a page that its title is among


@dataclass(frozen=True)
class Logged:
    """A file of a run."""

    past: Past
    run: RunRecord
    path: str

    def remove(self) -> None:
        """Delete it."""
        self.past.remove(self.run, self.path)

    def __str__(self) -> str:
        """As the user can find it in MLflow."""
        return f"{self.path} of run {self.run.run_id} ({self.run.name})"


class Runs:
    """The runs in an MLflow store, by whether they can show what a plan forgets."""

    def __init__(self, past: Past, plan: Plan) -> None:
        self._past, self._plan = past, plan
        self._runs = past.runs()
        self._jobs: dict[str, list[RunRecord]] = {}
        for run in self._runs:
            if run.sweep_id and run.kind != "sweep":
                self._jobs.setdefault(run.sweep_id, []).append(run)

    def files(self) -> list[Logged]:
        """Files to delete."""
        return [Logged(self._past, run, path) for run in self._runs for path in self._of(run)]

    def _of(self, run: RunRecord) -> Iterator[str]:
        if run.kind == "sweep":
            for path in self._past.files_showing_people(run):
                if self._may_be_of_dataset(run, path) and self.is_ours(
                    self._past.text(run, path), run.sweep_id
                ):
                    yield path
        elif run.choices.get(DATASET) == self._plan.dataset:
            paths = self._past.files_showing_people(run)
            if paths and self._may_be_on_it(run, paths):
                yield from paths

    def is_ours(self, page: str, sweep: str) -> bool:
        """Whether a t-SNE page of a sweep is one of the plan's dataset.

        Names of files leave out what file systems may not have: two datasets may have one. The
        title is the name of the job whose clusters are shown.
        """
        title = _told_title(page)
        of = [(job.choices.get(DATASET), _title(job)) for job in self._jobs.get(sweep, [])]
        datasets = {dataset for dataset, shown in of if shown == title} or {one for one, _ in of}
        return not of or self._plan.dataset in datasets

    def _may_be_of_dataset(self, run: RunRecord, path: str) -> bool:
        """Whether a file of a sweep may be on the plan's dataset, by what it is called.

        A t-SNE page has the dataset in its name. Another file says nothing, and neither did files
        of any other name show people before runs marked them.
        """
        name = Path(path).name
        return is_page(name, self._plan.dataset) or not (run.showing is None or is_page(name))

    def _may_be_on_it(self, run: RunRecord, paths: Sequence[str]) -> bool:
        """Whether a run on a dataset of this name may show one of the pictures.

        Folders have one name unless they were given others. A run on another folder, which is
        still there, is spared where none of its pages and tables knows the name of a picture.
        """
        told = run.quiet.get(ROOT)
        if told is None or not self._plan.names:
            return True
        # As it was given, most likely in the working directory of now.
        root = user_path(told if told.startswith("~") else Path(self._plan.work, told))
        if not root.is_dir():
            return True
        if self._plan.root is not None and _overlap(root, Path(self._plan.root)):
            return True
        forms = {form for name in self._plan.names for form in _forms(Path(name).name)}
        named = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, forms))})")
        texts = (self._past.text(run, path) for path in paths if path.endswith(_TEXTS))
        return any(named.search(text) for text in texts)


def pages(plan: Plan, runs: Runs | None) -> list[Path]:
    """A sweep's t-SNE pages and its report in outputs/, beside the working directory's runs."""
    # A report names the dataset above its faces; one of a study shows none.
    shown = escape_html(name_faces(plan.dataset))
    reports = [
        path
        for path in sorted(Path(plan.work, "outputs").glob(f"*/{REPORT}"))
        if shown in path.read_text(encoding="utf-8", errors="replace")
    ]
    return reports + [
        path
        for path in sorted(Path(plan.work, "outputs").glob("*/tsne-*.html"))
        if is_page(path.name, plan.dataset)
        and (
            runs is None
            or runs.is_ours(path.read_text(encoding="utf-8", errors="replace"), path.parent.name)
        )
    ]


def job_pages(plan: Plan) -> list[Path]:
    """Pages in outputs/ that a single job on the plan's dataset has left.

    On another folder of pictures too, where it has the same name: a run makes them again.
    """
    start = html.unescape(escape_html(f"{plan.dataset} "))
    found = [
        path
        for name in _OF_JOBS
        for path in sorted(Path(plan.work, "outputs").glob(f"*/{name}"))
        if _told_title(path.read_text(encoding="utf-8", errors="replace")).startswith(start)
    ]
    folders = [path.parent for path in found if path.name == _ERRORS]
    # Tables of groups, few people in each as they may be, do not say what they are of.
    beside = [folder / name for folder in folders for name in _BESIDE]
    return [*(path for path in beside if path.exists()), *found]


def _told_title(page: str) -> str:
    """What a page says that it is about."""
    found = _TITLE.search(page[:_HEAD])
    return html.unescape(found[1]) if found else ""


def _title(job: RunRecord) -> str:
    """What a page about a job has as its title."""
    return html.unescape(escape_html(job.name))


def _overlap(one: Path, other: Path) -> bool:
    first, second = one.resolve(), other.resolve()
    return first.is_relative_to(second) or second.is_relative_to(first)


def _forms(name: str) -> Collection[str]:
    """A name as pages and tables have it."""
    return {name, escape_html(name), encode_json(name)[1:-1]}
