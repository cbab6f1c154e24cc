"""A kind of value that settings take, as a rule that refuses all others."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from facetrack.core.errors import UserError
from facetrack.core.suggestions import find_nearest

_LARGEST = 2**31 - 1  # what the libraries below count with


@dataclass(frozen=True)
class Rule:
    """what: a setting takes, to be read after "is". takes: whether a value is of that kind.

    choices: its values, where they are few. mend: how to write what came so that it is of that
    kind, with {key} and {value}.
    """

    what: str
    takes: Callable[[Any], bool]
    choices: Sequence[str] = ()
    mend: str = ""

    def refuse(self, key: str, value: object) -> None:
        """Raises UserError unless the value is of that kind."""
        if self.takes(value):
            return
        near = find_nearest(value, self.choices) if isinstance(value, str) else []
        meant = f"; did you mean {' or '.join(f'{key}={one}' for one in near)}?" if near else ""
        mend = self.mend if isinstance(value, bool | int | float) else ""
        meant += mend.format(key=key, value=str(value).lower())
        raise UserError(f"{key} is {self.what}; got {show(value)}{meant}")


def show(value: object) -> str:
    """A value as the command line has it; texts in quotes."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return repr(value)


def whole(least: int, most: int = _LARGEST) -> Rule:
    """A whole number in a range."""
    what = f"a whole number from {least} to {most}"
    return Rule(what, lambda value: type(value) is int and least <= value <= most)


def number(what: str, is_in: Callable[[float], bool]) -> Rule:
    """A number, finite, that is_in accepts."""
    return Rule(
        what, lambda value: type(value) in (int, float) and math.isfinite(value) and is_in(value)
    )


def one_of(*choices: str) -> Rule:
    """One of some words."""
    return Rule(f"one of {', '.join(choices)}", lambda value: value in choices, choices)


def optional(rule: Rule, null: str = "") -> Rule:
    """The same, or null. null: what that stands for."""
    meaning = f" {null}" if null else ""
    return Rule(
        f"{rule.what}, or null{meaning}",
        lambda value: value is None or rule.takes(value),
        rule.choices,
        rule.mend,
    )


def either(word: str, rule: Rule) -> Rule:
    """The same, or a word."""
    return Rule(f"{word}, or {rule.what}", lambda value: value == word or rule.takes(value), [word])
