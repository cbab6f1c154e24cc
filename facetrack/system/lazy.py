"""A package's names, imported when somebody asks for them: `import facetrack` stays quick."""

import importlib
import sys

TYPE_CHECKING = False  # typing's own takes longer to import than all the rest
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def look_up_later(package: str, homes: "Mapping[str, str]") -> "Callable[[str], object]":
    """A package's `__getattr__`, which imports a name from its module and keeps it.

    package: with dots. homes: by name, the module that has it.
    """

    def look_up(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value: object = getattr(importlib.import_module(homes[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    return look_up


def list_with(package: str, homes: "Mapping[str, str]") -> "Callable[[], list[str]]":
    """A package's `__dir__`: what it has by now, and the names that are looked up later."""
    return lambda: sorted({*vars(sys.modules[package]), *homes})
