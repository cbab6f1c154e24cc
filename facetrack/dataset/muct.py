"""The MUCT face database (Milborrow, Morkel and Nicolls 2010): 3,755 pictures of 276 people.

A file is named i000qa-fn.jpg: subject 000, lighting q, camera a, sex f or m, glasses n or g.
Lighting, camera and glasses are its factors.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from facetrack.core.errors import SettingError, UserError
from facetrack.core.faces import Picture, Pictures, Skipped
from facetrack.dataset.file_tree import walk
from facetrack.dataset.folder import check, find_folder, keep_people_of_enough
from facetrack.system.archive import unpack
from facetrack.system.download import fetch
from facetrack.system.files import user_path

_NAME = re.compile(r"i(\d{3})([a-z])([a-e])-[fm]([ng])\.jpg")
_CAMERAS = "abcde"
_GLASSES = {"g": "yes", "n": "no"}

# MUCT's terms: only these subjects may be reproduced publicly.
_PUBLISHABLE = frozenset({"000", "001", "002", "200", "201", "400", "401", "402"})


@dataclass(kw_only=True)
class Muct:
    """MUCT from the internet, from archives, or from a folder.

    url, git_blobs: where the archives of cameras a to e are downloaded ("{}" stands for the
        camera), and their git blob ids.
    archives: archives on this machine to use instead, all or some.
    root: a folder with the pictures, however deep, to use instead.
    min_pictures: people with fewer are left out.

    A picture's name is its file's name, wherever it lies.
    """

    url: str | None = None
    git_blobs: Sequence[str] = ()
    archives: Sequence[str | Path] | str | Path | None = None
    root: str | Path | None = None
    name: str = "muct"
    min_pictures: int = 1

    def __post_init__(self) -> None:
        """Refuse what can't be meant. Raises UserError."""
        check(self.min_pictures)
        if self.root is not None and self.archives is not None:
            raise SettingError("{root} and {archives} are both given: give one of them")

    def load(self) -> Pictures:
        """Get, unpack and list the pictures. Raises UserError."""
        pictures: dict[str, Picture] = {}
        skipped: list[Skipped] = []
        roots = self._roots()
        for root in roots:
            listing = walk(root)
            skipped += listing.skipped
            for picture in listing.pictures:
                match = _NAME.fullmatch(picture.path.name)
                if match is None:
                    skipped.append(Skipped(picture.name, "not a name such as i000qa-fn.jpg"))
                elif match[0] in pictures:
                    skipped.append(Skipped(picture.name, f"a second file named {match[0]}"))
                else:
                    person = match[1]
                    pictures[match[0]] = Picture(
                        *(picture.path, match[0], person, person in _PUBLISHABLE),
                        factors=_read_factors(match),
                    )
        if not pictures:
            raise UserError(
                f"no pictures of MUCT in {', '.join(map(str, roots))}: expected files named like "
                "i000qa-fn.jpg"
            )
        chosen = keep_people_of_enough(
            [pictures[name] for name in sorted(pictures)], skipped, self.min_pictures
        )
        return Pictures(chosen, sorted(skipped, key=lambda one: one.name))

    def _roots(self) -> list[Path]:
        if self.root is not None:
            return [find_folder(self.root)]
        if self.archives is not None:
            given = [self.archives] if isinstance(self.archives, str | Path) else self.archives
            paths = [user_path(one) for one in given]
        else:
            paths = self._download()
        return [unpack(path, "muct") for path in paths]

    def _download(self) -> list[Path]:
        if self.url is None or len(self.git_blobs) != len(_CAMERAS):
            raise SettingError(
                "MUCT is downloaded from {url} with five {git_blobs}: give both, or "
                "{archives}=[PATH,…], or {root}=PATH"
            )
        return [
            fetch(
                [self.url.replace("{}", camera)],
                f"muct-{camera}-jpg-v1.tar.gz",
                None,
                "name copies of all five archives with dataset.archives=[PATH,…]",
                git_blob=git_blob,
            )
            for camera, git_blob in zip(_CAMERAS, self.git_blobs, strict=True)
        ]


def _read_factors(name: re.Match[str]) -> tuple[tuple[str, str], ...]:
    """What a file's name says of how it was taken."""
    _, lighting, camera, glasses = name.groups()
    return ("camera", camera), ("glasses", _GLASSES[glasses]), ("lighting", lighting)
