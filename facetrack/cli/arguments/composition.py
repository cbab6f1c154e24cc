"""What a command's choices make of the config, before its settings are looked at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hydra import compose
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from facetrack.cli.arguments import hydra_errors
from facetrack.cli.arguments.catalogue import Catalogue
from facetrack.cli.arguments.overrides import is_choice, parse_override, read_settings, read_values
from facetrack.core.errors import UserError


@dataclass(frozen=True)
class Composed:
    """A command's configs.

    jobs: of a job alone one; of a sweep its first job's, and with each other choice that is swept
    that job's again. choices: by group, what the command chooses of it. hydra: Hydra's own part.
    """

    jobs: Sequence[DictConfig]
    choices: dict[str, list[str]]
    hydra: DictConfig

    def have(self, key: str) -> bool:
        """Whether any of the jobs has a setting."""
        return any(has(job, key) for job in self.jobs)

    def set(self, override: Override) -> None:
        """Set what an override sets, or take out what it deletes, in the jobs that have it.

        What no job has is added to all. A sweep's first value counts.
        """
        for key, found in read_settings(override):
            there = self.have(key)
            for job in self.jobs:
                if override.is_delete():
                    _delete(job, key)
                elif found and not key.startswith("hydra.") and (not there or has(job, key)):
                    OmegaConf.update(job, key, found[0], force_add=True)


def compose_command(
    overrides: Sequence[Override], catalogue: Catalogue, name: str, searched: str | None
) -> Composed:
    """The configs of a command whose choices are known to be there; its settings are not set yet.

    name: of the primary config. searched: an override of Hydra's search path, if any.
    Call it where Hydra is initialized. Raises UserError for what Hydra cannot compose.
    """
    chosen: dict[str, list[str]] = {}
    first: dict[str, str] = {} if searched is None else {"hydra.searchpath": searched}
    for override in overrides:
        group = override.key_or_group
        if is_choice(override, catalogue.groups) and not override.is_delete():
            chosen[group] = [
                str(one) for one in read_values(override, catalogue.groups.get(group, ()))
            ]
            first[group] = f"{override.get_key_element()}={chosen[group][0]}"
    whole = _compose(name, list(first.values()))
    by_group = {group: [str(one)] for group, one in whole.hydra.runtime.choices.items()}
    for key, text in (whole.hydra.sweeper.get("params") or {}).items():  # an experiment's
        swept = parse_override(f"{key}={text}")
        if swept is not None and is_choice(swept, catalogue.groups) and key not in chosen:
            chosen[key] = [str(one) for one in read_values(swept)]
    jobs = [_without_hydra(whole)]
    for group, other in _others(chosen):
        content = catalogue.plain(group, other)
        if content is None:
            texts = {**first, group: f"{group}={other}"}
            jobs.append(_without_hydra(_compose(name, list(texts.values()))))
        else:
            jobs.append(OmegaConf.create({**as_container(jobs[0]), group: content}))
    return Composed(jobs, {**by_group, **chosen}, whole.hydra)


def has(config: Any, key: str) -> bool:
    """Whether a config has a setting, its value known or not."""
    above, _, leaf = key.rpartition(".")
    try:
        node = OmegaConf.select(config, above) if above else config
    except OmegaConfBaseException:
        return False
    if OmegaConf.is_list(node):
        return leaf.isdecimal() and int(leaf) < len(node)
    # A list of the keys: `in` on the node would not see one whose value is still missing.
    return isinstance(node, DictConfig) and leaf in map(str, node)


def _delete(job: DictConfig, key: str) -> None:
    above, _, leaf = key.rpartition(".")
    if has(job, key):
        node = OmegaConf.select(job, above) if above else job
        node.pop(leaf)


def _others(chosen: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    for group, choices in chosen.items():
        if not group.startswith("hydra/"):
            yield from ((group, other) for other in dict.fromkeys(choices[1:]))


def _compose(name: str, overrides: list[str]) -> DictConfig:
    try:
        return compose(name, overrides, return_hydra_config=True)
    except (HydraException, OmegaConfBaseException, ValueError) as error:
        raise UserError(hydra_errors.explain(error)) from error


def _without_hydra(config: DictConfig) -> DictConfig:
    content = as_container(config)
    content.pop("hydra", None)
    return OmegaConf.create(content)


def as_container(config: DictConfig) -> dict[str, Any]:
    """A config's content, nothing in it resolved."""
    content = OmegaConf.to_container(config)
    assert isinstance(content, dict)
    return {str(key): one for key, one in content.items()}
