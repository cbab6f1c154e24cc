"""Arguments that would change nothing, which is never what is meant."""

from collections.abc import Collection, Mapping

from omegaconf import DictConfig, OmegaConf

from facetrack.cli.arguments.composition import Composed, has
from facetrack.cli.arguments.overrides import parse_override
from facetrack.core.errors import UserError

_RADII = {"eps", "bandwidth"}
_LAUNCHER = "hydra/launcher"
# By task: settings of the experiment that it has no use for.
_OF_SCORES = ("n_people", "people_draw", "n_resamples", "sampling", "protocol_version")
_UNUSED: Mapping[str, Collection[str]] = {
    "organise": _OF_SCORES,
    "verify": (*_OF_SCORES, "clusterer"),
    "compare": (*_OF_SCORES, "detector", "embedder"),
    "knn": ("n_resamples", "sampling", "clusterer", "protocol_version"),
    "accessories": (*_OF_SCORES, "clusterer", "embedder"),
    "audit": (*_OF_SCORES, "clusterer"),
    "review": _OF_SCORES,
    "forget": (*_OF_SCORES, "clusterer"),
}


def refuse_useless(typed: Collection[str], found: Composed, *, multirun: bool) -> None:
    """Refuse arguments of this very call that the command would do nothing with.

    Raises UserError for a launcher where there is a single job, for a setting of the experiment
    that the task has no use for, and for the value of what a study searches.
    """
    for argument in typed:
        override = parse_override(argument)
        if override is None or override.is_delete():
            continue
        key = override.key_or_group
        group, _, setting = key.partition(".")
        launches = group == _LAUNCHER or key.startswith("hydra.launcher.")
        if launches and not multirun and override.value() != "basic":
            raise UserError(
                f"{argument} is for the jobs of a sweep, and without -m there is a single job: "
                "add -m, or leave it out"
            )
        tasks = found.choices.get("task", [])
        if len(tasks) == 1 and group in _UNUSED.get(tasks[0], ()):
            raise UserError(f"task={tasks[0]} has no use for {argument}: leave it out")
        if key == "people_draw" and not _says_how_many(typed, found):
            raise UserError(
                f"{argument} says which people are drawn, and all are taken: add n_people=NUMBER, "
                "or leave it out"
            )
        jobs = [job for job in found.jobs if has(job, key)]
        if group == "clusterer" and jobs and all(_searches(job, setting) for job in jobs):
            raise UserError(
                f"task=tune searches {setting}, so {argument} would change nothing: leave it out, "
                f"or say where to search, task.space.{setting}=[LOW,HIGH]"
            )


def _says_how_many(typed: Collection[str], found: Composed) -> bool:
    """Whether a command, or its experiment, says how many people there are to be."""
    given = [override for override in map(parse_override, typed) if override is not None]
    swept = found.hydra.sweeper.get("params") or {}
    return (
        "n_people" in swept
        or any(one.key_or_group == "n_people" for one in given)
        or any(job.n_people is not None for job in found.jobs)
    )


def describe_repeats(typed: Collection[str]) -> list[str]:
    """A sentence for each setting that is given more than once: the last one counts."""
    given: dict[str, list[str]] = {}
    for argument in typed:
        override = parse_override(argument)
        if override is not None and not override.is_delete():
            given.setdefault(override.key_or_group, []).append(argument)
    return [
        f"{key} is given {len(arguments)} times: {arguments[-1]} counts"
        for key, arguments in given.items()
        if len(arguments) > 1
    ]


def _searches(job: DictConfig, setting: str) -> bool:
    """Whether a job is a study that searches a setting of its clusterer."""
    if "space" not in job.task:
        return False
    asked = OmegaConf.to_container(job.task.space)
    own = OmegaConf.to_container(job.clusterer.get("space") or OmegaConf.create({}))
    assert isinstance(asked, dict)
    assert isinstance(own, dict)
    searched = {*own, *(name for name, ends in asked.items() if ends is not None)}
    # Mean-shift's bandwidth follows eps, and takes its place.
    return setting in searched or (setting in _RADII and bool(_RADII & searched))
