"""A model's file: published and downloaded, or a user's own. Nothing of it is used unread."""

import functools
import hashlib
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from facetrack.core.errors import SettingError, UserError
from facetrack.system.files import sha256 as hash_file
from facetrack.system.files import user_path

_MOST_BYTES = 2 << 30  # a model in one file cannot have more


@dataclass(frozen=True)
class ModelFile:
    """Where a model's content is to be had.

    own: a file of the user's own, or None for the published one: `urls`, tried in this order, kept
    as `filename` and known by its `sha256`. what: it has to be, such as "a YuNet .onnx file".
    otherwise: what else a user could do where no url gives it.
    """

    own: str | None
    urls: Sequence[str]
    filename: str
    sha256: str | None
    what: str
    otherwise: str

    @functools.cached_property
    def digest(self) -> str:
        """The content's SHA-256 in hex, as it was first seen; needs no download.

        Raises UserError for a file of the user's own that cannot be read.
        """
        if self.own is None:
            return str(self.sha256).lower()
        return self._hash(user_path(self.own))

    def name_digest(self) -> dict[str, str]:
        """The same by the file's name, without its folder."""
        return {self.filename if self.own is None else user_path(self.own).name: self.digest}

    def read(self) -> bytes:
        """The content, which has that SHA-256. Raises UserError where it cannot be had."""
        path = self._download() if self.own is None else user_path(self.own)
        expected = self.digest
        try:
            content = path.read_bytes()
        except OSError as error:
            raise self._refusal(path, str(error.strerror)) from error
        if hashlib.sha256(content).hexdigest() != expected:
            raise UserError(f"{path} was changed while facetrack read it: run again")
        return content

    def _download(self) -> Path:
        from facetrack.system.download import fetch

        return fetch(list(self.urls), self.filename, self.sha256, self.otherwise)

    def _hash(self, path: Path) -> str:
        try:
            status = path.stat()
            if stat.S_ISREG(status.st_mode):
                if status.st_size > _MOST_BYTES:
                    raise self._refusal(path, "it has more than 2 GiB")
                return _hash_of(path, status.st_size, status.st_mtime_ns)
            reason = "it is a folder" if stat.S_ISDIR(status.st_mode) else "it is not a file"
        except OSError as error:
            reason = str(error.strerror)
        raise self._refusal(path, reason)

    def _refusal(self, path: Path, reason: str) -> SettingError:
        instead = ", or leave it out to use the published file" if self.sha256 else ""
        return SettingError(
            "{weights} must be {what}, but {path} cannot be read ({reason}): correct it{instead}",
            what=self.what,
            path=path,
            reason=reason,
            instead=instead,
        )


@functools.lru_cache(maxsize=8)
def _hash_of(path: Path, _size: int, _mtime_ns: int) -> str:
    return hash_file(path).hex()
