"""Single arguments, as Hydra's grammar reads them."""

import functools
import itertools
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, QuotedString, ValueType
from hydra.errors import HydraException

from facetrack.tasks.context.targets import leaves

MOST = 10_000  # values of one setting


@functools.lru_cache(maxsize=1024)
def parse_override(argument: str) -> Override | None:
    """An override, None for a flag and for what Hydra's grammar does not take."""
    if argument.startswith("-"):
        return None
    try:
        return OverridesParser.create().parse_override(argument)
    except (HydraException, RecursionError):
        return None


def is_choice(override: Override, groups: Collection[str]) -> bool:
    """Whether an override chooses from a group, rather than sets one of its settings."""
    key = override.key_or_group
    is_group = key in groups or (key.startswith("hydra/") and "." not in key)
    return is_group and not isinstance(override.value(), dict)


def read_values(override: Override, options: Sequence[str] = ()) -> list[Any]:
    """The values that an override gives, one where it sweeps nothing; MOST at most.

    options: the choices there are, which a glob is about.
    """
    if override.value_type is ValueType.GLOB_CHOICE_SWEEP:
        glob: Any = override.value()
        return list(glob.filter(list(options)))
    return _values(override, MOST) or []


def read_said_values(override: Override) -> list[Any] | None:
    """All values that an argument says by itself; none for a deletion or a range of numbers.

    None where they cannot be listed: those of a glob, and of an interval.
    """
    if override.is_delete() or override.is_range_sweep():
        return []
    return _values(override, None)


def read_said_texts(arguments: Iterable[str]) -> list[str]:
    """The texts that arguments give as values, as they were typed and as Hydra reads them."""
    found = []
    for argument in arguments:
        typed = argument.partition("=")[2]
        found += [typed, typed.strip("'\"")]
        override = parse_override(argument)
        said = [] if override is None else read_said_values(override) or []
        found += [one for _, one in leaves(said) if isinstance(one, str)]
    return found


def _values(override: Override, most: int | None) -> list[Any] | None:
    """The values of an override, so many at most; None where they cannot be listed."""
    if not override.is_sweep_override():
        return [override.value()]
    if not override.is_discrete_sweep() or override.value_type is ValueType.GLOB_CHOICE_SWEEP:
        return None
    return [_unquote(one) for one in itertools.islice(override.sweep_iterator(), most)]


def read_settings(override: Override) -> Iterator[tuple[str, list[Any]]]:
    """The dotted keys that an override sets, each with its values: a dict sets several."""
    found = read_values(override)
    if len(found) == 1 and isinstance(found[0], dict) and found[0]:
        yield from _leaves(override.key_or_group, found[0])
    else:
        yield override.key_or_group, found


def _leaves(above: str, content: dict[Any, Any]) -> Iterator[tuple[str, list[Any]]]:
    for key, value in content.items():
        if isinstance(value, dict) and value:
            yield from _leaves(f"{above}.{key}", value)
        else:
            yield f"{above}.{key}", [value]


def _unquote(value: Any) -> Any:
    """A swept value with quoted texts as texts, as `Override.value` gives them."""
    if isinstance(value, QuotedString):
        return value.text
    if isinstance(value, list):
        return [_unquote(one) for one in value]
    if isinstance(value, dict):
        return {_unquote(key): _unquote(one) for key, one in value.items()}
    return value
