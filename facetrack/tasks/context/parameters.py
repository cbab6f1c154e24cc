"""A config as parameters: dotted keys, and a fingerprint by which equal jobs know each other."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf

from facetrack.core import scale
from facetrack.system.masking import mask
from facetrack.tasks.context import names

# Config keys whose values are places on one machine: tags, not parameters, so that runs of
# the same experiment on two machines compare as equal.
PLACES = {"root", "archive", "archives", "weights", "uri", "storage", "out", "roots", "file"}
PLACES |= {"factors"}  # what errors are told by is no parameter of what is scored
PLACES |= {"pairs", "urls"}  # the same file, known by its hash, wherever it is downloaded
# Settings that came later, with the value that stands for how it was before: so what the version
# before has finished is found.
_LATER = {"detector.megapixels": "40", "dataset.exclude": "[]", "dataset.roots": "None"}
_LATER |= {"task.dry_run": "False", "task.factors": "None", "people_draw": "0"}
_LATER |= {"clusterer.n_init": "1"}
_LATER |= {"task.by": "None", "task.leave_out": "False"}
# Settings that were always there and are null now where nothing else is said.
_NULL_NOW = {"task.sampler": "tpe", "task.pruner": "median"}
# How long to search, who embeds, and what is measured beside, is no parameter of what is found.
_BUDGET = {"task.n_trials", "task.timeout", "task.workers", "extract.engine"}
_BUDGET |= {"tracking.system_metrics"}


def flatten(config: DictConfig) -> tuple[dict[str, object], dict[str, object]]:
    """The resolved config as dotted keys: parameters, and places on this machine."""
    whole = OmegaConf.to_container(config)
    assert isinstance(whole, dict)
    return flatten_content(whole)


def flatten_content(
    content: Mapping[Any, Any],
) -> tuple[dict[str, object], dict[str, object]]:
    """The same of one as nested dicts and lists."""
    params: dict[str, object] = {}
    places: dict[str, object] = {}

    def add(prefix: str, node: Any) -> None:
        if isinstance(node, Mapping):
            for key, value in node.items():
                add(f"{prefix}.{key}" if prefix else str(key), value)
        elif prefix in _BUDGET or (node is not None and prefix.rsplit(".", 1)[-1] in PLACES):
            places[prefix] = mask(json.dumps(node) if isinstance(node, list) else str(node))
        elif prefix.endswith("_target_"):
            params[prefix] = names.name_as_stored(str(node))
        else:
            params[prefix] = json.dumps(node) if isinstance(node, list) else node

    left_out = {"clusterer": {"share"}, "embedder": set(scale.SETTINGS)}
    if "space" not in content["task"]:  # what could be searched is no part of what is evaluated
        left_out["clusterer"].add("space")
    for section, node in content.items():
        if section in left_out:  # of an embedder what a radius follows from, a parameter itself
            node = {key: one for key, one in node.items() if key not in left_out[section]}
        add(str(section), node)
    del params["sweep_id"]
    # Where it makes a difference, the clusterer's target differs too; else a job that the version
    # before has finished is found.
    params.pop("protocol_version", None)
    params.pop("reproduces", None)
    return params, places


def select_distinguishing(params: Mapping[str, object]) -> dict[str, str]:
    """The parameters that tell one config from another, also from one of the version before."""
    told = {key: str(one) for key, one in params.items() if _LATER.get(key) != str(one)}
    return {
        key: _NULL_NOW[key] if key in _NULL_NOW and one == "None" else one
        for key, one in told.items()
    }


def fingerprint(params: Mapping[str, object]) -> str:
    """16 hex digits that stand for a config."""
    text = json.dumps(select_distinguishing(params), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
