"""`tuned=outputs/…/best.yaml`: what a study found, as overrides of a command."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from facetrack.errors import UserError

_KEY = "tuned="
_STAGES = ("detector", "embedder", "clusterer")


def with_tuned(arguments: Sequence[str]) -> list[str]:
    """The arguments, `tuned=FILE` replaced by what the file says; other arguments win over it.

    Raises UserError for a file that is not there or is no best.yaml.
    """
    found: list[str] = []
    for argument in arguments:
        if argument.startswith(_KEY):
            found += _overrides(Path(argument.removeprefix(_KEY)).expanduser())
    return [*found, *(one for one in arguments if not one.startswith(_KEY))]


def _overrides(path: Path) -> list[str]:
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
