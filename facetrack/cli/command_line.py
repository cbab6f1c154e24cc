"""What facetrack does to the arguments before Hydra sees them."""

import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from hydra.core.override_parser.types import OverrideType
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from facetrack.cli import extras
from facetrack.cli.arguments import effect, flags
from facetrack.cli.arguments.catalogue import Catalogue
from facetrack.cli.arguments.check import Checks, find_single_task, initialize_hydra
from facetrack.cli.arguments.keys import COMMAND_ONLY
from facetrack.cli.arguments.overrides import parse_override
from facetrack.cli.literals import quote_paths, quote_unreadable
from facetrack.cli.ranges import expand, is_multirun
from facetrack.cli.reproduce import replace_reproduce
from facetrack.cli.resume import replace_resume
from facetrack.cli.tuned import replace_tuned
from facetrack.core.given import KNOWN
from facetrack.system import json_lines

_STAGES = ("dataset", "detector", "embedder", "clusterer")
# What dataset=vectors says of itself, once its file is read.
_DISTANCES = ("clusterer.eps", "clusterer.bandwidth", "embedder.radius")


def prepare(arguments: Sequence[str], conf: Path) -> list[str]:
    """Arguments that Hydra runs as they are meant, or UserError for a mistake in them.

    Flags come first, ranges are written out, `resume=` and `tuned=` stand for what they name, and
    the jobs of a sweep share its id: as an ordinary override, so that jobs on other machines know
    it too. Whatever can be told without a picture is checked here (see arguments/).
    """
    catalogue = Catalogue([conf])
    line = flags.read(arguments, catalogue.setting)
    json_lines.ask(line.json)
    if line.version:
        return ["--version"]
    if not line.composes:
        return [*line.flags, *line.rest]
    extras.check(line.rest)
    multirun = line.multirun or is_multirun(line.rest)
    there = catalogue.owners.get
    literals = [quote_paths(argument, there, multirun=multirun) for argument in line.rest]
    typed = [quote_unreadable(argument) for argument in literals]
    with initialize_hydra(line, conf) as folder:
        checks = Checks(line, folder)
        meant = _replace_shorthands(typed, checks, multirun)
        overrides = [one for one in meant if one != "-m"]
        multirun = line.multirun or is_multirun(meant)
        composed = checks.compose(overrides, typed, multirun)
        expanded = expand(
            overrides,
            lambda key: _look_up(composed.jobs, key),
            multirun=multirun,
            alone=find_single_task(composed),
        )
        checks.set(expanded, composed)
    for twice in effect.describe_repeats(typed):
        print(f"facetrack: {twice}", file=sys.stderr)
    hydras = list(line.flags)
    if multirun:
        expanded = _sweep_single_values(expanded)
        if not any(one.startswith("sweep_id=") for one in expanded):
            expanded.append(f"sweep_id={time.strftime('%Y-%m-%d_%H-%M-%S')}-{secrets.token_hex(2)}")
        if "-m" in meant and "-m" not in hydras:  # as resume= has it
            hydras.insert(0, "-m")
    return [*hydras, *expanded]


def _replace_shorthands(typed: Sequence[str], checks: Checks, multirun: bool) -> list[str]:
    """The arguments, `resume=`, `reproduce=` and `tuned=` replaced by what they stand for."""
    stand_for = tuple(f"{key}=" for key in COMMAND_ONLY)
    others = [one for one in typed if not one.startswith(stand_for)]
    if len(others) == len(typed):
        return list(typed)
    # A mistake beside them is told before MLflow is asked.
    checks.compose(
        others, typed, multirun or any(one.startswith(("resume=", "reproduce=")) for one in typed)
    )
    return replace_tuned(replace_reproduce(replace_resume(typed)))


def _look_up(jobs: Sequence[DictConfig], key: str) -> object:
    """The value of a setting in the first job that knows it."""
    for job in jobs:
        try:
            value = OmegaConf.select(job, key)
        except OmegaConfBaseException:
            continue
        if value is not None:
            # "known" stands for a whole number, so a range may take its place.
            return 0 if value == KNOWN else value
        stage, _, setting = key.partition(".")
        if key in _DISTANCES and setting in job[stage]:
            return 0.0
    return None


def _sweep_single_values(arguments: Sequence[str]) -> list[str]:
    """Settings of a group that is swept, as sweeps over one value.

    Hydra composes a sweep's own config without what is swept, hence with the default choice, which
    need not have the setting. The sweeper drops it from the jobs that do not (facetrack_sweeper).
    """
    experiment = any(one.startswith("+experiment=") for one in arguments)
    overrides = [parse_override(argument) for argument in arguments]
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
