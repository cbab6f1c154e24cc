"""Ranges on the command line, written out before Hydra reads them.

`clusterer.eps=0.1:1.2` becomes `clusterer.eps=0.1,0.2,…,1.2`, last value included. Hydra's own
`range(...)` leaves the last one out and steps in floats (0.30000000000000004).
"""

import decimal
import math
import re
import shlex
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NoReturn

from facetrack.cli.arguments.overrides import MOST
from facetrack.core.errors import UserError

# Exact sums whatever the operands: the default context rounds to 28 digits.
_EXACT = decimal.Context(prec=decimal.MAX_PREC, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)

# Experiments that are a job alone.
_SINGLE_JOBS = tuple(
    f"+experiment={one}" for one in ("verification", "embedders", "knn", "accessories")
)


def is_multirun(arguments: Sequence[str]) -> bool:
    """Whether Hydra will sweep: -m, --multirun (also shortened or bundled, -rm), or hydra.mode.

    An experiment (conf/experiment) says so itself; of one that is not facetrack's it is assumed.
    """
    return any(
        re.match(r"-[hr]*m", argument)
        or (argument.startswith("--m") and "--multirun".startswith(argument))
        or argument == "hydra.mode=MULTIRUN"
        or (argument.startswith("+experiment=") and argument not in _SINGLE_JOBS)
        for argument in arguments
    )


def expand(
    arguments: Sequence[str],
    value_of: Callable[[str], object],
    *,
    multirun: bool,
    alone: str | None = None,
) -> list[str]:
    """The arguments, with every range on a numeric setting replaced by its values.

    A range is `first:last` or `first:last:step`, alone or in a comma-separated list of numbers.
    Values are exact decimals from first to the last one ≤ last; the step is 0.1, or 1 for a
    setting that holds an integer. All else stays as it is, above all values with a colon on
    settings that hold no number (paths, times, addresses).

    value_of: gives the composed value of a key, None where there is no such key. Composing is
    slow, so it is called only for values that could be a range. alone: the task, where that is one
    job whatever is asked.

    Raises UserError for a malformed range on a numeric setting, and for any range where
    `multirun` is False.
    """
    expanded = []
    for argument in arguments:
        key, value = _split(argument)
        current = value_of(key) if _may_be_range(value) else None
        if isinstance(current, bool) or not isinstance(current, int | float):
            expanded.append(argument)
            continue
        values = _values(key, value, integer=isinstance(current, int))
        if not multirun:
            refuse_several(argument, arguments, alone)
        head = argument[: argument.index("=") + 1]
        expanded.append(head + ",".join(values))
    return expanded


def refuse_several(argument: str, arguments: Sequence[str], alone: str | None = None) -> NoReturn:
    """Raises UserError for an argument with several values where there is no sweep."""
    if alone is not None:
        raise UserError(
            f"task={alone} is one job, and {argument!r} asks for several: give it a single value"
        )
    command = shlex.join(["facetrack", "-m", *arguments])
    raise UserError(
        f"{argument!r} asks for several runs, and without -m there is one; add -m: {command}"
    )


def _split(argument: str) -> tuple[str, str]:
    """Key (without + or ++) and value of an override; two empty texts for a flag or deletion."""
    key, _, value = argument.partition("=")
    if key.startswith(("-", "~")):
        return "", ""
    return re.sub(r"^\+{1,2}", "", key), value.strip()


def _may_be_range(value: str) -> bool:
    return ":" in value and value[0] in "0123456789+-."


def _values(key: str, value: str, *, integer: bool) -> list[str]:
    """Every value of a list of numbers and ranges, as text. Raises UserError."""
    texts: list[str] = []
    for element in value.split(","):
        try:
            texts += _element(element, integer=integer, room=MOST - len(texts))
        except ValueError as problem:
            example = f"{key}=1:10:1" if integer else f"{key}=0.1:1.2:0.1"
            raise UserError(
                f"expected first:last or first:last:step for {key}, such as {example}; "
                f"got {value!r}: {problem}"
            ) from None
    return texts


def _element(element: str, *, integer: bool, room: int) -> list[str]:
    """The values of one number or range; ValueError says what is wrong with it."""
    parts = element.split(":")
    numbers = [_number(part) for part in parts]
    if len(numbers) == 1:
        return [element.strip()]
    if len(numbers) > 3:
        raise ValueError(f"{element} has too many colons")
    default = Decimal("1") if integer else Decimal("0.1")
    first, last, step = numbers if len(numbers) == 3 else (*numbers, default)
    if step <= 0:
        raise ValueError(f"the step {step} is not above 0")
    if last < first:
        raise ValueError(f"it runs backwards, {parts[0]} is above {parts[1]}")
    with decimal.localcontext(_EXACT):
        count = int((last - first) // step) + 1
        if count > room:
            raise ValueError(f"it has more than {MOST} values")
        return [_text(first + i * step, integer=integer) for i in range(count)]


def _number(text: str) -> Decimal:
    """A number within a float's range; ValueError otherwise."""
    try:
        number = Decimal(text.strip())
    except decimal.InvalidOperation:
        raise ValueError(f"{text!r} is not a number") from None
    nearest = float(number)
    # Beyond a float's range exact sums could need any amount of memory.
    if not math.isfinite(nearest) or (nearest == 0 and number != 0):
        raise ValueError(f"{text!r} is not a finite number")
    return number if number else Decimal(0)


def _text(number: Decimal, *, integer: bool) -> str:
    """Plain decimals, never an exponent; an integral value of an integer setting has no point."""
    if integer and number == number.to_integral_value():
        number = number.to_integral_value()
    return f"{number:f}"
