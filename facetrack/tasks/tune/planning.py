"""What a study is to do: from what the command says and the faces there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from facetrack.core.errors import UserError
from facetrack.core.faces import Embeddings
from facetrack.evaluation import label_free
from facetrack.system.progress import say
from facetrack.tasks.context.parameters import select_distinguishing
from facetrack.tasks.tune.space import Range, Space, narrow
from facetrack.tracking.keys import CHOICES
from facetrack.tracking.protocols import Tracking

if TYPE_CHECKING:
    import optuna

    from facetrack.tasks.tune.study import Plan

# Of the radius that follows from the number of faces, on both sides.
_AROUND = 0.15
STORAGE = "sqlite:///outputs/studies.db"


@dataclass(frozen=True)
class Asked:
    """What the command says of a study, as plain values.

    dataset: its name. settings: the composed config as nested dicts. params, tags: of the job (see
    context/job.py). source: what stands for a `_target_` (see context/targets.py).
    """

    dataset: str
    settings: Mapping[str, Any]
    params: Mapping[str, object]
    tags: Mapping[str, object]


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


def make_plan(
    asked: Asked, embeddings: Embeddings, searched: Sequence[Range], names: Sequence[str]
) -> "Plan":
    """How to search these ranges for these objectives. Raises UserError (see `study.Plan`)."""
    from facetrack.tasks.tune import study, study_identity

    task, choices = asked.settings["task"], select_choices(asked.tags)
    found = study_identity.identify(
        select_distinguishing(asked.params),
        choices,
        [one.name for one in searched],
        study_identity.digest_faces(embeddings),
        study_identity.name_with_source,
    )
    found |= study_identity.digest_weights(asked.settings["embedder"])
    plan = study.Plan(
        name=str(task["study"] or ""),
        storage=task["storage"] or STORAGE,
        ranges=searched,
        names=names,
        sampler=task["sampler"],
        pruner=task["pruner"],
        n_trials=task["n_trials"],
        timeout=task["timeout"],
        identity=found,
    )
    again = asked.settings.get("reproduces")
    if again:
        # Anew, beside the study that it runs again.
        own = plan.name or f"{asked.dataset} {choices['embedder']} {choices['clusterer']}"
        return replace(plan, name=f"{own} reproduces {again}")
    if plan.name:
        return plan
    words = (asked.dataset, choices["clusterer"])
    told = " ".join(one.told() for one in searched)
    return replace(
        plan,
        name=study_identity.make_name(words, (sorted(found.items()), plan.search())),
        earlier=study_identity.make_earlier_name(
            asked.settings, choices, words, told, list(names), embeddings.digest
        ),
    )


def recognise(
    opened: "optuna.Study",
    plan: "Plan",
    asked: Asked,
    embeddings: Embeddings,
    tracking: Tracking,
) -> None:
    """Tell a study of the version before what it is, if it is what is searched now.

    A name that facetrack made stands for that; else its run in MLflow says it. Raises UserError
    where that is another, or nobody knows.
    """
    from facetrack.tasks.tune import study, study_identity

    if plan.name != plan.earlier and opened.trials:
        run = tracking.kept(str(opened.user_attrs.get(study.RUN)))
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
                (asked.params, asked.tags, embeddings.digest),
            )
        )
        study.demand_equal(plan, before, now)
    opened.set_user_attr(study.IDENTITY, dict(plan.identity))


def select_choices(tags: Mapping[str, object]) -> dict[str, str]:
    """What was chosen of each group, and the dataset's name, as a run's tags have it."""
    return {group: str(tags.get(group, "")) for group in CHOICES}
