"""The configs of a command and of a sweep's jobs: what they have in common is composed once.

Hydra would read every file and every argument three times to begin a command, and once more for
each job, and compose what most jobs share. Here the choices of a group are composed once, and only
what a job sets is set anew, by Hydra itself. So all jobs of a sweep have the same configs, also
where a file is edited meanwhile.
"""

import contextlib
import copy
import pickle
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from hydra._internal import config_loader_impl
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import ConfigRepository, IConfigRepository
from hydra._internal.defaults_list import DefaultsList, Overrides
from hydra.core.default_element import ResultDefault
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.plugins.config_source import ConfigResult
from omegaconf import DictConfig
from omegaconf.base import Metadata

T = TypeVar("T")


@contextlib.contextmanager
def composed_once() -> Iterator[None]:
    """Within, what several configs have in common is composed once."""
    with contextlib.ExitStack() as undone:
        memory = _Memory()
        for owner, name, instead in (
            (OverridesParser, "parse_rule", memory.parse),
            (ConfigRepository, "load_config", memory.read),
            (ConfigLoaderImpl, "_compose_config_from_defaults_list", memory.merge),
            (config_loader_impl, "create_defaults_list", memory.list_defaults),
        ):
            undone.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, instead(getattr(owner, name)))
        # Hydra copies each job's config five times. Copied field by field, what OmegaConf knows
        # about its values takes more than half of the time of that.
        undone.callback(delattr, Metadata, "__deepcopy__")
        Metadata.__deepcopy__ = _copy_metadata  # type: ignore[attr-defined]
        yield


def _copy_metadata(about: Metadata, memo: dict[int, Any]) -> Metadata:
    """A deep copy: all but two of the fields cannot be changed."""
    made = object.__new__(type(about))
    made.__dict__.update(about.__dict__)
    made.flags = None if about.flags is None else dict(about.flags)
    kept = about.resolver_cache
    made.resolver_cache = copy.deepcopy(kept, memo) if kept else defaultdict(dict)
    return made


class _Memory:
    """What was composed, pickled: to read that takes a fifth of the time of a deep copy."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], bytes] = {}

    def parse(self, anew: Callable[..., Any]) -> Callable[..., Any]:
        """`OverridesParser.parse_rule`, from the memory."""

        def parse_rule(parser: OverridesParser, text: str, rule: str) -> Any:
            return self._get(("parsed", rule, text), lambda: anew(parser, text, rule))

        return parse_rule

    def read(self, anew: Callable[..., ConfigResult | None]) -> Callable[..., Any]:
        """`ConfigRepository.load_config`, from the memory."""

        def load_config(repository: ConfigRepository, config_path: str) -> ConfigResult | None:
            key = ("read", _name_sources(repository), config_path)
            return self._get(key, lambda: anew(repository, config_path))

        return load_config

    def merge(self, anew: Callable[..., DictConfig]) -> Callable[..., Any]:
        """`ConfigLoaderImpl._compose_config_from_defaults_list`, from the memory."""

        def compose(
            loader: ConfigLoaderImpl, defaults: list[ResultDefault], repo: IConfigRepository
        ) -> DictConfig:
            key = ("merged", _name_sources(repo), repr(defaults))
            return self._get(key, lambda: anew(loader, defaults, repo))

        return compose

    def list_defaults(self, anew: Callable[..., DefaultsList]) -> Callable[..., Any]:
        """`create_defaults_list`, from the memory: what a job sets does not matter for it."""

        def create(
            repo: IConfigRepository,
            config_name: str | None,
            overrides_list: list[Override],
            **given: bool,
        ) -> DefaultsList:
            sets = Overrides(repo, overrides_list).config_overrides
            chooses = [one for one in overrides_list if not any(one is other for other in sets)]
            texts = [one.input_line for one in chooses]
            key = ("listed", _name_sources(repo), config_name, *texts, *given.items())
            found = self._get(key, lambda: anew(repo, config_name, chooses, **given))
            found.config_overrides = found.overrides.config_overrides = sets
            return found

        return create

    def _get(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        if key not in self._kept:
            self._kept[key] = pickle.dumps(make())
        kept: T = pickle.loads(self._kept[key])
        return kept


def _name_sources(repository: IConfigRepository) -> tuple[str, ...]:
    return tuple(source.path for source in repository.get_sources())
