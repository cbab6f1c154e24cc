"""Which arguments a class takes."""

import inspect
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from inspect import Parameter

from facetrack.cli.arguments.sources import read_parameters
from facetrack.core.errors import UserError

_OWN = "facetrack."


@dataclass(frozen=True)
class Signature:
    """name: of the class. arguments: by name, whether it has a default. more: whether any goes."""

    name: str
    arguments: Mapping[str, bool]
    more: bool

    def takes(self, argument: str) -> bool:
        """Whether it has an argument of that name."""
        return self.more or argument in self.arguments


def read_signature(target: str) -> Signature | None:
    """What the class that a `_target_` names takes; None where it cannot be told.

    One of facetrack's own is read in its source where that is plain. Any other is imported, so it
    has to be one that the config or the user of this command names.
    Raises UserError where it is not there.
    """
    parameters = read_parameters(target) if target.startswith(_OWN) else None
    if parameters is None:
        parameters = _import_parameters(target)
    if parameters is None:
        return None
    named = [
        one
        for one in parameters
        if one.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    ]
    return Signature(
        target.rpartition(".")[2],
        {one.name: one.default is not Parameter.empty for one in named},
        any(one.kind is Parameter.VAR_KEYWORD for one in parameters),
    )


def _import_parameters(target: str) -> list[Parameter] | None:
    """What a class is told to take once it is imported. Raises UserError where it is not there."""
    try:
        found = pkgutil.resolve_name(target)
    except Exception as error:  # a module of the user's own may raise anything
        raise UserError(
            f"there is no class {target} ({type(error).__name__}: {' '.join(str(error).split())})"
        ) from error
    try:
        return list(inspect.signature(found).parameters.values())
    except (TypeError, ValueError):
        return None
