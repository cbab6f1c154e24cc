"""What it takes to run a run again elsewhere: the command, and all that computed it.

A capsule is kept with each run as capsule.json, its packages also as requirements.lock, which pip
installs. It names no machine, no user and no home folder, so that it can be handed on.
"""

import functools
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from facetrack import __version__
from facetrack.system import environment
from facetrack.system.masking import mask_place
from facetrack.system.shipped import checkout_commit, checkout_is_changed
from facetrack.tasks.context.instances import make
from facetrack.tasks.context.own_overrides import keep_own_overrides
from facetrack.tasks.context.settling import of_class
from facetrack.tasks.context.targets import Typed

CAPSULE, LOCK = "capsule.json", "requirements.lock"
_VERSION = 1
PROGRAM = "python -m facetrack"
_GROUPS = ("dataset", "detector", "embedder", "clusterer", "sampling", "task")


@dataclass(frozen=True)
class Capsule:
    """A capsule as it was kept.

    command: the arguments that make the run what it is, by which `reproduce=` runs it again.
    typed: what the user typed. facetrack, machine: by name. models: SHA-256 by stage and file.
    dataset: name and digest; empty where the run did not get so far.
    """

    command: Sequence[str]
    typed: str
    facetrack: Mapping[str, Any]
    machine: Mapping[str, Any]
    packages: Mapping[str, str]
    models: Mapping[str, Mapping[str, str]]
    dataset: Mapping[str, str]


def name_command() -> list[str]:
    """The arguments of the job that this process runs, each choice named, places masked.

    An experiment is what it has chosen, so that a job of a sweep can be run alone.
    """
    hydra = HydraConfig.get()
    choices = {group: hydra.runtime.choices.get(group) for group in _GROUPS}
    settings = [
        one
        for one in keep_own_overrides(hydra.overrides.task)
        if one.lstrip("+~").partition("=")[0] not in (*_GROUPS, "experiment")
    ]
    chosen = [f"{group}={choice}" for group, choice in choices.items() if choice is not None]
    return [mask_place(one) for one in (*chosen, *settings)]


def make_files(
    command: Sequence[str],
    models: Mapping[str, Mapping[str, str]],
    dataset: Mapping[str, str] | None = None,
) -> dict[str, bytes]:
    """The files of a capsule by name. command: masked. dataset: name and digest, once known."""
    kept = {
        "version": _VERSION,
        "command": list(command),
        "typed": _tell_typed(),
        "facetrack": _describe_facetrack(),
        "machine": environment.describe_environment(),
        "models": models,
        "dataset": dict(dataset or {}),
        "packages": dict(environment.list_packages()),
    }
    return {CAPSULE: f"{json.dumps(kept, indent=1)}\n".encode(), LOCK: _write_lock().encode()}


def list_models(stages: Mapping[str, DictConfig | None]) -> dict[str, dict[str, str]]:
    """SHA-256 in hex of the models that some stages use, by stage and file.

    stages: their configs. Of facetrack's own classes: another one may take long to make. Raises
    UserError.
    """
    found: dict[str, Mapping[str, str]] = {}
    for stage, node in stages.items():
        if node is None or not str(node.get("_target_")).startswith("facetrack."):
            continue
        content = json.dumps(OmegaConf.to_container(of_class(node)))
        # A user's own file may be another one by the next job.
        own = node.get("weights") is not None
        found[stage] = (_list_of_stage.__wrapped__ if own else _list_of_stage)(content)
    return {stage: dict(files) for stage, files in found.items() if files}


@functools.lru_cache(maxsize=8)  # jobs of a sweep share it: 3 ms each
def _list_of_stage(content: str) -> Mapping[str, str]:
    """content: a stage's config as JSON."""
    made = make(OmegaConf.create(json.loads(content)))
    return made.model_files() if hasattr(made, "model_files") else {}


def read(content: bytes) -> Capsule | None:
    """A capsule from its file; None for one that facetrack of now does not write."""
    try:
        kept = json.loads(content)
        if kept.pop("version") != _VERSION:
            return None
        command = kept["command"]
        if not isinstance(command, list) or not all(isinstance(one, str) for one in command):
            return None
        return Capsule(**kept) if all(map(_is_of_texts, _mappings(kept))) else None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _mappings(kept: Mapping[str, Any]) -> list[Any]:
    return [kept[key] for key in ("facetrack", "machine", "packages", "models", "dataset")]


def _is_of_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(key, str) for key in value)


def _tell_typed() -> str:
    return mask_place(" ".join([PROGRAM, *map(shlex.quote, Typed().arguments)]))


@functools.cache
def _describe_facetrack() -> dict[str, Any]:
    commit = checkout_commit()
    return {
        "version": __version__,
        **({"commit": commit, "changed": checkout_is_changed()} if commit else {}),
    }


@functools.cache
def _write_lock() -> str:
    about = _describe_facetrack()
    commit = f" at commit {about['commit']}" if "commit" in about else ""
    python = environment.describe_environment()["python"]
    return environment.write_lock(f"facetrack {about['version']}{commit}, Python {python}") + "\n"
