"""What there is to choose and to set, read from the config folders without Hydra."""

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from facetrack.core.suggestions import find_nearest_keys
from facetrack.system.yaml_loader import LOADER

_PACKAGE = re.compile(r"^#\s*@package\s+(\S+)", re.MULTILINE)


class Catalogue:
    """The groups, their choices and the choices' settings in some config folders.

    folders: facetrack's own first, then those that the command line adds.
    name: of the primary config.
    """

    def __init__(self, folders: Sequence[Path], name: str = "config") -> None:
        self.folders = [folder for folder in folders if folder.is_dir()]
        self.groups = self._groups()
        self._primary = _read(self._file(f"{name}.yaml"))

    @functools.cached_property
    def defaults(self) -> dict[str, str]:
        """The groups of which a command always has a choice, each with the one it has unasked."""
        entries = self._primary.get("defaults")
        found: dict[str, str] = {}
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict):
                for group, choice in entry.items():
                    found[str(group).removeprefix("override ").lstrip("/")] = str(choice)
        return found

    @functools.cached_property
    def top(self) -> list[str]:
        """The settings that belong to no choice."""
        own = {key: one for key, one in self._primary.items() if key not in ("defaults", "hydra")}
        return list(_leaves("", own))

    def settings(self, group: str, choice: str) -> list[str]:
        """The dotted keys that a choice brings."""
        path = self._file(f"{group}/{choice}.yaml")
        content = {key: one for key, one in _read(path).items() if key != "defaults"}
        package = _PACKAGE.search(path.read_text(encoding="utf-8")) if path is not None else None
        if package is not None and package[1] == "_global_":
            content.pop("hydra", None)
            return list(_leaves("", content))
        return list(_leaves(group, content))

    @functools.cached_property
    def owners(self) -> dict[str, list[str]]:
        """By dotted key, the choices that have it, as `group=choice`; none for those of all."""
        found: dict[str, list[str]] = {key: [] for key in self.top}
        for group, choices in self.groups.items():
            if group.startswith("hydra/"):
                continue
            for choice in choices:
                for key in self.settings(group, choice):
                    found.setdefault(key, []).append(f"{group}={choice}")
        return found

    def setting(self, word: str) -> str | None:
        """The group or setting that a word is most like, if any."""
        near = find_nearest_keys(word, [*self.groups, *self.owners])
        if near and near[0] in self.groups and near[0] not in self.defaults:
            return f"+{near[0]}"
        return near[0] if near else None

    def plain(self, group: str, choice: str) -> Mapping[str, Any] | None:
        """What a choice puts in the place of its group; None where that takes Hydra to say."""
        path = self._file(f"{group}/{choice}.yaml")
        if path is None or "@package" in path.read_text(encoding="utf-8"):
            return None
        content = _read(path)
        return None if "defaults" in content else content

    def _groups(self) -> dict[str, list[str]]:
        found: dict[str, set[str]] = {}
        for folder in self.folders:
            for path in folder.glob("**/*.y*ml"):
                group = path.parent.relative_to(folder).as_posix()
                if group != ".":
                    found.setdefault(group, set()).add(path.stem)
        return {group: sorted(found[group]) for group in sorted(found)}

    def _file(self, name: str) -> Path | None:
        return next((one / name for one in self.folders if (one / name).is_file()), None)


def _read(path: Path | None) -> dict[str, Any]:
    """A config file's content; nothing where it cannot be read, which Hydra will tell."""
    if path is None:
        return {}
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), LOADER)
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return content if isinstance(content, dict) else {}


def _leaves(above: str, content: Mapping[Any, Any]) -> Iterator[str]:
    for key, value in content.items():
        dotted = f"{above}.{key}" if above else str(key)
        if isinstance(value, dict) and value:
            yield from _leaves(dotted, value)
        else:
            yield dotted
