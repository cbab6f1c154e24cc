"""To how many digits the values of two runs agree, and what differs in what computed them."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from facetrack.core.texts import write_count
from facetrack.tasks.context.capsule import Capsule

_MOST_DIGITS = 17  # a float64 has no more
_SHOWN = 12


@dataclass(frozen=True)
class Agreement:
    """Of values that two runs have both.

    values: how many there are. digits: to how many decimals all agree, of numbers above 1 in
    relation to the number; None where they are the same to the last. worst: the name of one that
    agrees least, with both numbers; None where all are the same. missing: names of values that
    only one of the two has.
    """

    values: int
    digits: int | None
    worst: tuple[str, tuple[float, float]] | None
    missing: tuple[str, ...]

    def tell(self) -> str:
        """In a sentence without its end."""
        if not self.values:
            return "no value to compare"
        told = write_count(self.values, "value")
        if self.worst is None:
            said = f"{told} the same to the last digit"
        else:
            name, (before, now) = self.worst
            said = (
                f"{told} the same to {write_count(self.digits or 0, 'digit')}, least {name}: "
                f"{before!r} before, {now!r} now"
            )
        if self.missing:
            said += f"; only one of the two has {', '.join(self.missing[:_SHOWN])}"
        return said


def compare_values(before: Mapping[str, float], now: Mapping[str, float]) -> Agreement:
    """How far two runs' values, by name, agree. NaN agrees with NaN."""
    both = [name for name in before if name in now]
    digits = {name: _count_digits(before[name], now[name]) for name in both}
    differing = {name: count for name, count in digits.items() if count is not None}
    missing = tuple(sorted(set(before) ^ set(now)))
    if not differing:
        return Agreement(len(both), None, None, missing)
    worst = min(differing, key=lambda name: differing[name])
    pair = (float(before[worst]), float(now[worst]))
    return Agreement(len(both), differing[worst], (worst, pair), missing)


def list_differences(before: Capsule, now: Capsule) -> list[str]:
    """What differs between what computed two runs, a line each."""
    first, second = _flatten(before), _flatten(now)
    return [
        f"{name}: {first.get(name, 'none')} before, {second.get(name, 'none')} now"
        for name in dict.fromkeys([*first, *second])
        if first.get(name) != second.get(name)
    ]


def _count_digits(before: float, now: float) -> int | None:
    """None for the same; how many decimals of two different numbers are."""
    if before == now or (math.isnan(before) and math.isnan(now)):
        return None
    apart = abs(before - now) / max(1.0, abs(before), abs(now))
    if not math.isfinite(apart):
        return 0
    return min(_MOST_DIGITS, max(0, math.floor(-math.log10(2 * apart))))


def _flatten(capsule: Capsule) -> dict[str, str]:
    """Everything but the command, by name."""
    found: dict[str, str] = {}
    for group in ("facetrack", "dataset", "models", "machine", "packages"):
        prefix = "" if group in ("machine", "packages") else f"{group} "
        found |= dict(_walk(prefix, getattr(capsule, group)))
    return found


def _walk(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _walk(f"{prefix}{key} ", one)
    elif isinstance(value, list):
        for number, one in enumerate(value, 1):
            yield from _walk(f"{prefix}{number} ", one)
    else:
        yield prefix.strip(), str(value)
