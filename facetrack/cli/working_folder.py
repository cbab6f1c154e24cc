"""The working folder in Hydra's config, whatever it is called.

Hydra writes its path into the config as it is, where `${` would take another setting's value.
"""

import os
import re
from types import ModuleType
from typing import Any

from hydra._internal import config_loader_impl
from hydra.core import utils


def escape(path: str) -> str:
    """A path as a config has to have it, so that it reads as it is."""
    return re.sub(r"(\\*)\$\{", r"\1\1\\${", path)


def keep_as_it_is() -> None:
    """Let Hydra escape the path. Called wherever a job may run: in workers as well."""
    loader: Any = config_loader_impl
    loader.os = _Module(os, getcwd=lambda: escape(os.getcwd()))  # noqa: PTH109
    jobs: Any = utils
    absolute = _Module(os.path, abspath=lambda path: escape(os.path.abspath(path)))  # noqa: PTH100
    jobs.os = _Module(os, path=absolute)


class _Module(ModuleType):
    """A module some of whose functions are others."""

    def __init__(self, module: ModuleType, **instead: object) -> None:
        super().__init__(module.__name__)
        self.__dict__.update({**vars(module), **instead})
