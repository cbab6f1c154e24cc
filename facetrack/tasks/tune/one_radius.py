"""A study of one radius as one run: the score at every radius from one tree per resample.

Nothing is searched for, so there is nothing to go on with: a study that was interrupted is begun
again, which takes seconds.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from facetrack import figures
from facetrack.core.texts import write_count
from facetrack.evaluation.curve import NEARLY, Best, Curve, trace_resamples
from facetrack.evaluation.experiment import Experiment, limit_threads
from facetrack.evaluation.other_people import Judged, judge_on_others
from facetrack.system.progress import TERMINAL
from facetrack.tasks.tune import planning, results
from facetrack.tasks.tune.planning import Request
from facetrack.tasks.tune.results import Result
from facetrack.tasks.tune.space import Range
from facetrack.tasks.tune.whole_folder import choose_sampling, tell_choice
from facetrack.tracking import keys

_STEPS = 120  # of the grid that is drawn and written down; the best radius is between its points
_NEAR = 1000  # radii of the drawing around the best
_HILL = 0.03  # around the best is drawn where the mean is so little below it


def study_radius(request: Request) -> Path:
    """Find the best radius; tell and log it. Returns the folder with its files.

    Raises UserError for what the user can put right.
    """
    job, experiment = request.job, request.experiment
    (searched,), (score,) = request.searched, request.names
    name = planning.name_exact(request)
    with job.run() as run:
        job.say_dataset(run, experiment.embeddings)
        run.tags({keys.STUDY: name})
        chosen = replace(experiment, sampling=choose_sampling(experiment.sampling))
        with limit_threads(len(experiment.embeddings.vectors)):
            curve = _trace(chosen, score, searched)
            judged = _judge(experiment, score, searched)
        best = curve.best()
        drawn = _describe(curve, best, judged, results.name_pictures(job), score)
        plots = figures.plot_radius_study(drawn)
        found = Result(
            name=name,
            best={searched.name: best.radius},
            axis=searched.name,
            width=best.within,
            names=request.names,
            n_trials=_STEPS + 2,
            how=(
                f"of all radii from {searched.low:g} to {searched.high:g}: the mean changes at "
                f"{write_count(curve.n_changes, 'radius', 'radii')}"
            ),
            chosen_on=tell_choice(chosen.sampling, chosen.n_resamples),
            judged=judged,
            nearly=best.nearly,
            curve=list(zip(*_read(curve, best)[:2], strict=True)),
            files=_draw_files(drawn, plots, score),
            plots=plots,
        )
        return results.give(job, run, found, experiment)


def _trace(chosen: Experiment, score: str, searched: Range) -> Curve:
    steps = TERMINAL.bar(
        trace_resamples(chosen, score),
        total=chosen.n_resamples,
        description="Every radius",
        unit="resample",
    )
    return Curve(list(steps), searched.low, searched.high)


def _judge(experiment: Experiment, score: str, searched: Range) -> list[Judged]:
    halved = judge_on_others(experiment, score, searched.low, searched.high)
    return [one for both in halved for one in both]


def _read(curve: Curve, best: Best) -> tuple[list[float], list[float], list[float]]:
    """Radii of the grid and the best one, the means there, and the standard deviations."""
    radii = np.sort([*np.linspace(curve.low, curve.high, _STEPS + 1), best.radius])
    values = curve.at(radii)
    return radii.tolist(), values.mean(axis=0).tolist(), values.std(axis=0).tolist()


def _describe(
    curve: Curve, best: Best, judged: list[Judged], title: str, score: str
) -> figures.RadiusStudy:
    """What is drawn of the study."""
    radii, means, stds = _read(curve, best)
    near = np.linspace(*_find_hill(radii, means, best), _NEAR)
    return figures.RadiusStudy(
        title=title,
        score=score,
        best=(best.radius, best.mean),
        within=best.within,
        nearly=best.nearly,
        margin=NEARLY,
        curve=(radii, means, stds),
        near=(near.tolist(), curve.at(near).mean(axis=0).tolist()),
        judged=[(one.radius, one.score, one.best) for one in judged],
    )


def _draw_files(
    drawn: figures.RadiusStudy, plots: Mapping[str, Any], score: str
) -> dict[str, str | bytes]:
    """study.png, study.html, trials.csv by name."""
    head = ["trial", "state", "eps", f"{score}_mean", f"{score}_std", "within_one_standard_error"]
    low, high = drawn.within
    rows: list[list[str | float]] = [
        [number, "complete", radius, mean, std, str(low <= radius < high).lower()]
        for number, (radius, mean, std) in enumerate(zip(*drawn.curve, strict=True))
    ]
    return {
        "study.png": figures.encode_png(figures.draw_radius_study(drawn)),
        "study.html": figures.render_plots_page(figures.PlotsPage(drawn.title, plots)),
        "trials.csv": figures.format_csv(head, rows),
    }


def _find_hill(radii: list[float], means: list[float], best: Best) -> tuple[float, float]:
    """Around the best, where to look closer: one step further than the mean is nearly as good."""
    first = last = radii.index(best.radius)
    while first > 0 and means[first] >= best.mean - _HILL:
        first -= 1
    while last < len(radii) - 1 and means[last] >= best.mean - _HILL:
        last += 1
    return radii[first], radii[last]
