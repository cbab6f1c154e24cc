"""Progress bars: one look for all, only where somebody would wait."""

import sys
from collections.abc import Iterable
from typing import Any, TypeVar

from tqdm import tqdm

from facetrack.system import json_lines
from facetrack.system.terminal import make_harmless

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
    """Print a line to standard output without breaking a bar that is on screen.

    To standard error where the results are given as JSON.
    """
    text, stream = make_harmless(text), json_lines.beside()
    if sys.stderr.isatty():
        tqdm.write(text, file=stream)
    else:
        print(text, file=stream)
    stream.flush()


class Terminal:
    """Whoever sits at the terminal (see `core.progress.Progress`)."""

    def say(self, text: str) -> None:
        """Print it, as `say` does."""
        say(text)

    def bar(self, items: Iterable[T], *, total: int, description: str, unit: str) -> Iterable[T]:
        """Pass items on with a bar."""
        shown: Iterable[T] = bar(items, total=total, description=description, unit=unit)
        return shown


TERMINAL = Terminal()
