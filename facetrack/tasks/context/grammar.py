"""Hydra's grammar of arguments: what one of them says, asked before Hydra composes anything."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from hydra.core.override_parser.types import Override
from hydra.errors import HydraException

from facetrack.tasks.context.parsing import parsed, plain


def values(override: Override) -> list[Any]:
    """The values that an override gives: several for a sweep, none for a deletion or a range.

    Raises HydraException for a sweep whose values cannot be listed.
    """
    if override.is_delete() or override.is_range_sweep():
        return []
    if override.is_sweep_override():
        return [plain(one) for one in override.sweep_iterator()]
    return [override.value()]


def leaves(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key in a value, however deep, with what it holds; "" for what has no key."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield str(key), one
            if isinstance(one, dict | list):
                yield from leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one)
    else:
        yield "", value


def texts(arguments: Sequence[str]) -> list[str]:
    """The texts that arguments give as values, as they were typed and as Hydra reads them."""
    found = []
    for argument in arguments:
        typed = argument.partition("=")[2]
        found += [typed, typed.strip("'\"")]
        override = parsed(argument)
        with contextlib.suppress(HydraException):  # which Hydra will report itself
            read = [] if override is None else values(override)
            found += [one for _, one in leaves(read) if isinstance(one, str)]
    return found
