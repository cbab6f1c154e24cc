"""What facetrack and Hydra ship of configs, read and composed once for all commands of a process.

Each composition gets a copy; with a folder of the user's own (--config-dir) all is read anew. What
only chooses is composed once for all commands, too: each begins with that (see
arguments/composition.py). So is what the same choices make, before anything is set in it.
"""

import contextlib
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hydra._internal import config_loader_impl
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import ConfigRepository, IConfigRepository
from hydra._internal.defaults_list import DefaultsList, Overrides, create_defaults_list
from hydra._internal.hydra import Hydra
from hydra.core.default_element import ResultDefault
from hydra.core.override_parser.types import Override
from hydra.core.utils import JobRuntime
from hydra.plugins.config_source import ConfigResult
from hydra.types import RunMode
from omegaconf import DictConfig

from facetrack.cli.arguments import catalogue
from facetrack.cli.working_folder import escape
from facetrack.system.shipped import CONF

_SHIPPED = {str(CONF), "hydra.conf", ""}  # the last is the schema
# Pickled: to read that takes a fifth of the time that a deep copy takes.
_read: dict[str, bytes] = {}
_composed: dict[tuple[object, ...], bytes] = {}
_merged: dict[str, bytes] = {}
_listed: dict[tuple[object, ...], bytes] = {}
_catalogued: dict[Path, dict[str, Any]] = {}

_read_anew = ConfigRepository.load_config
_find_mode = Hydra.get_mode
_compose_anew = ConfigLoaderImpl.load_configuration
_merge_anew = ConfigLoaderImpl._compose_config_from_defaults_list
_list_anew = create_defaults_list
_catalogue_anew = catalogue._read


@contextlib.contextmanager
def shipped_configs() -> Iterator[None]:
    """Within, the configs that are shipped are read once."""
    with (
        patch.object(ConfigRepository, "load_config", _load),
        patch.object(Hydra, "get_mode", _mode),
        patch.object(ConfigLoaderImpl, "load_configuration", _compose),
        patch.object(ConfigLoaderImpl, "_compose_config_from_defaults_list", _merge),
        patch.object(config_loader_impl, "create_defaults_list", _list),
        patch.object(catalogue, "_read", _catalogue),
    ):
        yield


def _load(repository: ConfigRepository, config_path: str) -> ConfigResult | None:
    if not _is_shipped(repository):
        return _read_anew(repository, config_path)
    if config_path not in _read:
        found = _read_anew(repository, config_path)
        if found is None:
            return None
        _read[config_path] = pickle.dumps(found)
    config: ConfigResult = pickle.loads(_read[config_path])
    return config


def _compose(
    loader: ConfigLoaderImpl,
    config_name: str | None,
    overrides: list[str],
    run_mode: RunMode,
    from_shell: bool = True,
    validate_sweep_overrides: bool = True,
) -> DictConfig:
    given = overrides, run_mode, from_shell, validate_sweep_overrides
    if not (_is_shipped(loader.repository) and all(map(_chooses, overrides))):
        return _compose_anew(loader, config_name, *given)
    key = (config_name, *overrides, run_mode, validate_sweep_overrides)
    if key not in _composed:
        _composed[key] = pickle.dumps(_compose_anew(loader, config_name, *given))
    config: DictConfig = pickle.loads(_composed[key])
    config.hydra.runtime.cwd = escape(str(Path.cwd()))
    config.hydra.job.name = JobRuntime.instance().get("name")
    return config


def _merge(
    loader: ConfigLoaderImpl, defaults: list[ResultDefault], repo: IConfigRepository
) -> DictConfig:
    if not _is_shipped(repo):
        return _merge_anew(loader, defaults, repo)
    key = repr(defaults)
    if key not in _merged:
        _merged[key] = pickle.dumps(_merge_anew(loader, defaults, repo))
    config: DictConfig = pickle.loads(_merged[key])
    return config


def _list(
    repo: IConfigRepository,
    config_name: str | None,
    overrides_list: list[Override],
    prepend_hydra: bool,
    skip_missing: bool,
) -> DefaultsList:
    """Which configs a command is made of: what it sets in them does not matter."""
    given = prepend_hydra, skip_missing
    sets = Overrides(repo, overrides_list).config_overrides
    if not _is_shipped(repo):
        return _list_anew(repo, config_name, overrides_list, *given)
    chooses = [one for one in overrides_list if not any(one is other for other in sets)]
    key = (config_name, *(one.input_line for one in chooses), *given)
    if key not in _listed:
        _listed[key] = pickle.dumps(_list_anew(repo, config_name, chooses, *given))
    found: DefaultsList = pickle.loads(_listed[key])
    found.config_overrides = found.overrides.config_overrides = sets
    return found


def _catalogue(path: Path | None) -> dict[str, Any]:
    """A config file as the checks of arguments see it, which change nothing in it."""
    if path is None or not path.is_relative_to(CONF):
        return _catalogue_anew(path)
    if path not in _catalogued:
        _catalogued[path] = _catalogue_anew(path)
    return _catalogued[path]


def _mode(hydra: Hydra, config_name: str | None, overrides: list[str]) -> Any:
    """Hydra composes twice, first for this, which its own settings and experiments set."""
    loader: Any = hydra.config_loader
    plain = not any(one.startswith("+") or "hydra" in one for one in overrides)
    if plain and config_name == "config" and _is_shipped(loader.repository):
        return None
    return _find_mode(hydra, config_name, overrides)


def _chooses(override: str) -> bool:
    key, _, value = override.partition("=")
    return key.lstrip("+").isidentifier() and value.replace("_", "").isalnum()


def _is_shipped(repository: IConfigRepository) -> bool:
    return {source.path for source in repository.get_sources()} == _SHIPPED
