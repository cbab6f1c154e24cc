"""`tuned=outputs/…/best.yaml`: what a study found, as overrides of a command."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from facetrack.core.errors import UserError
from facetrack.core.protocol import FIRST, name_method
from facetrack.system.progress import say

_KEY = "tuned="
_STAGES = ("detector", "embedder", "clusterer")
_RADII = ("clusterer.eps", "clusterer.bandwidth")


def replace_tuned(arguments: Sequence[str]) -> list[str]:
    """The arguments, `tuned=FILE` replaced by what the file says; other arguments win over it.

    Of a study's findings task=organise takes the radius, and what it is a radius of. Raises
    UserError for a file that is not there, is no best.yaml, or has no radius to organise by.
    """
    found: list[str] = []
    for argument in arguments:
        if argument.startswith(_KEY):
            path = argument.removeprefix(_KEY)
            if not path:
                raise UserError("tuned has no value: add tuned=FILE, the best.yaml of a study")
            overrides = _read_overrides(Path(path).expanduser())
            organises = "task=organise" in arguments
            found += _keep_radius(argument, overrides) if organises else overrides
    return [*found, *(one for one in arguments if not one.startswith(_KEY))]


def _keep_radius(argument: str, overrides: Sequence[str]) -> list[str]:
    """Of a study's overrides the radius, its embedder and its method; says what is left.

    Photos are not looked at as a study's pictures were: a detector for portraits misses faces.
    """
    stages = [one for one in overrides if one.startswith(("embedder=", "clusterer="))]
    radii = [one for one in overrides if one.startswith(_RADII)]
    if not radii:
        raise UserError(
            f"{argument} has no radius, which task=organise takes of it: expected one of a study "
            f"of dbscan or meanshift; got {' '.join(overrides)}"
        )
    taken = [*stages, *radii]
    left = [one for one in overrides if one not in taken]
    say(f"  {argument}: {' '.join(taken)}; left, as it is not for photos: {' '.join(left)}")
    return taken


def _read_overrides(path: Path) -> list[str]:
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(
            f"tuned={path} cannot be read ({error.strerror}): give the best.yaml of a study, which "
            "task=tune writes to outputs/"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(f"tuned={path} is not YAML: {' '.join(str(error).split())}") from error
    settings = content.get("settings") if isinstance(content, dict) else None
    if not isinstance(settings, dict):
        raise UserError(f"tuned={path} is no best.yaml of a study: it has no settings")
    _say_protocol(path, content)
    overrides = []
    for stage in _STAGES:
        choice = content.get(stage)
        if not isinstance(choice, str) or not re.fullmatch(r"\w+", choice):
            raise UserError(f"tuned={path} names no {stage}: expected a choice, got {choice!r}")
        overrides.append(f"{stage}={choice}")
    for key, value in settings.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not re.fullmatch(r"clusterer\.[a-z]\w*", str(key)):
            raise UserError(
                f"tuned={path} has the setting {key}: {value!r}, expected clusterer.NAME: NUMBER"
            )
        overrides.append(f"{key}={value}")
    return overrides


def _say_protocol(path: Path, content: dict[str, Any]) -> None:
    """Say where settings were found by an earlier version of the protocol that matters to them."""
    method, version = str(content.get("clusterer")), content.get("protocol_version", FIRST)
    if isinstance(version, int) and name_method(method, version) != method:
        say(
            f"  tuned={path}: found by protocol version {version}, in which {method} counted "
            "copies; a study of now may find others"
        )
