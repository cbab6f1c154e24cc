"""The folders of persons: made, given names that the disk takes, and never written over."""

import contextlib
import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

from facetrack.core.errors import UserError
from facetrack.organiser import copies
from facetrack.organiser.names import add_numbers, fold, versions
from facetrack.system.files import move
from facetrack.system.owner import hand_over

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_OF_THE_DISK = (*NO_ROOM, errno.EROFS, errno.EIO)  # whatever the name


class Folders:
    """The folders in `out` while one run puts files into them.

    renamed: how many files and folders got another name, since the disk refuses theirs.
    """

    def __init__(self, out: Path) -> None:
        self.renamed = 0
        self._out = out
        self._names: dict[str, str] = {}
        self._taken: dict[str, set[str]] = {}
        self._made: list[str] = []

    def of(self, name: str) -> str:
        """What the folder of a name is called on this disk; made when missing.

        Raises UserError where a link is in its place, OSError.
        """
        if name not in self._names:
            self._names[name] = self._open(name)
        return self._names[name]

    def there(
        self, folder: str, name: str, content: str, original: Path, kind: str
    ) -> tuple[str, os.stat_result] | None:
        """Where a file is that a run which did not end has made, and its status."""
        taken = self._list_taken(folder)
        for candidate in add_numbers(name):
            known = [candidate] if fold(candidate) in taken else versions(candidate)
            known = [version for version in known if fold(version) in taken]
            for version in known:
                path = f"{folder}/{version}"
                status = copies.look_at_unknown(self._out / path, content, original, kind)
                if status is not None:
                    return path, status
            if not known:
                break
        return None

    def put(self, source: Path, folder: str, name: str, announce: Callable[[str], None]) -> str:
        """Move a file into a folder, under the first form of a name that is free and possible.

        announce: told the path below `out` before the file may be there. Returns that path. Raises
        OSError.
        """
        taken = self._list_taken(folder)
        for candidate in add_numbers(name):
            if fold(candidate) in taken:
                continue
            refused = None
            for version in versions(candidate):
                try:
                    if not os.path.lexists(self._out / folder / version):
                        announce(f"{folder}/{version}")
                    move(source, self._out / folder / version)
                except FileExistsError:
                    taken.add(fold(version))
                    break
                except OSError as error:
                    refused = _demand_of_name(error, refused)
                    continue
                taken.update((fold(candidate), fold(version)))
                self.renamed += version != candidate
                return f"{folder}/{version}"
            else:
                assert refused is not None
                raise refused
        raise AssertionError("numbers do not end")

    def are_one(self, first: str, second: str) -> bool:
        """Whether the disk takes two names for the same folder; it then gets the second name."""
        if first == second:
            return True
        with contextlib.suppress(OSError):
            one, other = self._out / first, self._out / second
            if os.path.samestat(os.lstat(one), os.lstat(other)):
                with contextlib.suppress(OSError):
                    one.rename(other)
                return True
        return False

    def remove_if_empty(self, emptied: set[str]) -> None:
        """Remove folders that hold nothing any more, and those that were made for nothing."""
        for folder in (*emptied, *self._made):
            with contextlib.suppress(OSError):  # not empty: there is something of the user's in it
                (self._out / folder).rmdir()

    def _open(self, name: str) -> str:
        for candidate in add_numbers(name):
            refused = None
            for version in versions(candidate):
                path = self._out / version
                try:
                    path.mkdir(mode=0o700)
                except FileExistsError:
                    if _is_folder(path):
                        return version
                    break
                except OSError as error:
                    refused = _demand_of_name(error, refused)
                    continue
                hand_over(path)
                self._made.append(version)
                self.renamed += version != candidate
                return version
            else:
                assert refused is not None
                raise refused
        raise AssertionError("numbers do not end")

    def _list_taken(self, folder: str) -> set[str]:
        """The names in a folder, in the form in which some disks do not tell them apart."""
        if folder not in self._taken:
            names = os.listdir(self._out / folder)  # noqa: PTH208
            self._taken[folder] = {fold(name) for name in names}
        return self._taken[folder]


def _is_folder(path: Path) -> bool:
    """Whether a path that is taken is a folder. Raises UserError for a link."""
    mode = os.lstat(path).st_mode
    # Through a link one would write elsewhere.
    if stat.S_ISLNK(mode):
        raise UserError(
            f"{path} is not a folder that facetrack made: move it away and run the same command"
        )
    return stat.S_ISDIR(mode)


def _demand_of_name(error: OSError, first: OSError | None) -> OSError:
    """The first error that a name met, if another name can help; else raises this one."""
    if error.errno in _OF_THE_DISK:
        raise error
    return first or error
