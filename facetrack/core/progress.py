"""How work that takes a while says so: passed in by whoever has somebody to tell."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Progress(Protocol):
    """Somebody who is told while work is done."""

    def say(self, text: str) -> None:
        """Tell something, in lines."""
        ...

    def bar(self, items: Iterable[T], *, total: int, description: str, unit: str) -> Iterable[T]:
        """Pass items on, and show how many of all there have been."""
        ...


class Quiet:
    """Nobody is told."""

    def say(self, text: str) -> None:
        """Tell nobody."""

    def bar(self, items: Iterable[T], *, total: int, description: str, unit: str) -> Iterable[T]:
        """Pass items on."""
        del total, description, unit
        return items


QUIET = Quiet()
