"""What the user has typed in this call to be run, which counts as his own (see targets.py)."""

from collections.abc import Iterator, Sequence

from facetrack.cli.arguments.overrides import parse_override, read_said_values
from facetrack.tasks.context import targets

# Flags of Hydra that name a folder of the user's own configs, whole or shortened.
_CONFIG_FOLDER = ("-cd", "--config-d")
_SEARCHED = "hydra.searchpath"


def remember_typed(arguments: Sequence[str]) -> None:
    """Take what these arguments name for the user's own. arguments: as they were typed."""
    typed = targets.Typed()
    typed.names = frozenset(find_typed(arguments))
    typed.arguments = tuple(arguments)


def find_typed(arguments: Sequence[str]) -> Iterator[str]:
    """The targets that arguments name, themselves or in a folder of configs that they name."""
    for number, argument in enumerate(arguments):
        if argument.startswith(_CONFIG_FOLDER):
            _, _, folder = argument.partition("=")
            yield from targets.in_folder(folder or "".join(arguments[number + 1 : number + 2]))
        override = parse_override(argument)
        if override is None:
            continue
        for value in read_said_values(override) or ():
            last = override.key_or_group.rpartition(".")[2]
            yield from targets.in_content({last: value})
            if override.key_or_group == _SEARCHED and isinstance(value, list):
                for place in map(str, value):
                    yield from targets.in_folder(place.removeprefix("file://"))
