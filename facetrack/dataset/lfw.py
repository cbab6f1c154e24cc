"""Labeled Faces in the Wild (Huang et al. 2007): 13,233 pictures of 5,749 people in the news."""

from dataclasses import dataclass
from pathlib import Path

from facetrack.core.errors import SettingError, UserError
from facetrack.core.faces import Pictures
from facetrack.dataset.folder import Folder, check, find_folder
from facetrack.system.archive import unpack
from facetrack.system.download import fetch
from facetrack.system.files import user_path


@dataclass(kw_only=True)
class Lfw:
    """LFW from the internet, from an archive, or from a folder; any of its alignments.

    url, sha256: where the archive is downloaded, and its hash.
    archive: an archive on this machine to use instead.
    root: a folder that holds the people's folders, or one folder with them, to use instead.
    min_pictures: people with fewer are left out; 3 in the article.
    """

    url: str | None = None
    sha256: str | None = None
    archive: str | Path | None = None
    root: str | Path | None = None
    name: str = "lfw"
    min_pictures: int = 3

    def __post_init__(self) -> None:
        """Refuse what can't be meant. Raises UserError."""
        check(self.min_pictures)
        if self.root is not None and self.archive is not None:
            raise SettingError("{root} and {archive} are both given: give one of them")

    def load(self) -> Pictures:
        """Get, unpack and list the pictures. Raises UserError."""
        top = find_folder(self.root) if self.root is not None else unpack(self._archive(), "lfw")
        root = _holding_people(top)
        listing = Folder(root, self.name, self.min_pictures).load()
        if listing.pictures[0].person is None:
            raise UserError(
                f"{root} holds pictures but no people: expected LFW's folders, one per person"
            )
        return listing

    def _archive(self) -> Path:
        if self.archive is not None:
            return user_path(self.archive)
        urls = [self.url] if self.url else []
        return fetch(urls, "lfw.tgz", self.sha256, "name a copy with dataset.archive=PATH")


def _holding_people(top: Path) -> Path:
    """Go down while there is but one folder and it holds folders: lfw/ in the archive, say."""
    for _ in range(3):
        inside = _folders(top)
        if len(inside) != 1 or not _folders(inside[0]):
            break
        top = inside[0]
    return top


def _folders(path: Path) -> list[Path]:
    try:
        return [below for below in path.iterdir() if below.is_dir() and below.name[0] != "."]
    except OSError:  # listing the pictures will say so
        return []
