"""Files from the internet: fetched once, verified, kept in facetrack's own folder."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from facetrack.core.errors import UserError
from facetrack.system.home import home, lock

_Download = Callable[[str, str, object], None]


def fetch(
    urls: Sequence[str],
    filename: str,
    sha256: str | None,
    hint: str,
    git_blob: str | None = None,
) -> Path:
    """The verified file `downloads/filename` of facetrack's folder, downloaded when missing.

    urls: tried in this order; https only.
    sha256, git_blob: the hash demanded, as hex digits: one of the two. A git blob id is what
        `git hash-object` prints.
    hint: what else a user could do, to end the sentence "save it as PATH, or …".

    A file that was put there by hand is verified too; one that fails is removed.
    Raises UserError where no url gives the file, or the folder cannot be written.
    """
    expected = sha256 or git_blob
    if not expected:
        raise UserError(f"{filename} is not downloaded without a known hash: {hint}")
    kind, digest = ("sha256", _sha256) if sha256 else ("git blob id", _git_blob)
    problems = []

    def wrong(path: Path, what: str) -> bool:
        came = digest(path)
        if came == expected.lower():
            return False
        problems.append(f"{what} has {kind} {came}, expected {expected.lower()}, and was removed")
        return True

    def download(url: str, output: str, _: object) -> None:
        from facetrack.system.transfers import transfer  # brings requests, see there

        transfer(url, Path(output), filename)
        if wrong(Path(output), f"what {url} gave"):
            raise UserError(problems.pop())

    folder = home() / "downloads"
    path = folder / filename
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        # Whoever comes second waits, and finds the file there.
        with lock(folder / f".{filename}.lock"):
            if path.exists():
                if not wrong(path, "the file that was there"):
                    return path
                path.unlink()
            for url in urls:
                try:
                    _retrieve(url, path, download)
                except UserError as error:
                    problems.append(str(error))
                else:
                    return path
    except OSError as error:
        raise UserError(
            f"{path} cannot be written ({error.strerror or error}): free some space, or set "
            "FACETRACK_HOME to a folder you can write to"
        ) from error
    raise UserError(f"no {filename} yet ({'; '.join(problems)}): save it as {path}, or {hint}")


def _retrieve(url: str, path: Path, download: _Download) -> None:
    """Have a file downloaded beside its place, and moved there when it is whole and right."""
    import pooch  # brings requests, and in a notebook a warning of bars that it would draw there

    # It would announce every download and suggest to write down its hash.
    pooch.get_logger().setLevel(logging.WARNING)
    pooch.retrieve(url, known_hash=None, fname=path.name, path=path.parent, downloader=download)


def _sha256(path: Path) -> str:
    return _digest(path, hashlib.sha256)


def _git_blob(path: Path) -> str:
    header = b"blob %d\0" % path.stat().st_size
    return _digest(path, lambda: hashlib.sha1(header, usedforsecurity=False))


def _digest(path: Path, start: "Callable[[], hashlib._Hash]") -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, start).hexdigest()
