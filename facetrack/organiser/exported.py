"""What `task=export` has made of an organised folder, so that it can be undone and forgotten.

`exported.json` in facetrack's own part of the folder. It is written before anything that it tells
of, so that a command that is killed leaves nothing that nobody knows of.
"""

import contextlib
import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from facetrack.core.errors import UserError
from facetrack.extraction.xmp.regions import Region
from facetrack.organiser import state
from facetrack.system.files import make_folder
from facetrack.system.files import replace as replace_file

_FILE = "exported.json"
_VERSION = 1
_BACKUPS = "sidecars"
SIDECARS = "sidecars"
"""The folder below `task.out` that mirrors the folder of photos."""


@dataclass(frozen=True)
class Written:
    """A region that was written. person: its number. form: "mwg" or "mp"."""

    person: int
    form: str
    region: Region


@dataclass(frozen=True)
class Sidecar:
    """A sidecar that was written to.

    content: of its photo, SHA-256 in hex. made: whether there was none before. digest: SHA-256 of
    what was written, to see whether somebody has changed it since; empty where that is not known.
    coming: of what was about to be written when the command was killed.
    """

    content: str
    made: bool
    digest: str
    regions: tuple[Written, ...] = ()
    coming: str = ""

    def is_as_written(self, digest: str) -> bool:
        """Whether nobody else has changed a sidecar with that digest."""
        return digest in (self.digest, self.coming)


@dataclass(frozen=True)
class Made:
    """A file that shows or names people. persons: their numbers; contents: of their photos."""

    digest: str
    persons: tuple[int, ...]
    contents: tuple[str, ...]


@dataclass
class Exported:
    """sidecars: by their paths, those in the folder below it and others in full. files: in it."""

    sidecars: dict[str, Sidecar] = field(default_factory=dict)
    files: dict[str, Made] = field(default_factory=dict)

    def find(
        self, contents: Collection[str], persons: Collection[int]
    ) -> dict[str, tuple[Written, ...]]:
        """The regions to forget, by sidecar: of persons, or where there are none of photos."""
        found = {}
        for key, one in self.sidecars.items():
            regions = tuple(
                region
                for region in one.regions
                if (region.person in persons if persons else one.content in contents)
            )
            if regions:
                found[key] = regions
        return found

    def find_files(self, contents: Collection[str], persons: Collection[int]) -> list[str]:
        """The files to forget as a whole, by the same rule."""
        wanted = set(contents)
        return [
            key
            for key, one in self.files.items()
            if (set(persons) & set(one.persons) if persons else wanted & set(one.contents))
        ]


def load(out: Path) -> Exported:
    """What was exported; nothing where nothing was. Raises UserError where that is damaged."""
    path = state.own_folder(out) / _FILE
    try:
        stored = json.loads(path.read_bytes())
        if stored["version"] != _VERSION:
            raise ValueError("it is of another version of facetrack")
        return Exported(
            {str(key): _read_sidecar(one) for key, one in stored["sidecars"].items()},
            {
                str(key): Made(str(one["digest"]), tuple(one["persons"]), tuple(one["contents"]))
                for key, one in stored["files"].items()
            },
        )
    except FileNotFoundError:
        return Exported()
    except (OSError, *state.DAMAGED) as error:
        raise UserError(
            f"{path}, which says what task=export has written, cannot be used "
            f"({str(error)[:100]}): remove it, and what was exported is yours to delete"
        ) from error


def save(out: Path, exported: Exported) -> None:
    """Keep it; nothing is kept of nothing. Raises OSError."""
    path = state.own_folder(out) / _FILE
    if not exported.sidecars and not exported.files:
        path.unlink(missing_ok=True)
        return
    stored = {"version": _VERSION, **asdict(exported)}
    replace_file(path, json.dumps(stored).encode())


def path_of(out: Path, key: str) -> Path:
    """Where a file is. key: its path below the folder, or in full."""
    return out / key


def is_beside(key: str) -> bool:
    """Whether a sidecar is beside its photo, outside of the organised folder."""
    return Path(key).is_absolute()


def backup_path(out: Path, key: str) -> Path:
    """Where a sidecar is kept as it was before facetrack wrote to it."""
    name = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return state.own_folder(out) / _BACKUPS / f"{name}.xmp"


def keep_backup(out: Path, key: str, content: bytes) -> None:
    """Keep a sidecar as it is without facetrack's regions. Raises OSError."""
    path = backup_path(out, key)
    make_folder(path.parent)
    replace_file(path, content)


def drop_backup(out: Path, key: str) -> None:
    """Remove what was kept of a sidecar that has none of facetrack's regions. Raises OSError."""
    path = backup_path(out, key)
    path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # there are others, or never were any
        path.parent.rmdir()


def without(one: Sidecar, gone: Collection[Written]) -> Sidecar:
    """A sidecar's record without some regions."""
    return replace(one, regions=tuple(r for r in one.regions if r not in gone))


def _read_sidecar(stored: Mapping[str, Any]) -> Sidecar:
    regions = tuple(
        Written(int(one["person"]), str(one["form"]), Region(**one["region"]))
        for one in stored["regions"]
    )
    return Sidecar(
        str(stored["content"]),
        bool(stored["made"]),
        str(stored["digest"]),
        regions,
        str(stored.get("coming", "")),
    )
