"""What values the settings take, so that no work is done for one that cannot be meant."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from facetrack.cli.arguments import hydra_errors
from facetrack.cli.arguments.overrides import read_settings
from facetrack.cli.arguments.rules import Rule, either, number, one_of, optional, whole
from facetrack.core.errors import UserError
from facetrack.core.given import KNOWN, LARGEST_SEED, is_seed
from facetrack.core.protocol import VERSIONS
from facetrack.tasks.context.stages import NOBODY, VECTORS

_FAR = 1e9


def _are_numbers(value: Any, n: int) -> bool:
    return (
        isinstance(value, list)
        and len(value) == n
        and all(type(one) in (int, float) and math.isfinite(one) for one in value)
    )


_DISTANCE = number(
    "a distance between embeddings, a number above 0 such as 0.3", lambda one: 0 < one < _FAR
)
_SWITCH = Rule("true or false", lambda value: isinstance(value, bool), ("true", "false"))
_TEXT = Rule(
    "a text",
    lambda value: isinstance(value, str) and value != "",
    mend=", which as a text is written \"{key}='{value}'\"",
)
# A folder may be named like a year, which Hydra reads as a number.
_PATH = Rule(
    "a path",
    lambda value: isinstance(value, str | int) and not isinstance(value, bool) and value != "",
)
_NAME = Rule(
    "a name or a number",
    lambda value: isinstance(value, str | int) and not isinstance(value, bool) and value != "",
)
_LIST = Rule("a list, such as [a,b]", lambda value: isinstance(value, list))
_PATHS = Rule(
    "a list of paths, such as [a,b]",
    lambda value: _PATH.takes(value) or (isinstance(value, list) and all(map(_PATH.takes, value))),
)
_ENDS = Rule(
    "a range, two numbers such as [0.05,0.6]",
    lambda value: _are_numbers(value, 2),
)
_PIXELS = whole(0, 100_000)
_COLOURS = Rule(
    "three numbers, one per colour, such as [127.5,127.5,127.5]",
    lambda value: _are_numbers(value, 3),
)
_CLUSTERS = optional(either(KNOWN, whole(1)))

RULES: dict[str, Rule] = {
    "seed": Rule(f"a whole number from 0 to {LARGEST_SEED}", is_seed),
    "n_resamples": whole(1),
    "n_people": optional(whole(2), "for all"),
    "people_draw": whole(0),
    "protocol_version": Rule("1 or 2", lambda value: type(value) is int and value in VERSIONS),
    "extract.engine": one_of("local", "ray"),
    "person": optional(_NAME),
    "picture": optional(_NAME),
    "dataset.root": optional(_PATH),
    "dataset.name": _TEXT,
    "dataset.min_pictures": whole(1),
    "dataset.roots": optional(_PATHS),
    "dataset.file": _PATH,
    "dataset.normalize": optional(_SWITCH),
    "dataset.labels": Rule(
        "true, false, xmp, or a CSV file of pictures and people",
        lambda value: _TEXT.takes(value) or _SWITCH.takes(value),
    ),
    "dataset.exclude": _LIST,
    "dataset.archive": optional(_PATH),
    "dataset.archives": optional(_PATHS),
    "dataset.url": _TEXT,
    "dataset.sha256": _TEXT,
    "dataset.git_blobs": _LIST,
    "detector.scale_factor": number("a number above 1, such as 1.1", lambda one: 1 < one <= 100),
    "detector.min_neighbors": whole(0),
    "detector.choose": one_of("first", "largest", "central", "all"),
    "detector.border": _PIXELS,
    "detector.megapixels": number("a number from 1 to 1000", lambda one: 1 <= one <= 1000),
    "detector.upsample": whole(0, 8),
    "detector.weights": optional(_PATH),
    "detector.urls": _LIST,
    "detector.filename": _TEXT,
    "detector.sha256": _TEXT,
    "detector.score": number("a number between 0 and 1, such as 0.8", lambda one: 0 < one < 1),
    "detector.longest": whole(640, 10_000),
    "embedder.normalize": _SWITCH,
    "embedder.radius": _DISTANCE,
    "embedder.strangers": optional(_LIST),
    "embedder.likelihood": optional(_LIST),
    "embedder.false_neighbors": number(
        "how many strangers per face, above 0, such as 0.1", lambda one: 0 < one < _FAR
    ),
    "embedder.weights": optional(_PATH),
    "embedder.url": _TEXT,
    "embedder.filename": _TEXT,
    "embedder.sha256": optional(_TEXT, "for a file of your own"),
    "embedder.dimensions": whole(1),
    "embedder.urls": _LIST,
    "embedder.side": whole(1, 512),
    "embedder.colours": one_of("rgb", "bgr"),
    "embedder.mean": _COLOURS,
    "embedder.deviation": _COLOURS,
    "embedder.template": optional(
        Rule(
            "five places, such as [[38.3,51.7],[73.5,51.5],[56,71.7],[41.5,92.4],[70.7,92.2]]",
            lambda value: (
                isinstance(value, list)
                and len(value) == 5
                and all(_are_numbers(place, 2) for place in value)
            ),
        ),
        "for ArcFace's",
    ),
    "embedder.layout": one_of("nchw", "nhwc"),
    "embedder.standardize": one_of("image", "fixed"),
    "embedder.margin": _PIXELS,
    "embedder.batch": whole(1),
    "clusterer.eps": _DISTANCE,
    "clusterer.bandwidth": _DISTANCE,
    "clusterer.min_samples": optional(whole(1)),
    "clusterer.neighbors": one_of("auto", "exact", "faiss"),
    "clusterer.share": number("a share of pairs, above 0 and below 1", lambda one: 0 < one < 1),
    "clusterer.trials": whole(1),
    "clusterer.rounds": whole(1),
    "clusterer.random_state": whole(0),
    "clusterer.max_iter": whole(1),
    "clusterer.n_clusters": _CLUSTERS,
    "clusterer.linkage": one_of("ward", "complete", "average", "single"),
    "clusterer.n_init": whole(1),
    "clusterer.gamma": number("a number above 0, such as 1.0", lambda one: 0 < one < _FAR),
    "clusterer.min_cluster_size": whole(2),
    "clusterer.cluster_selection_epsilon": number(
        "a distance between embeddings, 0 or more", lambda one: 0 <= one < _FAR
    ),
    "clusterer.copy": _SWITCH,
    "sampling.fraction": number(
        "the share of the faces in a resample, above 0 and at most 1, such as 0.8",
        lambda one: 0 < one <= 1,
    ),
    "task.out": optional(_PATH),
    "task.format": optional(one_of("npz", "csv", "xmp", "json", "pdf", "png")),
    "task.sidecars": one_of("out", "beside", "remove"),
    "task.write": optional(_SWITCH, "for a question"),
    "task.scores": _SWITCH,
    "task.pairs": optional(either("random", _PATH)),
    "task.n_pairs": whole(1),
    "task.urls": _LIST,
    "task.sha256": _TEXT,
    "task.models": _LIST,
    "task.factors": optional(_PATH),
    "task.by": optional(either("all", _LIST)),
    "task.methods": _LIST,
    "task.accessories": optional(_LIST, "for all"),
    "task.embedders": _LIST,
    "task.people": whole(2),
    "task.faces": whole(2),
    "task.method": _TEXT,
    "task.sizes": Rule(
        "a list of whole numbers from 2 on, such as [2,3,5]",
        lambda value: (
            isinstance(value, list)
            and bool(value)
            and all(type(one) is int and one > 1 for one in value)
        ),
    ),
    "task.far": number("a share of strangers, above 0 and below 1", lambda one: 0 < one < 1),
    "task.draws": whole(1, 1000),
    "task.leave_out": _SWITCH,
    "task.answers": one_of("csv", "labels"),
    "task.n_questions": whole(1),
    "task.correct": _SWITCH,
    "task.mode": one_of("copy", "link", "none"),
    "task.dry_run": _SWITCH,
    "task.open": _SWITCH,
    "task.port": whole(0, 2**16 - 1),
    "task.restore": _SWITCH,
    "task.regroup": _SWITCH,
    "task.prune": _SWITCH,
    "task.objective": optional(
        Rule(
            "a score or a list of two", lambda value: isinstance(value, str | list) and value != ""
        )
    ),
    "task.n_trials": optional(whole(1)),
    "task.timeout": optional(
        number("a number of seconds above 0", lambda one: 0 < one < _FAR), "for no limit"
    ),
    "task.sampler": optional(one_of("tpe", "gp", "qmc", "grid", "random")),
    "task.pruner": optional(one_of("median", "percentile", "none")),
    "task.workers": optional(whole(1)),
    "task.storage": optional(_TEXT),
    "task.study": optional(_TEXT),
    "tracking.uri": optional(_TEXT),
    "tracking.experiment": _TEXT,
    "tracking.system_metrics": _SWITCH,
    "hydra.launcher.num_cpus": number("a number of cores above 0", lambda one: 0 < one < _FAR),
    **{
        f"{place}.space.{name}": optional(_ENDS) if place == "task" else _ENDS
        for place in ("clusterer", "task")
        for name in (
            *("eps", "bandwidth", "min_samples", "min_cluster_size"),
            *("cluster_selection_epsilon", "n_clusters", "gamma"),
        )
    },
}
# A class of the user's own may take something else under the same name, but for what facetrack
# reads itself.
_OWN = ("facetrack.", "sklearn.", "hydra_plugins.")
_SETTLED = (
    *("dataset.name", "dataset.sha256", "embedder.radius"),
    *("clusterer.eps", "clusterer.bandwidth"),
)
_ALWAYS = ("dataset.name", "embedder.radius", "clusterer.eps", "clusterer.bandwidth")


def check(jobs: Sequence[DictConfig], overrides: Iterable[Override]) -> None:
    """Refuse values that settings do not take, those of the jobs and all that are swept.

    jobs: their configs, each setting in them with its first value. Raises UserError.
    """
    for job in jobs:
        for key in RULES:
            _check_in(job, key)
    for override in overrides:
        for key, found in read_settings(override):
            if len(found) > 1 and key in RULES and any(_counts(job, key) for job in jobs):
                for value in found:
                    if not _refers(value):
                        RULES[key].refuse(key, value)


def check_hydras(hydra: DictConfig) -> None:
    """The same for Hydra's own settings that facetrack's launchers read."""
    _check_in(OmegaConf.create({"hydra": OmegaConf.to_container(hydra)}), "hydra.launcher.num_cpus")


def _check_in(job: DictConfig, key: str) -> None:
    above, _, leaf = key.rpartition(".")
    try:
        node = OmegaConf.select(job, above) if above else job
        if not isinstance(node, DictConfig) or leaf not in node or OmegaConf.is_missing(node, leaf):
            return
        value = node[leaf]
    except OmegaConfBaseException as error:
        raise UserError(f"{key} cannot be worked out: {hydra_errors.explain(error)}") from error
    if value is None and key in _SETTLED and _is_of_vectors(job):
        return  # the file says it (settle.py)
    if value is None and key == "clusterer.eps" and node.get("share") is not None:
        return  # the embedder says it (settle.py)
    if _counts(job, key):
        plain = OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
        RULES[key].refuse(key, plain)


def _counts(job: DictConfig, key: str) -> bool:
    """Whether the rule is about the class that the job has there."""
    stage, _, leaf = key.partition(".")
    if not leaf or key in _ALWAYS or stage == "hydra":
        return True
    target = _target(job, stage)
    return target is None or target.startswith(_OWN)


def _is_of_vectors(job: DictConfig) -> bool:
    return _target(job, "dataset") == VECTORS or _target(job, "embedder") == NOBODY["embedder"]


def _target(job: DictConfig, stage: str) -> str | None:
    target = OmegaConf.select(job, f"{stage}._target_")
    return None if target is None else str(target)


def _refers(value: object) -> bool:
    """Whether a value is to be worked out from others."""
    return isinstance(value, str) and "${" in value
