"""What a study is to do: from what the command says and the faces there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from facetrack.core.errors import UserError
from facetrack.core.faces import Embeddings
from facetrack.evaluation import label_free
from facetrack.evaluation.experiment import Experiment
from facetrack.system.progress import say
from facetrack.tasks.context.job import Job
from facetrack.tasks.context.parameters import flatten, select_distinguishing
from facetrack.tasks.tune import study_identity
from facetrack.tasks.tune.objectives import LABEL_FREE
from facetrack.tasks.tune.scoring import Scorer
from facetrack.tasks.tune.space import Range, Space, narrow
from facetrack.tasks.tune.whole_folder import as_begun, choose_as_begun, identify_choice
from facetrack.tracking.keys import CHOICES

if TYPE_CHECKING:
    import optuna

    from facetrack.tasks.tune.study import Plan

# Of the radius that follows from the number of faces, on both sides.
_AROUND = 0.15
STORAGE = "sqlite:///outputs/studies.db"


OF_SEARCH = ("n_trials", "timeout", "sampler", "pruner", "workers", "storage", "study")
"""Settings of the search; a command that gives none may do without one."""
_WHERE_NULL = {"n_trials": 40, "sampler": "tpe", "pruner": "median", "workers": 1}


@dataclass(frozen=True)
class Request:
    """What a command asks a study for, and the faces there are.

    settings: the composed config as nested dicts. names: the objectives. natural: the embedder's
    radius.
    """

    job: Job
    settings: Mapping[str, Any]
    experiment: Experiment
    searched: Sequence[Range]
    names: Sequence[str]
    natural: float


def needs_no_search(request: Request) -> bool:
    """Whether it is a study of one radius that one tree answers for, and no search is asked for."""
    task, experiment = request.settings["task"], request.experiment
    if (
        any(task[key] is not None for key in OF_SEARCH)
        or len(request.names) > 1
        or [one.name for one in request.searched] != ["eps"]
    ):
        return False
    from facetrack.clusterer.growth import can_grow  # numba takes its time
    from facetrack.evaluation.curve import SCORES

    n = len(experiment.embeddings.vectors)
    return request.names[0] in SCORES and can_grow(experiment.estimator, n)


def complete_search(job: Job) -> None:
    """Say how is searched where the command does not."""
    for key, value in _WHERE_NULL.items():
        if job.config.task[key] is None:
            job.config.task[key] = value
    job.params, places = flatten(job.config)
    job.tags |= places


def narrow_to_expected(
    searched: Sequence[Range], space: Space, embeddings: Embeddings
) -> list[Range]:
    """Ranges for the label-free objective, which is trusted near the radius to expect only."""
    if space.share is None:
        n = len(label_free.distinct(embeddings.vectors, space.natural / 2))
        ends = [share * space.natural for share in label_free.around(n)]
    else:
        expected = space.scale.find_distance_for(len(embeddings.vectors))
        ends = [(1 - _AROUND) * expected, (1 + _AROUND) * expected]
    smallest, largest = (float(f"{end:.4g}") for end in ends)
    given = [name for name, ends in space.asked.items() if ends]
    found = narrow(searched, given, smallest, largest)
    if found != list(searched):
        say(f"  between {smallest:g} and {largest:g}, as suits so many faces")
    return found


def name_exact(request: Request) -> str:
    """The name of a study that needs no search."""
    found = _identify(request)
    (searched,), (score,) = request.searched, request.names
    content = (sorted(found.items()), f"the best {score} of every {searched.told()}")
    return study_identity.make_name(_words(request), content)


def make_plan(request: Request) -> "Plan":
    """How to search. Raises UserError (see `study.Plan`)."""
    from facetrack.tasks.tune import study

    task, names = request.settings["task"], list(request.names)
    found = _identify(request)
    plan = study.Plan(
        name=str(task["study"] or ""),
        storage=task["storage"] or STORAGE,
        ranges=request.searched,
        names=names,
        sampler=task["sampler"],
        pruner=task["pruner"],
        n_trials=task["n_trials"],
        timeout=task["timeout"],
        identity=found,
    )
    words = _words(request)
    if again := request.settings.get("reproduces"):
        # Anew, beside the study that it runs again.
        return replace(plan, name=f"{plan.name or ' '.join(words)} reproduces {again}")
    if plan.name:
        return plan
    told = " ".join(one.told() for one in request.searched)
    return replace(
        plan,
        name=study_identity.make_name(words, (sorted(found.items()), plan.search())),
        earlier=(
            study_identity.make_name(words, (sorted(as_begun(found, {}).items()), plan.search())),
            study_identity.make_earlier_name(
                request.settings,
                select_choices(request.job.tags),
                words,
                told,
                names,
                request.experiment.embeddings.digest,
            ),
        ),
    )


def make_scorer(
    experiment: Experiment, opened: "optuna.Study", names: Sequence[str], natural: float
) -> Scorer:
    """What scores the trials of an opened study: on what is chosen on, or as it began."""
    from facetrack.tasks.tune import study

    identity = opened.user_attrs.get(study.IDENTITY, {})
    sampling = choose_as_begun(experiment.sampling, identity)
    return Scorer(replace(experiment, sampling=sampling), names, natural)


def recognise(opened: "optuna.Study", plan: "Plan", request: Request) -> None:
    """Tell a study of the version before what it is, if it is what is searched now.

    A name that facetrack made stands for that; else its run in MLflow says it. Raises UserError
    where that is another, or nobody knows.
    """
    from facetrack.tasks.tune import study

    job, faces_now = request.job, request.experiment.embeddings.digest
    if plan.name not in plan.earlier and opened.trials:
        run = job.tracking.kept(str(opened.user_attrs.get(study.RUN)))
        if run is None:
            raise UserError(
                f"study {plan.name} does not say what it is of, as the version before has made it, "
                "and its run, which does, is not in this MLflow store: give the tracking.uri=… it "
                "was started with, or name another study by task.study=…"
            )
        searched = [one.name for one in plan.ranges]
        before, now = (
            study_identity.identify(
                select_distinguishing(params),
                select_choices(tags),
                searched,
                faces,
                study_identity.name_bare,
            )
            for params, tags, faces in (
                (run.parameters, run.choices, (run.digests or ("not told",))[-1]),
                (job.params, job.tags, faces_now),
            )
        )
        study.demand_equal(plan, before, now)
    own = as_begun(plan.identity, {}) if opened.trials else dict(plan.identity)
    opened.set_user_attr(study.IDENTITY, own)


def _identify(request: Request) -> dict[str, str]:
    """What the study's scores depend on."""
    found = study_identity.identify(
        select_distinguishing(request.job.params),
        select_choices(request.job.tags),
        [one.name for one in request.searched],
        study_identity.digest_faces(request.experiment.embeddings),
        study_identity.name_with_source,
    )
    on_resamples = any(name != LABEL_FREE for name in request.names)
    return {
        **found,
        **study_identity.digest_weights(request.settings["embedder"]),
        **(identify_choice(request.experiment.sampling) if on_resamples else {}),
    }


def _words(request: Request) -> tuple[str, str]:
    """What a study's name begins with."""
    return str(request.job.config.dataset.name), str(request.job.tags["clusterer"])


def select_choices(tags: Mapping[str, object]) -> dict[str, str]:
    """What was chosen of each group, and the dataset's name, as a run's tags have it."""
    return {group: str(tags.get(group, "")) for group in CHOICES}
