"""What there is to choose, and with which settings: the files in conf/, read without Hydra."""

import inspect
import os
import pkgutil
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from facetrack.core.errors import UserError
from facetrack.core.scale import SETTINGS
from facetrack.core.suggestions import find_nearest
from facetrack.system.shipped import CONF
from facetrack.system.yaml_loader import LOADER

_REFERENCE = re.compile(r"\$\{(\w+)\.(\w+)\}")
_VARIABLE = re.compile(r"\$\{oc\.env:(\w+),([^{}]*)\}")
_NO_SETTINGS = ("_target_", "defaults", "space")  # `space` is what a study searches
_FACTS = ("share", *SETTINGS)
_MISSING = "???"  # a setting that has to be given


@dataclass(frozen=True)
class Choice:
    """One choice of a group, as its file in conf/ has it.

    target: its class or function, with dots; "" for none. settings: the defaults, in which
    `${group.setting}` stands for another setting. facts: what its file says to others than its
    class: a clusterer's `share` of pairs of strangers within its own radius, an embedder's
    distances of strangers.
    """

    group: str
    name: str
    target: str
    settings: Mapping[str, Any]
    facts: Mapping[str, Any] = field(default_factory=dict)

    def fill(self, given: Mapping[str, object], known: Mapping[str, object]) -> dict[str, Any]:
        """All settings: those given, the others by default.

        known: settings of other groups by "group.setting", that defaults refer to.
        Raises UserError for a setting that there is not.
        """
        for key in given:
            self._check_setting(key)
        filled = {**self.settings, **given}
        for key in self.settings.keys() - given.keys():
            filled[key] = self._resolve(filled[key], given, known)
        return filled

    def make(self, settings: Mapping[str, object]) -> Any:
        """The object of the choice with all of its settings. Raises UserError."""
        for key, value in settings.items():
            if value == _MISSING:
                raise UserError(f"{self.name} needs {key}: give {self.target}({key}=…, …) instead")
        try:
            return pkgutil.resolve_name(self.target)(**settings)
        except TypeError as error:
            raise UserError(f"{self.name}: {' '.join(str(error).split())}") from error

    def make_default(self) -> Any:
        """The object with default settings. Raises UserError where one has to be given."""
        return self.make(self.fill({}, {}))

    def _resolve(
        self, value: object, given: Mapping[str, object], known: Mapping[str, object]
    ) -> object:
        """A default's value, after all that it refers to."""
        while isinstance(value, str):
            if variable := _VARIABLE.fullmatch(value):
                return os.environ.get(variable[1], variable[2])
            reference = _REFERENCE.fullmatch(value)
            if reference is None:
                break
            group, key = reference.groups()
            if group != self.group:
                return known[f"{group}.{key}"]
            if key in given:
                return given[key]
            value = self.settings[key]
        return value

    def _check_setting(self, key: str) -> None:
        """Raise UserError for a setting that neither the file nor the class knows."""
        if key in self.settings:
            return
        parameters = inspect.signature(pkgutil.resolve_name(self.target)).parameters
        if key in parameters:
            return
        names = [one for one in {**self.settings, **parameters} if not one.startswith("_")]
        choices = [choose(self.group, name) for name in list_names(self.group)]
        if others := [one.name for one in choices if key in one.settings]:
            have = "has" if len(others) == 1 else "have"
            raise UserError(f"{self.name} has no {key}: {_join(others, 'and')} {have} it")
        near = find_nearest(key, names)
        meant = f"; did you mean {' or '.join(near)}?" if near else f": it has {', '.join(names)}"
        raise UserError(f"{self.name} has no setting {key}{meant}")


def choose(group: str, name: object) -> Choice:
    """A choice by its name. Raises UserError where the group has none of that name."""
    names = list_names(group)
    if name not in names:
        near = find_nearest(name, names) if isinstance(name, str) else []
        meant = f"; did you mean {' or '.join(near)}?" if near else ""
        raise UserError(f"there is no {group} {name!r}{meant} (choose one of {', '.join(names)})")
    path = CONF / group / f"{name}.yaml"
    content = yaml.load(path.read_text(encoding="utf-8"), LOADER)
    left_out = (*_NO_SETTINGS, *_FACTS)
    settings = {key: value for key, value in content.items() if key not in left_out}
    facts = {key: content[key] for key in _FACTS if key in content}
    return Choice(group, str(name), content.get("_target_", ""), settings, facts)


def make_default(group: str, name: object) -> Any:
    """What a name stands for, with its default settings. Raises UserError where there is none."""
    return choose(group, name).make_default()


def list_names(group: str) -> list[str]:
    """The choices of a group, sorted; those that stand for nothing left out."""
    return sorted(path.stem for path in (CONF / group).glob("*.yaml") if path.stem != "none")


def _join(names: list[str], word: str) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"
