"""A study that is searched with Optuna: a run per trial, below the study's own.

It goes on where it stopped. Importing this takes seconds.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from facetrack.core.texts import write_count
from facetrack.system.masking import mask
from facetrack.system.progress import bar, say
from facetrack.tasks.context.stored_configs import write
from facetrack.tasks.tune import planning, report, results, study
from facetrack.tasks.tune.objectives import LABEL_FREE
from facetrack.tasks.tune.planning import Request
from facetrack.tasks.tune.results import Result
from facetrack.tasks.tune.scoring import Scorer
from facetrack.tasks.tune.trial_runs import kill_dead, make_trial_runs
from facetrack.tasks.tune.whole_folder import tell_choice
from facetrack.tasks.tune.workers import start_workers
from facetrack.tracking import keys
from facetrack.tracking.protocols import Run, Tracking

if TYPE_CHECKING:
    import optuna


def search_study(request: Request) -> Path:
    """Search, tell and log the best settings. Returns the folder with the files.

    Raises UserError for what the user can put right.
    """
    job, experiment = request.job, request.experiment
    plan = planning.make_plan(request)
    opened = study.open_study(plan)
    plan = replace(plan, name=opened.study_name)
    if study.IDENTITY not in opened.user_attrs:
        planning.recognise(opened, plan, request)
    scorer = planning.make_scorer(experiment, opened, plan.names, request.natural)
    kept = len(study.list_finished(opened))
    if kept:
        say(f"  {plan.name}: {write_count(kept, 'finished trial is', 'finished trials are')} kept")
    with begin_run(plan, opened, job.tracking, job.run) as run:
        kill_dead(opened, job.tracking)
        job.say_dataset(run, experiment.embeddings)
        run.tags({keys.STUDY: plan.name, keys.STORAGE: mask(plan.storage)})
        _search(request, plan, opened, scorer, run.run_id)
        kill_dead(opened, job.tracking)
        study.demand_whole(plan, opened)
        return results.give(job, run, _describe(request, plan, opened, scorer), experiment)


@contextlib.contextmanager
def begin_run(
    plan: study.Plan,
    opened: "optuna.Study",
    tracking: Tracking,
    run_of: Callable[[str | None], contextlib.AbstractContextManager[Run]],
) -> Iterator[Run]:
    """The study's own run: the one it has, in whatever process, or a new one.

    run_of: a run to take up again by its id, or None for a new one.
    """
    with contextlib.ExitStack() as stack:
        # Two processes that begin the study at once: one makes its run, the other takes it up.
        with study.make_turn(plan):
            earlier = opened.user_attrs.get(study.RUN)
            run_id = earlier if earlier and tracking.has_run(earlier) else None
            run = stack.enter_context(run_of(run_id))
            opened.set_user_attr(study.RUN, run.run_id)
        yield run


def _search(
    request: Request, plan: study.Plan, opened: "optuna.Study", scorer: Scorer, parent: str
) -> None:
    """Run the trials, with a bar, by as many processes as the command asks for.

    parent: the study's own run.
    """
    config, capsule = request.job.config, request.job.capsule
    run_of = make_trial_runs(request.job.tracking, parent, plan.name, capsule)
    with bar(total=plan.n_trials, description="Trials", unit="trial") as trials:
        trials.update(min(len(study.list_finished(opened)), plan.n_trials))

        def move_on() -> None:
            trials.update(min(len(study.list_finished(opened)), plan.n_trials) - trials.n)

        with start_workers(write(config), plan, config.task.workers - 1, capsule):
            study.search(plan, opened, scorer, run_of, study.Hooks(move_on=move_on))


def _describe(request: Request, plan: study.Plan, opened: "optuna.Study", scorer: Scorer) -> Result:
    found = report.Found(
        name=results.name_pictures(request.job),
        study=opened,
        names=plan.names,
        best=study.choose_best(opened),
    )
    searched = [one.name for one in plan.ranges]
    axis = searched[0]
    n_trials = len(study.list_finished(opened))
    on_faces = "all faces at once, without labels"
    drawn = tell_choice(scorer.experiment.sampling, scorer.experiment.n_resamples)
    plots = report.make_plots(found, searched)
    return Result(
        name=plan.name,
        best=found.best.params,
        axis=axis,
        width=found.width(axis),
        names=plan.names,
        n_trials=n_trials,
        how=f"after {write_count(n_trials, 'trial')}",
        chosen_on=on_faces if list(plan.names) == [LABEL_FREE] else drawn,
        curve=found.curve(axis),
        files=report.draw_files(found, searched, plots),
        plots=plots,
    )
