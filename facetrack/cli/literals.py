"""Paths on the command line, taken as they are: `dataset.root=/photos/a,b #1`.

In Hydra's language a comma makes a list, `${` takes another setting's value, and a space, a quote
or an umlaut needs quotes. A path that exists means that path, whatever is in it.
"""

import os
import re
from collections.abc import Callable

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import HydraException
from omegaconf import OmegaConf

from facetrack.cli.arguments.keys import COMMAND_ONLY
from facetrack.cli.arguments.overrides import parse_override
from facetrack.cli.working_folder import escape
from facetrack.system.files import user_path

_READ = {f"dataset.{key}" for key in ("root", "roots", "archive", "archives", "file")}
_READ |= {"detector.weights", "embedder.weights", "task.pairs"}
# These need not exist yet, and there is only ever one of them.
_WRITTEN = {"task.out"}
_ADDRESSES = {"task.storage", "tracking.uri"}
_NAMES = {"person", "picture"}
_SINGLE = _WRITTEN | _ADDRESSES | _NAMES
_TAKEN = re.compile(r"\$\{\s*([\w.]+)\s*[:}]")


def quote_paths(argument: str, value_of: Callable[[str], object], *, multirun: bool) -> str:
    """An argument whose path is written as Hydra needs it; any other as it is.

    value_of: gives the composed value of a key, None where there is no such key. A comma means a
    list only where no such path exists, and for what is written only in a sweep.
    """
    head, _, value = argument.partition("=")
    key = head.lstrip("+")
    if key not in _READ | _SINGLE or value in ("", "null") or _reads_as_it_is(value):
        return argument
    there = key not in _NAMES and _exists(value)
    if not there and (key in _READ or (multirun and "," in value)):
        return f"{head}={_quote_list(value)}"
    if not there and _is_meant_for_hydra(value, value_of):
        return argument
    if key in _NAMES:
        return f"{head}={_quote(escape(value))}"
    if key in _ADDRESSES and "${" in value:
        return argument
    return f"{head}={quote_path(value)}"


def quote_path(path: str) -> str:
    """A path as a value that Hydra reads as just that. Raises UserError as `user_path` does."""
    if "${" in path or not path.isprintable():
        # Escaped it would be a reference again once the config is resolved, and YAML takes some
        # characters for line breaks. See `user_path`.
        path = user_path(path).as_uri()
    return _quote(path)


def _quote(text: str) -> str:
    return str(QuotedString(text=text, quote=Quote.single).with_quotes())


def _quote_list(value: str) -> str:
    """A list, those of its paths that exist written out."""
    inside = re.fullmatch(r"\[(.*)\]", value, re.DOTALL)
    left = (inside[1] if inside else value).split(",")
    items = []
    while left:
        # The longest one, as there may be a comma in it.
        ends = range(len(left), 0, -1)
        end = next((end for end in ends if _exists(",".join(left[:end]))), None)
        items.append(left[0] if end is None else quote_path(",".join(left[:end])))
        del left[: end or 1]
    joined = ",".join(items)
    return f"[{joined}]" if inside else joined


def _exists(text: str) -> bool:
    try:
        return os.path.lexists(os.path.expanduser(text))  # noqa: PTH111 - as a text, slashes and all
    except (OSError, ValueError):  # a name too long, a null character
        return False


def _is_meant_for_hydra(value: str, value_of: Callable[[str], object]) -> bool:
    """Whether a value is quoted, or takes another setting's value or a variable's."""
    for name in _TAKEN.findall(value):
        if OmegaConf.has_resolver(name) or value_of(name) is not None:
            return True
    quoted = len(value) > 1 and value[0] in ("'", '"') and value[-1] == value[0]
    return quoted and isinstance(_read(value), str)


def _reads_as_it_is(value: str) -> bool:
    return "${" not in value and _read(value) == value


def _read(value: str) -> object:
    """What Hydra makes of a value; None where it is several, or cannot be read."""
    try:
        override = OverridesParser.create().parse_override(f"x={value}")
    except HydraException:
        return None
    return None if override.is_sweep_override() else override.value()


def quote_unreadable(argument: str) -> str:
    """A value that Hydra's grammar cannot read is text: quoted, as a path like ~/Fotos é needs."""
    if argument.startswith(("-", *(f"{key}=" for key in COMMAND_ONLY))) or "=" not in argument:
        return argument
    if parse_override(argument) is None:
        key, _, value = argument.partition("=")
        quote = next((mark for mark in "'\"" if mark not in value), None)
        if quote is not None and not value.endswith("\\"):
            return f"{key}={quote}{value}{quote}"
    return argument
