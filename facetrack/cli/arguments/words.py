"""Arguments that set nothing: words, paths, keys without a value."""

from collections.abc import Sequence

from facetrack.cli.arguments.catalogue import Catalogue
from facetrack.core.errors import UserError
from facetrack.core.suggestions import find_nearest, find_nearest_keys

_FLAGS = {"help": "--help", "version": "--version", "multirun": "-m", "sweep": "-m"}
_FOLDERS = ("dataset.root", "task.out")


def is_word(argument: str) -> bool:
    """Whether an argument neither sets nor deletes anything."""
    deletes = argument.startswith("~") and not argument.startswith("~/") and len(argument) > 1
    return argument.startswith("=") or ("=" not in argument and not deletes)


def refuse(arguments: Sequence[str], catalogue: Catalogue) -> None:
    """Raises UserError for the first word among the arguments, with what may be meant."""
    words = [one for one in arguments if is_word(one)]
    if words:
        raise UserError(f"{words[0]!r} sets nothing: {_suggest(words, arguments, catalogue)}")


def _suggest(words: Sequence[str], arguments: Sequence[str], catalogue: Catalogue) -> str:
    first, others = words[0], list(words[1:])
    if first.casefold() in _FLAGS:
        return f"did you mean {_FLAGS[first.casefold()]}?"
    if first == "resume":
        return "did you mean resume=last?"
    if first == "reproduce":
        return f"did you mean reproduce={others[0] if others else 'RUN'}?"
    if first in ("", "=") or any(one.startswith("=") for one in words):
        return "settings have no blanks around their =, as in clusterer.eps=0.3"
    if before := _before(first, arguments):
        return f"settings have no blanks around their =, {before}{first}"
    key = first.partition(":")[0]
    if key in catalogue.groups or key in catalogue.owners:
        value = first.partition(":")[2] or (others[0] if others else "VALUE")
        plus = "+" if key in catalogue.groups and key not in catalogue.defaults else ""
        return f"did you mean {plus}{key}={value}?"
    if choice := _choice(first, catalogue):
        return f"did you mean {' '.join([choice, *_folders(choice, others)])}?"
    if "/" in first or first.startswith(("~", ".")):
        return f"did you mean {' '.join(_folders('', words))}?"
    near = find_nearest_keys(first, [*catalogue.groups, *catalogue.owners])
    if near:
        return f"did you mean {near[0]}={others[0] if others else 'VALUE'}?"
    return "arguments are key=value, and python -m facetrack --help shows some"


def _before(word: str, arguments: Sequence[str]) -> str:
    """The argument that a word is the value of, where that has none."""
    place = list(arguments).index(word)
    previous = arguments[place - 1] if place else ""
    return previous if previous.endswith("=") else ""


def _choice(word: str, catalogue: Catalogue) -> str | None:
    """`group=choice` for the choice that a word names or is like; the tasks come first."""
    groups = sorted(catalogue.groups, key=lambda one: one != "task")
    groups = [one for one in groups if not one.startswith("hydra/")]
    for exact in (True, False):
        for group in groups:
            options = catalogue.groups[group]
            near = [word] if word in options else ([] if exact else find_nearest(word, options))
            if near:
                plus = "" if group in catalogue.defaults else "+"
                return f"{plus}{group}={near[0]}"
    return None


def _folders(choice: str, paths: Sequence[str]) -> list[str]:
    """Paths as the settings they are likely to be."""
    if choice and not choice.startswith(("task=organise", "dataset=")):
        return []
    dataset = [] if choice else ["dataset=folder"]
    return [*dataset, *(f"{key}={path}" for key, path in zip(_FOLDERS, paths, strict=False))]
