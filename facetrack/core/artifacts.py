"""Files that a run keeps, each with whether people can be seen in it or are named in it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file of a run.

    name: of the file, without a folder. shows_people: whether it shows faces or pictures, or names
    people or pictures, so that `task=forget` has to delete it.
    """

    name: str
    content: str | bytes
    shows_people: bool


def mark_people(files: Mapping[str, str | bytes]) -> list[Artifact]:
    """Files by name and content as artifacts that show people."""
    return [Artifact(name, content, shows_people=True) for name, content in files.items()]


def mark_nobody(files: Mapping[str, str | bytes]) -> list[Artifact]:
    """Files by name and content as artifacts that show nobody."""
    return [Artifact(name, content, shows_people=False) for name, content in files.items()]
