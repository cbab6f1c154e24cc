"""`task=tune`: one Optuna study per dataset, embedder and clusterer.

space.py says what is searched, scoring.py what a trial is worth, identity.py what a study is,
study.py runs the trials, report.py draws what was found. This module puts them together and writes
to MLflow.
"""

import contextlib
import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf

from facetrack.clusterer import build
from facetrack.core.artifacts import mark_nobody
from facetrack.core.errors import UserError
from facetrack.core.faces import Embeddings
from facetrack.core.texts import counted
from facetrack.evaluation import label_free
from facetrack.evaluation.experiment import check
from facetrack.system import stopping
from facetrack.system.masking import masked, remember
from facetrack.system.processes import deaf, spawning
from facetrack.system.progress import bar, say
from facetrack.tasks import outputs
from facetrack.tasks.context import targets
from facetrack.tasks.context.instances import make
from facetrack.tasks.context.settling import settle
from facetrack.tasks.evaluate.run import (
    Job,
    chosen,
    distinguishing,
    embed,
    evaluation_of,
    metrics_of,
    result,
)
from facetrack.tasks.tune.scoring import LABEL_FREE, Scorer, objectives
from facetrack.tasks.tune.space import Range, above_zero, narrowed, ranges
from facetrack.tracking import keys
from facetrack.tracking.protocols import Tracking
from facetrack.tracking.store import open_store

STORAGE = "sqlite:///outputs/studies.db"


def tune(config: DictConfig) -> None:
    """Search, and tell the best settings. Raises UserError for what the user can put right."""
    settle(config)
    check(config.seed, config.n_resamples)
    above_zero("workers", config.task.workers)
    searched = ranges(config)
    # Optuna and what draws take seconds to import: only studies need them, and no mistake above.
    from facetrack.tasks.tune import report, study

    job = Job(config, "study")
    if job.finished_before():
        return
    embeddings, _ = chosen(embed(config), config)
    if config.task.objective is None and not embeddings.names:
        say("  no labels: the radius that separates the faces best is searched (label_free)")
    names = _objectives(config, embeddings)
    if names == [LABEL_FREE]:
        searched = _near_expected(config, embeddings, searched)
    # First what may be made is made: a study's identity looks into the source of those classes.
    scorer = _scorer(config, embeddings, names)
    plan = _plan(job, embeddings, searched, names)
    opened = study.opened(plan)
    plan = replace(plan, name=opened.study_name)
    if study.IDENTITY not in opened.user_attrs:
        _recognise(opened, plan, job, embeddings)
    kept = len(study.finished(opened))
    if kept:
        say(f"  {plan.name}: {counted(kept, 'finished trial is', 'finished trials are')} kept")
    earlier = opened.user_attrs.get(study.RUN)
    run_id = earlier if earlier and job.tracking.has_run(earlier) else None
    with job.run(run_id) as run:
        opened.set_user_attr(study.RUN, run.run_id)
        _kill_dead(opened, job.tracking)
        job.say_dataset(run, embeddings)
        run.tags({keys.STUDY: plan.name, keys.STORAGE: masked(plan.storage)})
        with bar(total=plan.n_trials, description="Trials", unit="trial") as trials:
            trials.update(min(kept, plan.n_trials))

            def told() -> None:
                trials.update(min(len(study.finished(opened)), plan.n_trials) - trials.n)

            with _other_workers(config, plan, config.task.workers - 1):
                study.search(
                    plan, opened, scorer, _trial_runs(job.tracking, run.run_id, plan.name), told
                )
        _kill_dead(opened, job.tracking)
        study.demand_whole(plan, opened)
        best = study.best(opened)
        tuned = build(config.clusterer).set_params(**best.params)
        evaluation = evaluation_of(config, embeddings, tuned, make(config.sampling))
        values, series = metrics_of(embeddings, evaluation)
        found = report.Found(
            name=f"{config.dataset.name}, {job.tags['embedder']}, {job.tags['clusterer']}",
            study=opened,
            names=scorer.names,
            best=best,
        )
        axis = searched[0].name
        width = found.width(axis)
        n_finished = len(study.finished(opened))
        # Before a server may refuse them.
        _tell(job, best.params, values, width, axis, n_finished)
        job.give(
            run,
            best=best.params,
            within_one_standard_error={axis: width},
            trials=n_finished,
            metrics=values,
            file=outputs.told(outputs.folder() / "best.yaml"),
        )
        run.metrics(
            {
                **values,
                **{keys.BEST_SETTING.format(name): value for name, value in best.params.items()},
                keys.WIDTH_LOW: width[0],
                keys.WIDTH_HIGH: width[1],
                keys.FINISHED_TRIALS: n_finished,
            },
            series,
        )
        run.tags(
            {
                keys.AXIS: axis,
                keys.OBJECTIVE: " ".join(scorer.names),
                keys.CURVE: found.curve_json(axis),
                keys.BEST: _settings(best.params),
            }
        )
        files = {
            "best.yaml": best_yaml(config, job.tags, best.params, values, plan.name),
            **report.files(found, [one.name for one in searched]),
        }
        folder = outputs.write(files)
        run.artifacts(mark_nobody(files))
    if not config.sweep_id:
        say(f"\nUse it: python -m facetrack tuned={folder}/best.yaml   Pictures: {folder}/")
        say(job.tracking.where_line())


def best_yaml(
    config: DictConfig,
    stages: Mapping[str, object],
    params: Mapping[str, float],
    values: Mapping[str, float],
    study: str,
) -> str:
    """What `tuned=…` reads: the choices that were tuned together, and the settings found."""
    chosen_stages = {key: str(stages[key]) for key in ("detector", "embedder", "clusterer")}
    score = f", mean ARI {values['ari_mean']:.4f}" if "ari_mean" in values else ""
    head = f"# Found by study {study} on {config.dataset.name}{score}.\n"
    settings = {f"clusterer.{key}": value for key, value in params.items()}
    return head + yaml.safe_dump({**chosen_stages, "settings": settings}, sort_keys=False)


def _objectives(config: DictConfig, embeddings: Embeddings) -> list[str]:
    asked = config.task.objective
    return objectives(
        [str(one) for one in asked] if OmegaConf.is_list(asked) else asked,
        labelled=bool(embeddings.names),
        dataset=config.dataset.name,
    )


def _near_expected(
    config: DictConfig, embeddings: Embeddings, searched: Sequence[Range]
) -> list[Range]:
    """Ranges for the label-free objective, which is trusted near the radius to expect only."""
    natural = float(config.embedder.radius)
    n = len(label_free.distinct(embeddings.vectors, natural / 2))
    smallest, largest = (float(f"{share * natural:.4g}") for share in label_free.around(n))
    found = narrowed(searched, config, smallest, largest)
    if found != searched:
        say(f"  between {smallest:g} and {largest:g}, as suits so many faces")
    return found


def _scorer(config: DictConfig, embeddings: Embeddings, names: Sequence[str]) -> Scorer:
    return Scorer(
        embeddings,
        build(config.clusterer),
        make(config.sampling),
        config.dataset.name,
        config.seed,
        config.n_resamples,
        names,
        float(config.embedder.radius),
    )


def _plan(job: Job, embeddings: Embeddings, searched: Sequence[Range], names: list[str]) -> Any:
    from facetrack.tasks.tune import study, study_identity

    config, choices = job.config, _choices(job.tags)
    found = study_identity.identity(
        distinguishing(job.params),
        choices,
        [one.name for one in searched],
        study_identity.faces(embeddings),
        study_identity.with_source,
    )
    found |= study_identity.weights(config)
    words = (str(config.dataset.name), choices["clusterer"])
    told = " ".join(one.told() for one in searched)
    plan = study.Plan(
        name=str(config.task.study or ""),
        storage=config.task.storage or STORAGE,
        ranges=searched,
        names=names,
        sampler=config.task.sampler,
        pruner=config.task.pruner,
        n_trials=config.task.n_trials,
        timeout=config.task.timeout,
        identity=found,
    )
    if plan.name:
        return plan
    return replace(
        plan,
        name=study_identity.name(words, (sorted(found.items()), plan.search())),
        earlier=study_identity.earlier_name(config, choices, words, told, names, embeddings.digest),
    )


def _recognise(opened: Any, plan: Any, job: Job, embeddings: Embeddings) -> None:
    """Tell a study of the version before what it is, if it is what is searched now.

    A name that facetrack made stands for that; else its run in MLflow says it. Raises UserError
    where that is another, or nobody knows.
    """
    from facetrack.tasks.tune import study, study_identity

    if plan.name != plan.earlier and opened.trials:
        run = job.tracking.kept(str(opened.user_attrs.get(study.RUN)))
        if run is None:
            raise UserError(
                f"study {plan.name} does not say what it is of, as the version before has made it, "
                "and its run, which does, is not in this MLflow store: give the tracking.uri=… it "
                "was started with, or name another study by task.study=…"
            )
        searched = [one.name for one in plan.ranges]
        before, now = (
            study_identity.identity(
                distinguishing(params), _choices(tags), searched, faces, study_identity.bare
            )
            for params, tags, faces in (
                (run.parameters, run.choices, (run.digests or ("not told",))[-1]),
                (job.params, job.tags, embeddings.digest),
            )
        )
        study.demand_equal(plan, before, now)
    opened.set_user_attr(study.IDENTITY, dict(plan.identity))


def _choices(tags: Mapping[str, object]) -> dict[str, str]:
    """What was chosen of each group, and the dataset's name, as a run's tags have it."""
    return {group: str(tags.get(group, "")) for group in keys.CHOICES}


def _trial_runs(tracking: Tracking, parent: str, study_name: str) -> Any:
    """The MLflow run of a trial, as study.search wants it."""
    from facetrack.tasks.tune import study

    @contextlib.contextmanager
    def run_of(trial: Any, settings: Mapping[str, float]) -> Iterator[Any]:
        tags = {
            keys.KIND: "trial",
            keys.PARENT: parent,
            keys.STUDY: study_name,
            keys.TRIAL: trial.number,
        }
        with tracking.run(f"trial {trial.number}: {_settings(settings)}", tags) as run:
            trial.set_user_attr(study.RUN, run.run_id)
            left = study.TrialRun({}, {})
            yield left
            run.params(settings)
            run.metrics(
                {keys.MEAN.format(key): value for key, value in left.values.items()}, left.series
            )
            if left.pruned:
                run.tags({keys.PRUNED: "true"})

    return run_of


def _kill_dead(opened: Any, tracking: Tracking) -> None:
    """Trials that failed with their process left their runs running."""
    from optuna.trial import TrialState

    from facetrack.tasks.tune import study

    for trial in opened.get_trials(deepcopy=False, states=(TrialState.FAIL,)):
        if study.RUN in trial.user_attrs:
            tracking.kill(trial.user_attrs[study.RUN])


@contextlib.contextmanager
def _other_workers(config: DictConfig, plan: Any, number: int) -> Iterator[None]:
    """Processes that run trials of the same study meanwhile; one that dies stops no other."""
    context = spawning()
    known = (OmegaConf.to_yaml(config), plan, targets.Typed().names)
    processes = [context.Process(target=_work, args=known, daemon=True) for _ in range(number)]
    try:
        for process in processes:
            with deaf():
                process.start()
        yield
        for process in processes:
            process.join()
            if process.exitcode:
                say("  a worker ended before its time; the others ran its trials")
    finally:
        for process in processes:
            if process.pid is not None:
                process.terminate()
                process.join()


def _work(text: str, plan: Any, typed: frozenset[str]) -> None:
    """A worker process: opens the same study and runs trials until there are enough.

    typed: see `targets.Typed`.
    """
    from facetrack.tasks.tune import study

    targets.Typed().names = typed
    config = OmegaConf.create(text)
    assert isinstance(config, DictConfig)
    remember(OmegaConf.to_container(config))
    parent = multiprocessing.parent_process()
    assert parent is not None
    stopping.watch()  # the first process ends the others by SIGTERM; their trials are to be closed
    try:
        embeddings, _ = chosen(embed(config), config)
        scorer = _scorer(config, embeddings, plan.names)
        opened = study.opened(plan)
        tracking = open_store(config.tracking.uri, config.tracking.experiment, patient=True)
        run_of = _trial_runs(tracking, opened.user_attrs[study.RUN], plan.name)
        study.search(
            plan,
            opened,
            scorer,
            run_of,
            told=lambda: None,
            alone=lambda: not parent.is_alive(),
            tell=_leave_to_the_first,
        )
    except KeyboardInterrupt:
        pass  # the process that started this one says so
    except Exception:
        if not stopping.asked():
            raise
    finally:
        stopping.at_once()


def _leave_to_the_first(line: str) -> None:
    """What keeps a study waiting is said by the process that started the others."""
    del line


def _tell(
    job: Job,
    params: Mapping[str, float],
    values: Mapping[str, float],
    width: tuple[float, float],
    axis: str,
    trials: int,
) -> None:
    after = counted(trials, "trial")
    say(f"  {job.name}: best {_settings(params)}, {result(values)}, after {after}")
    if width[0] < width[1]:
        say(f"  within one standard error of the best: {axis} {width[0]:.4g} to {width[1]:.4g}")


def _settings(params: Mapping[str, float]) -> str:
    return " ".join(f"{key}={value:.4g}" for key, value in params.items())
