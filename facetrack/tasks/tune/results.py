"""What a study has found, told and logged."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from facetrack.core.artifacts import mark_nobody
from facetrack.core.texts import write_count, write_range
from facetrack.evaluation import metrics
from facetrack.evaluation.experiment import Experiment, evaluate
from facetrack.system.progress import TERMINAL, say
from facetrack.tasks.context import outputs
from facetrack.tasks.context.job import Job
from facetrack.tasks.report_names import REPORT
from facetrack.tasks.reports import Findings, describe_environment, make_report
from facetrack.tasks.scores import describe_result, mean_scores
from facetrack.tasks.tune.trial_runs import write_settings
from facetrack.tracking import keys
from facetrack.tracking.protocols import Run

if TYPE_CHECKING:
    from facetrack.evaluation.other_people import Judged


@dataclass(frozen=True)
class Result:
    """A study at its end, in whichever way it came to it.

    name: the study's. best: the settings to use. axis: the first of them, and width: around its
    best value those within one standard error. names: the objectives. n_trials: how many settings
    trials.csv has. how: the best was found, to be read after its score. chosen_on: which faces.
    curve: (value, mean of the first objective) by rising value of the axis. files: pictures and
    tables by name. plots: plotly's figures of the search, by heading. judged: on other people;
    nearly: around the best, the values nearly as good; where that is known.
    """

    name: str
    best: Mapping[str, float]
    axis: str
    width: tuple[float, float]
    names: Sequence[str]
    n_trials: int
    how: str
    chosen_on: str
    curve: Sequence[tuple[float, float]]
    files: Mapping[str, str | bytes]
    plots: Mapping[str, Any]
    judged: "Sequence[Judged]" = field(default=())
    nearly: tuple[float, float] | None = None

    def judge(self) -> dict[str, float]:
        """How the best radius of half of the people did on the other half; empty where unknown."""
        if not self.judged:
            return {}
        lost = [one.lost for one in self.judged]
        return {
            keys.OTHERS_MEAN: metrics.summarise(one.score for one in self.judged).mean,
            keys.OTHERS_LOST: metrics.summarise(lost).mean,
            keys.OTHERS_LOST_MOST: max(lost),
        }


def name_pictures(job: Job) -> str:
    """What a study is of, as its pictures say it."""
    return f"{job.config.dataset.name}, {job.tags['embedder']}, {job.tags['clusterer']}"


def give(job: Job, run: Run, found: Result, experiment: Experiment) -> Path:
    """Score the best settings as a job is, tell and log it all; returns the folder with the files.

    Raises UserError where the estimator cannot cluster the faces.
    """
    evaluation = evaluate(experiment.with_settings(found.best), TERMINAL)
    scores, whole = mean_scores(experiment.embeddings, evaluation), None
    if experiment.embeddings.people is not None:
        people = experiment.embeddings.people
        whole = metrics.scores(people, evaluation.clusters, information=False)["ari"]
    values, axis = scores.values, found.axis
    low, high = found.width
    # Before a server may refuse them.
    say(f"  {job.name}: best {write_settings(found.best)}, {describe_result(values)}, {found.how}")
    if low < high:
        say(f"  within one standard error of the best: {axis} {write_range(low, high)}")
    if found.nearly is not None:
        from facetrack.evaluation.curve import NEARLY  # whose compiled loops take time to import

        say(f"  within {NEARLY:g} of the best: {axis} {write_range(*found.nearly)}")
    for line in _tell_choice(found, whole):
        say(f"  {line}")
    judged = found.judge()
    job.give(
        run,
        best=found.best,
        within_one_standard_error={axis: (low, high)},
        chosen_on=found.chosen_on,
        **({"other_half": judged} if judged else {}),
        trials=found.n_trials,
        metrics=values,
        file=outputs.tell_path(outputs.find_folder() / "best.yaml"),
    )
    run.metrics(
        {
            **values,
            **{keys.BEST_SETTING.format(name): value for name, value in found.best.items()},
            keys.WIDTH_LOW: low,
            keys.WIDTH_HIGH: high,
            keys.FINISHED_TRIALS: found.n_trials,
            **judged,
            **({} if whole is None else {keys.WHOLE_ARI: whole}),
        },
        scores.series,
    )
    run.tags(
        {
            keys.AXIS: axis,
            keys.OBJECTIVE: " ".join(found.names),
            keys.CURVE: _write_curve(found.curve),
            keys.BEST: write_settings(found.best),
            keys.CHOSEN_ON: found.chosen_on,
        }
    )
    files = _make_files(job, run, found, values, whole)
    folder = outputs.write(files)
    run.artifacts(mark_nobody(files))
    return folder


def _make_files(
    job: Job, run: Run, found: Result, values: Mapping[str, float], whole: float | None
) -> dict[str, str | bytes]:
    """What a study leaves, by name."""
    files = {"best.yaml": write_best(job, found, values, whole), **found.files}
    said = f"Best {write_settings(found.best)}, {describe_result(values)}, {found.how}."
    told = [f"{line[0].upper()}{line[1:]}." for line in _tell_choice(found, whole)]
    findings = Findings(files, {"study.png": found.plots})
    environment = describe_environment(run.run_id, job.capsule)
    return {**files, REPORT: make_report(job.name, [said, *told], findings, environment)}


def _tell_choice(found: Result, whole: float | None) -> list[str]:
    """What the best settings were chosen on, and how they do on all faces and on other people."""
    at_once = "" if whole is None else f"; all faces at once have ARI {whole:.3f}"
    mean = max(mean for _, mean in found.curve)
    lines = [f"chosen on {found.chosen_on}: {found.names[0]} {mean:.3f}{at_once}"]
    if judged := found.judge():
        halves = write_count(len(found.judged), "half", "halves")
        lines.append(
            f"judged on other people: at the best {found.axis} of the other half of the people, "
            f"{halves} have {found.names[0]} {judged[keys.OTHERS_MEAN]:.3f}, "
            f"{judged[keys.OTHERS_LOST]:.3f} below their own best "
            f"({judged[keys.OTHERS_LOST_MOST]:.3f} at worst)"
        )
    return lines


def _write_curve(curve: Sequence[tuple[float, float]]) -> str:
    """The curve, at most 100 points around the best, short enough for a tag of a run."""
    best = max(range(len(curve)), key=lambda i: curve[i][1])
    return json.dumps([[round(x, 5), round(y, 5)] for x, y in curve[max(0, best - 50) : best + 50]])


def write_best(job: Job, found: Result, values: Mapping[str, float], whole: float | None) -> str:
    """What `tuned=…` reads: the choices that were tuned together, and the settings found.

    And what they were chosen on, for who reads it.
    """
    chosen = {key: str(job.tags[key]) for key in ("detector", "embedder", "clusterer")}
    score = f", mean ARI {values['ari_mean']:.4f}" if "ari_mean" in values else ""
    head = f"# Found by study {found.name} on {job.config.dataset.name}{score}.\n"
    told = "".join(f"# {line[0].upper()}{line[1:]}.\n" for line in _tell_choice(found, whole))
    settings = {f"clusterer.{key}": value for key, value in found.best.items()}
    said = {
        **chosen,
        keys.VERSION: job.tags[keys.VERSION],
        "settings": settings,
        keys.CHOSEN_ON: found.chosen_on,
        **found.judge(),
    }
    return head + told + yaml.safe_dump(said, sort_keys=False)
