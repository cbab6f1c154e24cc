"""The flags among the arguments, wherever they stand: Hydra's, and facetrack's own answers."""

import argparse
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from facetrack.core.errors import UserError
from facetrack.core.suggestions import find_nearest

_SHOW = ("help", "hydra_help", "version", "cfg", "info", "shell_completion")
_COMMANDS = ("run", "multirun", "cfg", "info", "shell_completion")


@dataclass(frozen=True)
class Line:
    """A command line, its flags apart from all else.

    flags: as Hydra takes them. rest: the other arguments, in their order. multirun: whether `-m` is
    among the flags. works: whether pictures will be looked at, rather than something be shown.
    composes: whether there is a config to check. version: whether only the version is asked for.
    json: whether results are to be given as JSON.
    config_name, config_path, config_folder: what takes the place of facetrack's own, or is added.
    """

    flags: Sequence[str]
    rest: Sequence[str]
    multirun: bool = False
    works: bool = True
    composes: bool = True
    version: bool = False
    json: bool = False
    config_name: str = "config"
    config_path: str | None = None
    config_folder: str | None = None


@dataclass
class _Told:
    """What argparse fills in."""

    help: bool = False
    hydra_help: bool = False
    version: bool = False
    json: bool = False
    resolve: bool = False
    run: bool = False
    multirun: bool = False
    shell_completion: bool = False
    cfg: str | None = None
    info: str | None = None
    package: str | None = None
    config_name: str | None = None
    config_path: str | None = None
    config_dir: str | None = None


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Raise UserError."""
        raise UserError(
            f"{message.removeprefix('argument ')}: python -m facetrack --help says what there is"
        )


def _parser() -> _Parser:
    """Hydra's flags, but for --experimental-rerun, which loads a pickle."""
    parser = _Parser(prog="facetrack", add_help=False)
    for name, short in (("help", "-h"), ("run", "-r"), ("multirun", "-m")):
        parser.add_argument(f"--{name}", short, action="store_true")
    for name in ("hydra-help", "version", "json", "resolve"):
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--shell-completion", "-sc", action="store_true")
    parser.add_argument("--cfg", "-c", choices=("job", "hydra", "all"))
    parser.add_argument(
        *("--info", "-i"),
        nargs="?",
        const="all",
        choices=("all", "config", "defaults", "defaults-tree", "plugins", "searchpath"),
    )
    for name, short in (
        *(("package", "-p"), ("config-path", "-cp")),
        *(("config-name", "-cn"), ("config-dir", "-cd")),
    ):
        parser.add_argument(f"--{name}", short)
    return parser


def read(arguments: Sequence[str], setting: Callable[[str], str | None]) -> Line:
    """The flags of a command line, wherever they stand among the other arguments.

    setting: the setting that a word is most like, if any, for what is no flag.
    Raises UserError for flags that there are not, or that do not go together.
    """
    parser = _parser()
    told = _Told()
    _refuse_unknown(parser, arguments, _ONE_DASH, setting)
    _, rest = parser.parse_known_args(list(arguments), told)
    rest = [one for one in rest if one != "--"]
    _refuse_unknown(parser, rest, _ANY_DASH, setting)
    _refuse_together(told)
    return Line(
        flags=_write_for_hydra(told),
        rest=rest,
        multirun=told.multirun,
        works=not (told.help or told.cfg or told.info),
        composes=not (told.hydra_help or told.shell_completion or told.info in _NO_CONFIG),
        version=told.version,
        json=told.json,
        config_name=told.config_name or "config",
        config_path=told.config_path,
        config_folder=told.config_dir,
    )


_NO_CONFIG = ("plugins", "searchpath")
_ANY_DASH = re.compile("-")
# A word behind one dash, which argparse would read as single letters.
_ONE_DASH = re.compile(r"-(?![hrm]+$)[A-Za-z][\w.-]{2,}(=|$)")


def _write_for_hydra(told: _Told) -> list[str]:
    flags = ["-m"] if told.multirun else []
    for name in ("help", "hydra_help", "resolve", "run", "shell_completion"):
        if getattr(told, name):
            flags.append(f"--{name.replace('_', '-')}")
    for name in ("cfg", "info", "package", "config_name", "config_path", "config_dir"):
        value = getattr(told, name)
        if value is not None:
            # In one argument: the value may begin with a dash.
            flags.append(f"--{name.replace('_', '-')}={value}")
    return flags


def _refuse_unknown(
    parser: argparse.ArgumentParser,
    rest: Sequence[str],
    looks: re.Pattern[str],
    setting: Callable[[str], str | None],
) -> None:
    """Raises UserError for the first argument that looks like a flag and is none."""
    for place, argument in enumerate(rest):
        if not looks.match(argument):
            continue
        name, equals, value = argument.lstrip("-").partition("=")
        known = [
            text.lstrip("-") for action in parser._actions for text in action.option_strings[:1]
        ]
        flags = find_nearest(name, known)
        key = setting(name)
        if not equals and place + 1 < len(rest) and not rest[place + 1].startswith("-"):
            value = rest[place + 1]
        if key is not None and (value or not flags):
            meant = f"settings have no dashes: {key}={value or 'VALUE'}"
        elif flags:
            meant = f"did you mean {' or '.join(f'--{one}' for one in flags)}?"
        else:
            meant = "settings are written key=value; python -m facetrack --help shows both"
        raise UserError(f"there is no flag {argument.partition('=')[0]}; {meant}")


def _name_given(told: _Told, names: Sequence[str]) -> list[str]:
    return [f"--{name.replace('_', '-')}" for name in names if getattr(told, name)]


def _refuse_together(told: _Told) -> None:
    """Raises UserError for flags of which each asks for something else."""
    asked, shown = _name_given(told, _COMMANDS), _name_given(told, _SHOW)
    if told.multirun and told.cfg:
        raise UserError(
            f"-m runs a sweep, and --cfg {told.cfg} only shows a config: leave out one of them"
        )
    if len(asked) > 1:
        raise UserError(f"{' and '.join(asked)} do not go together: leave out all but one")
    if told.json and shown:
        raise UserError(f"--json gives results, and {shown[0]} has none: leave out one of them")
    if told.resolve and not (told.cfg or told.help):
        raise UserError("--resolve goes with --cfg: python -m facetrack --cfg job --resolve")
    if told.package is not None and not told.cfg:
        raise UserError(
            f"--package goes with --cfg: python -m facetrack --cfg job --package {told.package}"
        )
