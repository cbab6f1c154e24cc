"""What facetrack does to the arguments before Hydra sees them."""

import secrets
import time
from collections.abc import Sequence
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from facetrack.data import KNOWN
from facetrack.overrides import expand, is_multirun


def prepared(arguments: Sequence[str], conf: Path) -> list[str]:
    """Arguments with ranges written out and, for a sweep, the id its jobs share.

    The id travels as an ordinary override, so that jobs on other machines know it too.
    Raises UserError for a range that makes no sense.
    """
    composed: list[DictConfig] = []

    def value_of(key: str) -> object:
        if not composed:
            composed.append(_first_job(arguments, conf))
        try:
            value = OmegaConf.select(composed[0], key)
        except OmegaConfBaseException:
            return None
        # "known" stands for a whole number, so a range may take its place.
        return 0 if value == KNOWN else value

    arguments = [_readable(argument) for argument in arguments]
    multirun = is_multirun(arguments)
    expanded = expand(arguments, value_of, multirun=multirun)
    if multirun and not any(one.startswith("sweep_id=") for one in expanded):
        expanded.append(f"sweep_id={time.strftime('%Y-%m-%d_%H-%M-%S')}-{secrets.token_hex(2)}")
    return expanded


def _first_job(arguments: Sequence[str], conf: Path) -> DictConfig:
    """The config of a sweep's first job, as far as it composes: it tells which keys are numbers."""
    overrides = []
    for argument in arguments:
        # A range could not be composed yet; what Hydra cannot parse it will report itself.
        try:
            override = OverridesParser.create().parse_override(argument)
        except HydraException:
            continue
        if override.is_sweep_override() and override.is_discrete_sweep():
            first = next(iter(override.sweep_string_iterator()))
            overrides.append(f"{override.get_key_element()}={first}")
        elif ":" not in argument:
            overrides.append(argument)
    with initialize_config_dir(str(conf), version_base="1.3"):
        try:
            return compose("config", overrides)
        except (HydraException, OmegaConfBaseException):
            return OmegaConf.create()


def _readable(argument: str) -> str:
    """A value that Hydra's grammar cannot read is text: quoted, as a path like ~/Fotos é needs."""
    if argument.startswith("-") or "=" not in argument:
        return argument
    try:
        OverridesParser.create().parse_override(argument)
    except HydraException:
        key, _, value = argument.partition("=")
        quote = next((mark for mark in "'\"" if mark not in value), None)
        if quote is not None and not value.endswith("\\"):
            return f"{key}={quote}{value}{quote}"
    return argument
