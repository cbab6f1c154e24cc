"""What a config may name to be run: the classes in conf/, and what the user has typed himself.

A config need not be the user's: a store, a server or a file may have brought it. So a `_target_`
counts only where it stands in conf/, or on the command line of this very call. Light to import:
worker processes import the command line, and with it this module.
"""

import contextlib
import functools
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from hydra.core.singleton import Singleton
from hydra.utils import get_object
from omegaconf import DictConfig, ListConfig, OmegaConf

from facetrack.core.errors import UserError
from facetrack.system.files import sha256
from facetrack.system.shipped import CONF
from facetrack.system.yaml_loader import LOADER
from facetrack.tasks.context import names
from facetrack.tasks.context.protocol import FORMER

STAGES = ("dataset", "detector", "embedder", "clusterer", "sampling")
TASK = "task"
_TARGET = "_target_"


class Typed(metaclass=Singleton):
    """The targets that the user has typed in this call, and all that was typed.

    The command line says which (see cli/typed_targets.py). Hydra's singletons go with its jobs
    into other processes, whatever the launcher is.
    """

    def __init__(self) -> None:
        self.names: frozenset[str] = frozenset()
        self.arguments: tuple[str, ...] = ()


def refuse_others(node: DictConfig | ListConfig) -> None:
    """Raises UserError where a stage's config names a target that nobody here has named."""
    known = _of_groups(STAGES) | FORMER | Typed().names
    for name in in_content(OmegaConf.to_container(node, resolve=True)):
        _refuse(name, known)


def of_task(config: DictConfig) -> str:
    """The target of a task's config. Raises UserError where nobody here has named it."""
    name = names.find_present(str(config[_TARGET]))
    _refuse(name, _of_groups((TASK,)) | Typed().names)
    return name


def digest_source(target: str) -> str | None:
    """16 hex digits that stand for the file a class is in; None where it has no source."""
    try:
        file = inspect.getsourcefile(get_object(target))
        return sha256(Path(str(file))).hex()[:16]
    except (TypeError, OSError, ValueError, ImportError, AttributeError):
        return None  # compiled


def is_shipped(name: str) -> bool:
    """Whether facetrack's own config of a stage has a target."""
    return name in _of_groups(STAGES)


def _refuse(name: str, known: frozenset[str]) -> None:
    if name not in known:
        raise UserError(
            f"{_TARGET} {name} is none of facetrack's choices, and what a file or a server brought "
            f"is not run: where it is yours, type it in this very command (GROUP.{_TARGET}={name})"
        )


@functools.cache
def _of_groups(groups: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name for group in groups for name in in_folder(CONF / group))


def in_folder(folder: str | Path) -> Iterator[str]:
    """The targets in the configs of a folder, and of the folders below."""
    if not str(folder):
        return
    for path in Path(folder).expanduser().rglob("*.yaml"):
        with contextlib.suppress(OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError):
            yield from in_content(yaml.load(path.read_text(encoding="utf-8"), LOADER))


def in_content(content: Any) -> Iterator[str]:
    """The targets in a config, however deep."""
    return (str(value) for key, value in leaves(content) if key == _TARGET)


def leaves(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key in a value, however deep, with what it holds; "" for what has no key."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key), inner
            if isinstance(inner, dict | list):
                yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield "", value
