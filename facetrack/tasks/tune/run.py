"""`task=tune`: one Optuna study per dataset, embedder and clusterer.

space.py says what is searched, scoring.py what a trial is worth, study_identity.py what a study is,
planning.py how to search, study.py runs the trials, report.py draws what was found, results.py
tells and logs it. This module puts them together.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from facetrack.core.texts import write_count
from facetrack.evaluation.experiment import check, evaluate
from facetrack.system.masking import mask
from facetrack.system.progress import TERMINAL, bar, say
from facetrack.tasks.context.estimators import build_estimator
from facetrack.tasks.context.experiments import make_experiment
from facetrack.tasks.context.faces import choose_people, embed
from facetrack.tasks.context.instances import make
from facetrack.tasks.context.job import Job
from facetrack.tasks.context.settling import read_scale, settle
from facetrack.tasks.context.stored_configs import contain, write
from facetrack.tasks.scores import mean_scores
from facetrack.tasks.tune import planning
from facetrack.tasks.tune.planning import Asked
from facetrack.tasks.tune.scoring import LABEL_FREE, Scorer, choose_objectives
from facetrack.tasks.tune.space import Space, check_above_zero, find_ranges
from facetrack.tasks.tune.trial_runs import kill_dead, make_trial_runs
from facetrack.tasks.tune.workers import start_workers
from facetrack.tracking import keys

if TYPE_CHECKING:
    import optuna

    from facetrack.tasks.tune.study import Plan, RunOf


def tune(config: DictConfig) -> None:
    """Search, and tell the best settings. Raises UserError for what the user can put right."""
    settle(config)
    check(config.seed, config.n_resamples)
    check_above_zero("workers", config.task.workers)
    space = read_space(config)
    searched = find_ranges(space)
    # Optuna and what draws take seconds to import: only studies need them, and no mistake above.
    from facetrack.tasks.tune import results, study

    job = Job(config, "study")
    if job.finished_before():
        return
    embeddings, _ = choose_people(embed(config), config)
    if config.task.objective is None and not embeddings.names:
        say("  no labels: the radius that separates the faces best is searched (label_free)")
    values = contain(config)
    names = choose_objectives(
        values["task"]["objective"], labelled=bool(embeddings.names), dataset=config.dataset.name
    )
    if names == [LABEL_FREE]:
        searched = planning.narrow_to_expected(searched, space, embeddings)
    # First what may be made is made: a study's identity looks into the source of those classes.
    estimator, sampling = build_estimator(config.clusterer), make(config.sampling)
    experiment = make_experiment(config, embeddings, estimator, sampling)
    scorer = Scorer(experiment, names, space.natural)
    asked = Asked(str(config.dataset.name), values, job.params, job.tags)
    plan = planning.make_plan(asked, embeddings, searched, names)
    opened = study.open_study(plan)
    plan = replace(plan, name=opened.study_name)
    if study.IDENTITY not in opened.user_attrs:
        planning.recognise(opened, plan, asked, embeddings, job.tracking)
    kept = len(study.list_finished(opened))
    if kept:
        say(f"  {plan.name}: {write_count(kept, 'finished trial is', 'finished trials are')} kept")
    earlier = opened.user_attrs.get(study.RUN)
    run_id = earlier if earlier and job.tracking.has_run(earlier) else None
    with job.run(run_id) as run:
        opened.set_user_attr(study.RUN, run.run_id)
        kill_dead(opened, job.tracking)
        job.say_dataset(run, embeddings)
        run.tags({keys.STUDY: plan.name, keys.STORAGE: mask(plan.storage)})
        run_of = make_trial_runs(job.tracking, run.run_id, plan.name)
        _search(config, plan, opened, scorer, run_of)
        kill_dead(opened, job.tracking)
        study.demand_whole(plan, opened)
        best = study.choose_best(opened)
        tuned = experiment.with_settings(best.params)
        scores = mean_scores(embeddings, evaluate(tuned, TERMINAL))
        folder = results.give(job, run, plan, results.name_study(job, opened, plan, best), scores)
    if not config.sweep_id:
        say(f"\nUse it: python -m facetrack tuned={folder}/best.yaml   Pictures: {folder}/")
        say(job.tracking.where_line())


def _search(
    config: DictConfig, plan: "Plan", opened: "optuna.Study", scorer: Scorer, run_of: "RunOf"
) -> None:
    """Run the trials, with a bar, by as many processes as the command asks for."""
    from facetrack.tasks.tune import study

    with bar(total=plan.n_trials, description="Trials", unit="trial") as trials:
        trials.update(min(len(study.list_finished(opened)), plan.n_trials))

        def move_on() -> None:
            trials.update(min(len(study.list_finished(opened)), plan.n_trials) - trials.n)

        with start_workers(write(config), plan, config.task.workers - 1):
            study.search(plan, opened, scorer, run_of, study.Hooks(move_on=move_on))


def read_space(config: DictConfig) -> Space:
    """What a config has to search."""
    values = contain(config)
    clusterer, asked = values["clusterer"], values["task"]["space"]
    return Space(
        clusterer=str(clusterer["_target_"]).rsplit(".", 1)[-1],
        settings=clusterer,
        own=clusterer.get("space") or {},
        asked={name: ends for name, ends in asked.items() if ends is not None},
        scale=read_scale(config),
        share=clusterer.get("share"),
    )
