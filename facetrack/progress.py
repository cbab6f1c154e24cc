"""Progress bars: one look for all, only where somebody would wait."""

import sys
from collections.abc import Iterable
from typing import Any, TypeVar

from tqdm import tqdm

from facetrack.terminal import harmless

T = TypeVar("T")


def bar(
    items: Iterable[T] | None = None,
    *,
    total: int | None = None,
    description: str,
    unit: str,
    delay: float = 1.0,
) -> Any:
    """A tqdm bar on standard error that appears after `delay` seconds and goes when done.

    Where standard error is a file, a line every ten seconds is enough.
    """
    return tqdm(
        items,
        total=total,
        desc=description,
        unit=unit,
        delay=delay,
        leave=False,
        dynamic_ncols=True,
        mininterval=0.2 if sys.stderr.isatty() else 10.0,
    )


def say(text: str) -> None:
    """Print a line to standard output without breaking a bar that is on screen."""
    text = harmless(text)
    if sys.stderr.isatty():
        tqdm.write(text, file=sys.stdout)
    else:
        print(text)
    sys.stdout.flush()
