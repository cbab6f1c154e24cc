"""Modules in the working folder are found by name, and only those that the command line names.

A working folder may be full of what somebody sent: a `random.py` in it must not be taken for
Python's. `embedder._target_=mymodule.Mine` names one that is meant.
"""

import os
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

# Names, separated by commas, and the folder, which begins with a slash: in the environment, which
# worker processes and launchers pass on.
_VARIABLE = "FACETRACK_MODULES"


class _Named:
    """Finds the modules that were named; the last to be asked, after all that are installed."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """How a module is loaded, for Python."""
        names, _, folder = os.environ.get(_VARIABLE, "").partition("/")
        if path is not None or name not in names.split(","):
            return None
        return PathFinder.find_spec(name, [f"/{folder}"], target)


def name_modules(targets: Iterable[str]) -> None:
    """Let the modules of dotted names be found in the working folder.

    Here, and in processes that are started. targets: such as `mymodule.Mine`.
    """
    modules = sorted({target.partition(".")[0] for target in targets})
    if modules:
        os.environ[_VARIABLE] = f"{','.join(modules)}{os.getcwd()}"  # noqa: PTH109
    else:
        os.environ.pop(_VARIABLE, None)


def install() -> None:
    """Ask for named modules where no other finder knows one. Called when facetrack is imported."""
    if not any(isinstance(finder, _Named) for finder in sys.meta_path):
        sys.meta_path.append(_Named())
