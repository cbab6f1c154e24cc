"""What a study has found, told and logged."""

from collections.abc import Mapping
from pathlib import Path

import optuna
import yaml
from optuna.trial import FrozenTrial

from facetrack.core.artifacts import mark_nobody
from facetrack.core.texts import write_count
from facetrack.system.progress import say
from facetrack.tasks.context import outputs
from facetrack.tasks.context.job import Job
from facetrack.tasks.report_names import REPORT
from facetrack.tasks.reports import Findings, describe_environment, make_report
from facetrack.tasks.scores import Means, describe_result
from facetrack.tasks.tune import report, study
from facetrack.tasks.tune.study import Plan
from facetrack.tasks.tune.trial_runs import write_settings
from facetrack.tracking import keys
from facetrack.tracking.protocols import Run


def name_study(job: Job, opened: optuna.Study, plan: Plan, best: FrozenTrial) -> report.Found:
    """A study at its end, as its pictures call it."""
    name = f"{job.config.dataset.name}, {job.tags['embedder']}, {job.tags['clusterer']}"
    return report.Found(name=name, study=opened, names=plan.names, best=best)


def give(job: Job, run: Run, plan: Plan, found: report.Found, scores: Means) -> Path:
    """Tell the best settings and log all of it; returns the folder with the files.

    scores: of the best settings.
    """
    best, values = found.best.params, scores.values
    axis = plan.ranges[0].name
    low, high = found.width(axis)
    n_finished = len(study.list_finished(found.study))
    # Before a server may refuse them.
    say(
        f"  {job.name}: best {write_settings(best)}, {describe_result(values)}, after "
        f"{write_count(n_finished, 'trial')}"
    )
    if low < high:
        say(f"  within one standard error of the best: {axis} {low:.4g} to {high:.4g}")
    job.give(
        run,
        best=best,
        within_one_standard_error={axis: (low, high)},
        trials=n_finished,
        metrics=values,
        file=outputs.tell_path(outputs.find_folder() / "best.yaml"),
    )
    run.metrics(
        {
            **values,
            **{keys.BEST_SETTING.format(name): value for name, value in best.items()},
            keys.WIDTH_LOW: low,
            keys.WIDTH_HIGH: high,
            keys.FINISHED_TRIALS: n_finished,
        },
        scores.series,
    )
    run.tags(
        {
            keys.AXIS: axis,
            keys.OBJECTIVE: " ".join(plan.names),
            keys.CURVE: found.curve_json(axis),
            keys.BEST: write_settings(best),
        }
    )
    searched = [one.name for one in plan.ranges]
    files = {
        "best.yaml": write_best(job, best, values, plan.name),
        **report.draw_files(found, searched),
    }
    said = f"Best {write_settings(best)}, {describe_result(values)}."
    findings = Findings(files, {"study.png": report.make_plots(found, searched)})
    files[REPORT] = make_report(
        job.name, [said], findings, describe_environment(run.run_id, job.capsule)
    )
    folder = outputs.write(files)
    run.artifacts(mark_nobody(files))
    return folder


def write_best(
    job: Job, params: Mapping[str, float], values: Mapping[str, float], study_name: str
) -> str:
    """What `tuned=…` reads: the choices that were tuned together, and the settings found."""
    chosen = {key: str(job.tags[key]) for key in ("detector", "embedder", "clusterer")}
    score = f", mean ARI {values['ari_mean']:.4f}" if "ari_mean" in values else ""
    head = f"# Found by study {study_name} on {job.config.dataset.name}{score}.\n"
    settings = {f"clusterer.{key}": value for key, value in params.items()}
    said = {**chosen, keys.VERSION: job.tags[keys.VERSION], "settings": settings}
    return head + yaml.safe_dump(said, sort_keys=False)
