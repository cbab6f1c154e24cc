"""Files from the internet: fetched once, verified, kept in facetrack's own folder."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from facetrack.core.errors import UserError
from facetrack.system import network
from facetrack.system.home import find_home, lock


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
    With FACETRACK_OFFLINE=1 nothing is downloaded.

    A file that was put there by hand is verified too; one that fails is removed.
    Raises UserError where no url gives the file, or the folder cannot be written.
    """
    if sha256:
        demanded = _Hash("sha256", sha256.lower(), _sha256)
    elif git_blob:
        demanded = _Hash("git blob id", git_blob.lower(), _git_blob)
    else:
        raise UserError(f"{filename} is not downloaded without a known hash: {hint}")
    folder = find_home() / "downloads"
    path = folder / filename
    problems: list[str] = []
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        # Whoever comes second waits, and finds the file there.
        with lock(folder / f".{filename}.lock"):
            if path.exists():
                problem = demanded.find_problem(path, "the file that was there")
                if problem is None:
                    return path
                problems.append(problem)
                path.unlink()
            if network.is_forbidden():
                problems.append(f"{network.VARIABLE} is set")
                urls = ()
            for url in urls:
                try:
                    _download(url, path, demanded)
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


@dataclass(frozen=True)
class _Hash:
    """What a file is demanded to be. kind: what its hash is called."""

    kind: str
    expected: str
    compute: Callable[[Path], str]

    def find_problem(self, path: Path, what: str) -> str | None:
        """What is wrong with a file, which is then to be removed; None for the right one."""
        came = self.compute(path)
        if came == self.expected:
            return None
        return f"{what} has {self.kind} {came}, expected {self.expected}, and was removed"


def _download(url: str, path: Path, demanded: _Hash) -> None:
    """Bring a file to its place once it is verified. Raises UserError, OSError."""

    def bring(url: str, output: str, _: object) -> None:
        from facetrack.system.transfers import transfer  # brings requests, see there

        transfer(url, Path(output), path.name)
        if problem := demanded.find_problem(Path(output), f"what {url} gave"):
            raise UserError(problem)

    import pooch  # brings requests, and in a notebook a warning of bars that it would draw there

    # It would announce every download and suggest to write down its hash.
    pooch.get_logger().setLevel(logging.WARNING)
    pooch.retrieve(url, known_hash=None, fname=path.name, path=path.parent, downloader=bring)


def _sha256(path: Path) -> str:
    return _digest(path, hashlib.sha256)


def _git_blob(path: Path) -> str:
    header = b"blob %d\0" % path.stat().st_size
    return _digest(path, lambda: hashlib.sha1(header, usedforsecurity=False))


def _digest(path: Path, start: "Callable[[], hashlib._Hash]") -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, start).hexdigest()
