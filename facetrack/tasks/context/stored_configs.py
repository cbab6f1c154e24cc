"""Composed configs as text, and back: for other processes, and as runs keep them."""

from typing import Any

from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from facetrack.core.errors import UserError
from facetrack.system.masking import mask_within

# What a config that somebody has changed may raise where it is used.
CONFIG_ERRORS = (HydraException, OmegaConfBaseException)
_STAGES = ("dataset", "detector", "embedder")


def write(config: DictConfig | list[Any]) -> str:
    """A config, or a list of what is in configs, as YAML."""
    return OmegaConf.to_yaml(config if isinstance(config, DictConfig) else OmegaConf.create(config))


def write_masked(config: DictConfig) -> str:
    """A config as YAML, passwords hidden."""
    # Text by text: YAML breaks long ones into lines.
    content = OmegaConf.to_container(config)
    masked = mask_within(content)
    # Made a config again, which takes three times as long, only where there is a password.
    return OmegaConf.to_yaml(config if masked == content else masked)


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
    except (ValueError, RecursionError, YAMLError, OmegaConfBaseException) as error:
        raise wrong from error
    if not isinstance(config, DictConfig) or not resolved or not set(_STAGES) <= set(config):
        raise wrong
    return config
