"""A study from the faces to what is told of it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from facetrack.system.progress import say
from facetrack.tasks.context.estimators import build_estimator
from facetrack.tasks.context.experiments import make_experiment
from facetrack.tasks.context.faces import choose_people, embed
from facetrack.tasks.context.instances import make
from facetrack.tasks.context.job import Job
from facetrack.tasks.context.stored_configs import contain
from facetrack.tasks.tune import planning
from facetrack.tasks.tune.objectives import LABEL_FREE, choose_objectives
from facetrack.tasks.tune.planning import Request
from facetrack.tasks.tune.space import Range, Space


def run_study(job: Job, space: Space, searched: Sequence[Range]) -> None:
    """Embed the faces, study them, and say where the best settings are.

    searched: the ranges of a space. Raises UserError for what the user can put right.
    """
    config = job.config
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
