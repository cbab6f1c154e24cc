"""What facetrack does to the arguments before Hydra sees them."""

import itertools
import secrets
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from facetrack import launchers
from facetrack.data import KNOWN
from facetrack.overrides import expand, is_multirun
from facetrack.resume import resumed
from facetrack.tuned import with_tuned

_STAGES = ("dataset", "detector", "embedder", "clusterer")
_DISTANCES = ("clusterer.eps", "clusterer.bandwidth", "embedder.radius")
_MOST_CHOICES = 50  # of a group; a swept seed may have many values, and none of them matters here


def prepared(arguments: Sequence[str], conf: Path) -> list[str]:
    """Arguments with ranges written out and, for a sweep, the id its jobs share.

    The id travels as an ordinary override, so that jobs on other machines know it too.
    Raises UserError for a range that makes no sense, and for a launcher, resume or tuned that
    cannot be.
    """
    composed: list[DictConfig] = []

    def value_of(key: str) -> object:
        if not composed:
            composed.extend(_jobs_of_each_choice(arguments, conf))
        for config in composed:
            try:
                value = OmegaConf.select(config, key)
            except OmegaConfBaseException:
                continue
            if value is not None:
                # "known" stands for a whole number, so a range may take its place.
                return 0 if value == KNOWN else value
            if key in _DISTANCES and key.partition(".")[2] in config[key.partition(".")[0]]:
                return 0.0  # dataset=vectors says it once its file is read
        return None

    launchers.check(arguments)
    arguments = with_tuned(resumed([_readable(argument) for argument in arguments], conf))
    multirun = is_multirun(arguments)
    expanded = expand(arguments, value_of, multirun=multirun)
    if multirun:
        expanded = _for_some_choices(expanded)
    if multirun and not any(one.startswith("sweep_id=") for one in expanded):
        expanded.append(f"sweep_id={time.strftime('%Y-%m-%d_%H-%M-%S')}-{secrets.token_hex(2)}")
    return expanded


def _jobs_of_each_choice(arguments: Sequence[str], conf: Path) -> list[DictConfig]:
    """Configs of a sweep's first job, and of that job with each other choice that is swept.

    They tell which settings are numbers, where some choices do not have the setting.
    """
    first: dict[str, str] = {}
    others: dict[str, list[str]] = {}
    for argument in arguments:
        override = _parsed(argument)  # a range could not be composed yet
        if override is None:
            continue
        key = override.get_key_element()
        if override.is_sweep_override() and override.is_discrete_sweep():
            values = list(itertools.islice(override.sweep_string_iterator(), _MOST_CHOICES))
            first[key] = f"{key}={values[0]}"
            if "." not in key:
                others[key] = [f"{key}={value}" for value in values[1:]]
        elif ":" not in argument:
            first[key] = argument
    swept = [{**first, key: other} for key, values in others.items() for other in values]
    configs = []
    with initialize_config_dir(str(conf), version_base="1.3"):
        for overrides in (first, *swept):
            try:
                configs.append(compose("config", list(overrides.values())))
            except (HydraException, OmegaConfBaseException):
                # A setting that this choice does not have: what the others have still counts.
                configs.append(_without_settings(overrides))
    return configs


def _without_settings(overrides: Mapping[str, str]) -> DictConfig:
    try:
        return compose("config", [text for key, text in overrides.items() if "." not in key])
    except (HydraException, OmegaConfBaseException):
        return OmegaConf.create()


def _for_some_choices(arguments: Sequence[str]) -> list[str]:
    """Settings of a group that is swept, as sweeps over one value.

    Hydra composes a sweep's own config without what is swept, hence with the default choice, which
    need not have the setting. The sweeper drops it from the jobs that do not (facetrack_sweeper).
    """
    experiment = any(one.startswith("+experiment=") for one in arguments)
    overrides = [_parsed(argument) for argument in arguments]
    swept = {one.key_or_group for one in overrides if one is not None and one.is_sweep_override()}
    wrapped = []
    for argument, override in zip(arguments, overrides, strict=True):
        group = "" if override is None else override.key_or_group.partition(".")[0]
        if (
            override is not None
            and override.type is OverrideType.CHANGE
            and not override.is_sweep_override()
            and override.key_or_group != group
            and (group in swept or (experiment and group in _STAGES))
        ):
            key, _, value = argument.partition("=")
            wrapped.append(f"{key}=choice({value})")
        else:
            wrapped.append(argument)
    return wrapped


def _parsed(argument: str) -> Override | None:
    """An override, None for a flag and for what Hydra cannot parse and will report itself."""
    if argument.startswith("-"):
        return None
    try:
        return OverridesParser.create().parse_override(argument)
    except HydraException:
        return None


def _readable(argument: str) -> str:
    """A value that Hydra's grammar cannot read is text: quoted, as a path like ~/Fotos é needs."""
    if argument.startswith(("-", "resume=", "tuned=")) or "=" not in argument:
        return argument
    if _parsed(argument) is None:
        key, _, value = argument.partition("=")
        quote = next((mark for mark in "'\"" if mark not in value), None)
        if quote is not None and not value.endswith("\\"):
            return f"{key}={quote}{value}{quote}"
    return argument
