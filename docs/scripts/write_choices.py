"""Write docs/choices.md from the YAML files in conf/: python docs/scripts/write_choices.py

The first comment of a file says what the choice is, a comment behind a key what the setting is.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
CONF = ROOT / "conf"
PAGE = ROOT / "docs/choices.md"

_HEAD = """# Choices and settings

<!-- Written by docs/scripts/write_choices.py from the files in conf/. -->

`group=choice` takes a choice, `key=value` sets a setting. `python -m facetrack --cfg job` shows the
config that a command composes. A default of `???` has to be given; `${…}` stands for another
setting. [The command](command.md) says how values are written.
"""
_ORDER = (
    *("dataset", "detector", "embedder", "clusterer", "sampling"),
    *("task", "experiment", "tracking", "hydra/launcher"),
)
_PACKAGE = re.compile(r"^#\s*@package\s")
_KEY = re.compile(r"^(?P<indent> *)(?P<key>[\w.]+):(?P<rest>.*)$")
_COMMENT = re.compile(r"(?:^|\s)#\s+(?P<text>.*)$")
_LONGEST = 60  # characters of a default; hashes and addresses are longer


@dataclass(frozen=True)
class Setting:
    """A setting of a choice: its dotted key, its default as YAML has it, what it is."""

    key: str
    default: str
    meaning: str


@dataclass(frozen=True)
class Choice:
    """A file of a group. meaning: its first comment, on one line."""

    name: str
    meaning: str
    settings: list[Setting]


def read(path: Path, group: str) -> Choice:
    """What a YAML file says of itself. group: of its keys, unless they are global."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    everywhere = any(_PACKAGE.match(line) for line in lines)
    first = [line.lstrip("# ") for line in _first_comment(lines)]
    prefix = "" if everywhere or not group else group.replace("/", ".")
    return Choice(path.stem, " ".join(first), list(_settings(text, prefix)))


def _first_comment(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if not line.startswith("#"):
            return
        if not _PACKAGE.match(line):
            yield line


def _settings(text: str, prefix: str) -> Iterator[Setting]:
    comments = _comments(text)
    content = yaml.safe_load(text)
    # What is swept by an experiment counts as its setting; all else of Hydra's is not for users.
    hydra = content.pop("hydra", {})
    if "sweeper" in hydra and "params" in hydra["sweeper"]:
        content |= hydra["sweeper"]["params"]
    content.pop("defaults", None)
    for path, value in _leaves((), content):
        if path[-1] == "_target_":
            continue
        key = ".".join(one for one in (prefix, *path) if one)
        meaning = comments.get(path) or comments.get(path[:-1], "")
        yield Setting(key, _told(value), meaning)


def _comments(text: str) -> dict[tuple[str, ...], str]:
    """By path of keys, the comment on the line of a key."""
    found: dict[tuple[str, ...], str] = {}
    open_keys: list[tuple[int, str]] = []
    for line in text.splitlines():
        match = _KEY.match(line)
        if match is None:
            continue
        indent = len(match["indent"])
        open_keys = [one for one in open_keys if one[0] < indent]
        open_keys.append((indent, match["key"]))
        comment = _COMMENT.search(match["rest"])
        if comment is not None:
            found[tuple(key for _, key in open_keys)] = comment["text"]
    return found


def _leaves(path: tuple[str, ...], value: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not isinstance(value, dict):
        yield path, value
        return
    for key, inner in value.items():
        yield from _leaves((*path, str(key)), inner)


def _told(value: Any) -> str:
    """A default as the command line has it."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6)
    text = text.removesuffix("\n").removesuffix("...").strip()
    if isinstance(value, str):
        text = value
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def choices(group: str) -> list[Choice]:
    """The choices of a group, by name."""
    return [read(path, group) for path in sorted((CONF / group).glob("*.yaml"))]


def _usual() -> dict[str, str]:
    """By group, the choice that a command has unasked."""
    config = yaml.safe_load((CONF / "config.yaml").read_text(encoding="utf-8"))
    return {
        key: str(one[key]) for one in config["defaults"] if isinstance(one, dict) for key in one
    }


def page() -> str:
    """The page: per group, its choices and their settings."""
    usual = _usual()
    parts = [_HEAD, _table_of_all()]
    for group in _ORDER:
        parts.append(f"## {group}\n")
        found = choices(group)
        rows = [
            (f"`{one.name}`" + (" (default)" if usual.get(group) == one.name else ""), one.meaning)
            for one in found
        ]
        parts.append(_table(("choice", "what it is"), rows))
        owners = _owners(found)
        if owners:
            settings = [
                (f"`{one.key}`", f"`{one.default}`", one.meaning, ", ".join(names))
                for one, names in owners.items()
            ]
            parts.append(_table(("setting", "default", "what it is", "of"), settings))
    return "\n".join(parts)


def _owners(found: list[Choice]) -> dict[Setting, list[str]]:
    """By setting, the choices that have it with the same default and meaning."""
    owners: dict[Setting, list[str]] = {}
    for choice in found:
        for setting in choice.settings:
            owners.setdefault(setting, []).append(f"`{choice.name}`")
    return owners


def _table_of_all() -> str:
    every = read(CONF / "config.yaml", "")
    rows = [(f"`{one.key}`", f"`{one.default}`", one.meaning) for one in every.settings]
    return "## Of every command\n\n" + _table(("setting", "default", "what it is"), rows)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
