"""What a sweep says as a study: Table I, the paired comparison, Figure 3, growth with people."""

import math
from collections.abc import Iterable, Sequence

from facetrack import figures
from facetrack.core.given import KNOWN
from facetrack.core.texts import write_number
from facetrack.evaluation import article
from facetrack.evaluation.comparison import Difference, Drawn, compare_pairs
from facetrack.figures import Entry, Point, Size, Table1
from facetrack.tasks.sweep.article_column import find_beside
from facetrack.tracking import keys as names
from facetrack.tracking.protocols import Tracking
from facetrack.tracking.records import JobRecord

# The article's order; methods it does not have come after, in the order they ran.
_ORDER = ("kmeans", "agglomerative", "spectral", "dbscan", "meanshift")
_RADII = ("clusterer.bandwidth", "clusterer.eps")
_FIGURE_3 = {"meanshift": ("(a) mean-shift", "bandwidth"), "dbscan": ("(b) DBSCAN", "eps")}


def make_table1(jobs: Sequence[JobRecord], swept: Sequence[str]) -> Table1:
    """Table I of a sweep's scored jobs. swept: keys of many values."""
    entries = {}
    keys: dict[tuple[str, str], tuple[int, float]] = {}
    columns: dict[str, None] = {}
    for job in jobs:
        if job.ari is None:
            continue
        method, parameter = row(job, swept)
        name = column(job, swept)
        columns[name] = None
        value = float(parameter) if _is_number(parameter) else math.inf
        rank = _ORDER.index(method) if method in _ORDER else len(_ORDER)
        method = article.NAMES.get(method, method)
        keys[method, parameter] = rank, value
        entries[(method, parameter), name] = Entry(
            job.ari.mean, job.ari.two_std, find_beside(job, parameter)
        )
    return Table1(sorted(keys, key=lambda one: keys[one]), list(columns), entries)


def compare(
    jobs: Sequence[JobRecord], swept: Sequence[str], tracking: Tracking
) -> dict[str, list[Difference]]:
    """By column, every pair of methods at their best parameter; columns of one method left out."""
    best: dict[str, dict[str, JobRecord]] = {}
    for job in jobs:
        of_method = best.setdefault(column(job, swept), {})
        method = job.method
        if method not in of_method or _mean(of_method[method]) < _mean(job):
            of_method[method] = job
    found = {}
    for name, of_method in best.items():
        scores = {
            " ".join(row(job, swept)): tracking.history(job.run_id, names.ARI)
            for job in of_method.values()
        }
        # Unequal only where the number of resamples itself is swept: nothing is paired then.
        if len(scores) > 1 and len({len(values) for values in scores.values()}) == 1:
            found[name] = compare_pairs(scores, read_drawn(of_method.values()))
    return found


def read_drawn(jobs: Iterable[JobRecord]) -> Drawn:
    """What the resamples of some jobs are, which share them."""
    of_jobs = {(job.choices.get("sampling"), _read_fraction(job)) for job in jobs}
    if {sampling for sampling, _ in of_jobs} == {"people_halves"}:
        return "halves"
    return "bootstrap" if of_jobs == {("bootstrap", 0.8)} else "faces"


def _read_fraction(job: JobRecord) -> float:
    return float({**job.quiet, **job.parameters}.get("sampling.fraction", 1))


def draw_figure3(points: Sequence[Point]) -> list[Point]:
    """The points of the article's Figure 3, named as there; none unless it has both panels."""
    swept = [one for one in points if one.method in _FIGURE_3 and not math.isnan(one.value)]
    if {one.method for one in swept} != set(_FIGURE_3):
        return []
    return [
        Point(one.dataset, *_FIGURE_3[one.method], one.value, one.mean, one.two_std)
        for method in _FIGURE_3
        for one in swept
        if one.method == method
    ]


def draw_sizes(jobs: Sequence[JobRecord], swept: Sequence[str]) -> list[Size]:
    """How each method scored at each number of people, where that is swept."""
    if "n_people" not in swept:
        return []
    others = [key for key in swept if key not in ("n_people", "people_draw")]
    return [
        Size(
            job.choices["dataset"],
            " ".join(row(job, others)).replace(" opt", ""),
            job.people or 0,
            (_mean(job), job.metrics[names.PRECISION_MEAN], job.metrics[names.RECALL_MEAN]),
        )
        for job in jobs
    ]


def row(job: JobRecord, swept: Sequence[str]) -> tuple[str, str]:
    """Method, and its parameter as the article says it: the radius, or "opt" for a known K."""
    params, method = {**job.quiet, **job.parameters}, job.method
    said = [write_number(params[key]) for key in _RADII if key in params][:1]
    if params.get("clusterer.n_clusters") == KNOWN:
        said = ["opt"]
    said += [
        f"{key.partition('.')[2]}={write_number(params[key])}"
        for key in swept
        if key.startswith("clusterer.") and key not in _RADII and key in params
    ]
    return method, " ".join(said)


def column(job: JobRecord, swept: Sequence[str]) -> str:
    """The dataset, and what else is swept apart from the method."""
    said, params = {**job.choices, **job.quiet}, job.parameters
    parts = [job.choices["dataset"]]
    of_all = "n_people" in swept and params.get("n_people") == "None"
    for key in swept:
        if key in ("dataset", "clusterer") or key.startswith("clusterer."):
            continue
        if key == "people_draw" and of_all:
            continue
        if key == "n_people" and params.get(key) == "None":
            parts.append("all people")
        else:
            parts.append(said[key] if key in said else f"{key}={params.get(key, 'all')}")
    return " · ".join(parts)


def make_files(
    jobs: Sequence[JobRecord], swept: Sequence[str], points: Sequence[Point], tracking: Tracking
) -> tuple[dict[str, str | bytes], dict[str, list[Difference]]]:
    """The study's files by name, and the comparison; jobs: the scored ones."""
    table = make_table1(jobs, swept)
    made: dict[str, str | bytes] = {
        "table1.md": figures.format_table1_markdown(table),
        "table1.csv": figures.format_table1_csv(table),
        "table1.tex": figures.format_table1_latex(table),
    }
    compared = compare(jobs, swept, tracking)
    if compared:
        made["comparison.md"] = figures.format_comparison_markdown(compared)
        made["comparison.csv"] = figures.format_comparison_csv(compared)
    panels = draw_figure3(points)
    if panels:
        made["figure3.png"] = figures.encode_png(figures.draw_curves(panels))
    growing = draw_sizes(jobs, swept)
    if growing:
        made["growth.png"] = figures.encode_png(figures.draw_growth(growing))
        made["growth.csv"] = figures.format_growth_csv(growing)
    return made, compared


def _mean(job: JobRecord) -> float:
    return -math.inf if job.ari is None else job.ari.mean


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
