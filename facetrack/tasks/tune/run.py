"""`task=tune`: one study per dataset, embedder and clusterer.

space.py says what is searched, whole_folder.py on which faces, study_identity.py what a study is,
planning.py how to search. one_radius.py finds one radius exactly; all else is searched with Optuna:
searching.py, where scoring.py says what a trial is worth, study.py runs the trials, and report.py
draws them. results.py tells and logs what was found. This module puts them together.
"""

from dataclasses import replace
from pathlib import Path

from omegaconf import DictConfig

from facetrack.evaluation.experiment import check
from facetrack.system.progress import say
from facetrack.tasks.context.estimators import build_estimator
from facetrack.tasks.context.experiments import make_experiment
from facetrack.tasks.context.faces import choose_people, embed
from facetrack.tasks.context.instances import make
from facetrack.tasks.context.job import Job
from facetrack.tasks.context.settling import read_scale, settle
from facetrack.tasks.context.stored_configs import contain
from facetrack.tasks.tune import planning
from facetrack.tasks.tune.planning import Request
from facetrack.tasks.tune.scoring import LABEL_FREE, choose_objectives
from facetrack.tasks.tune.space import Space, check_above_zero, find_ranges


def tune(config: DictConfig) -> None:
    """Find and tell the best settings. Raises UserError for what the user can put right."""
    settle(config)
    check(config.seed, config.n_resamples)
    if config.task.workers is not None:
        check_above_zero("workers", config.task.workers)
    space = read_space(config)
    searched = find_ranges(space)
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
    folder = _study(Request(job, values, experiment, searched, names, space.natural))
    if not config.sweep_id:
        say(f"\nUse it: python -m facetrack tuned={folder}/best.yaml   Pictures: {folder}/")
        say(job.tracking.where_line())


def _study(request: Request) -> Path:
    """The study, as one run where no search is needed. Returns the folder with its files."""
    # What draws, Optuna and compiled loops take seconds to import: no mistake above needs them.
    if planning.needs_no_search(request):
        from facetrack.tasks.tune import one_radius

        return one_radius.study_radius(request)
    from facetrack.tasks.tune import searching

    planning.complete_search(request.job)
    return searching.search_study(replace(request, settings=contain(request.job.config)))


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
