"""Composed configs as text, and back: for other processes, and as runs keep them."""

import functools
import pickle
from typing import Any

import yaml
from hydra.errors import HydraException
from omegaconf import Container, DictConfig, OmegaConf
from omegaconf._utils import get_omega_conf_dumper
from omegaconf.errors import OmegaConfBaseException

from facetrack.core.errors import UserError
from facetrack.system.masking import mask_within

# What a config that somebody has changed may raise where it is used.
CONFIG_ERRORS = (HydraException, OmegaConfBaseException)
_STAGES = ("dataset", "detector", "embedder")


def write(config: DictConfig | list[Any]) -> str:
    """A config, or a list of what is in configs, as YAML."""
    return OmegaConf.to_yaml(config if isinstance(config, DictConfig) else OmegaConf.create(config))


def resolve(config: DictConfig) -> dict[str, Any]:
    """Put in a config values in place of what refers to them. Returns it as dicts and lists.

    Section by section: in most of them nothing refers to anything.
    """
    content = OmegaConf.to_container(config)
    assert isinstance(content, dict)
    for key in [key for key, value in content.items() if holds(value, "${")]:
        node = config._get_node(key)
        if not isinstance(node, Container) or node._is_interpolation():
            OmegaConf.resolve(config)
            return contain(config)
        OmegaConf.resolve(node)
        content[key] = OmegaConf.to_container(node)
    return {str(key): value for key, value in content.items()}


def holds(value: Any, part: str) -> bool:
    """Whether a text among nested dicts and lists has a part."""
    if isinstance(value, dict):
        return any(holds(one, part) for one in value.values())
    if isinstance(value, list):
        return any(holds(one, part) for one in value)
    return isinstance(value, str) and part in value


def write_masked(config: DictConfig) -> str:
    """A config as YAML, passwords hidden."""
    # Text by text: YAML breaks long ones into lines.
    content = mask_within(OmegaConf.to_container(config, enum_to_str=True))
    return "".join(_write_section(pickle.dumps({key: one})) for key, one in content.items())


@functools.lru_cache(maxsize=64)  # what the jobs of a sweep share is written once
def _write_section(content: bytes) -> str:
    """A section of a config, pickled, as YAML: a line a setting, as OmegaConf writes it."""
    written: str = yaml.dump(
        pickle.loads(content),
        default_flow_style=False,
        allow_unicode=True,
        sort_keys=False,
        Dumper=get_omega_conf_dumper(),
    )
    return written


def read(text: str) -> DictConfig:
    """A config that `write` has written."""
    config = OmegaConf.create(text)
    assert isinstance(config, DictConfig)
    return config


def contain(config: DictConfig) -> dict[str, Any]:
    """A config as nested dicts and lists."""
    found = OmegaConf.to_container(config, resolve=True)
    assert isinstance(found, dict)
    return {str(key): value for key, value in found.items()}


def read_logged(content: bytes) -> DictConfig:
    """A config that a job has logged. Raises UserError for one that facetrack does not write."""
    wrong = UserError("the config in its run is not one that facetrack wrote")
    try:
        config = OmegaConf.create(content.decode())
        # A job logs what is resolved: nothing in it asks for a variable of this machine.
        resolved = OmegaConf.to_container(config, resolve=True) == OmegaConf.to_container(config)
    except (ValueError, RecursionError, yaml.YAMLError, OmegaConfBaseException) as error:
        raise wrong from error
    if not isinstance(config, DictConfig) or not resolved or not set(_STAGES) <= set(config):
        raise wrong
    return config
