"""Files from the internet: fetched once, verified, kept in facetrack's own folder."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pooch

from facetrack.errors import UserError
from facetrack.home import home, lock
from facetrack.progress import bar

_TIMEOUT = (10, 60)  # seconds until connected, and between two pieces
_PIECE = 1 << 18

# pooch would announce every download and suggest to write down its hash.
pooch.get_logger().setLevel(logging.WARNING)


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
        _transfer(url, Path(output), filename)
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
                    pooch.retrieve(
                        url, known_hash=None, fname=filename, path=folder, downloader=download
                    )
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


def _transfer(url: str, output: Path, filename: str) -> None:
    """Write what is at `url` to a file. Raises UserError for the net, OSError for the disk."""
    import requests  # takes 0.1 s, and most runs download nothing

    _demand_secure(url)
    try:
        with requests.get(url, stream=True, timeout=_TIMEOUT) as response:
            for answer in (*response.history, response):
                _demand_secure(answer.url)
            if not response.ok:
                raise UserError(f"{url} answers {response.status_code} {response.reason}")
            progress = bar(
                total=int(response.headers.get("content-length", 0)) or None,
                description=f"Downloading {filename}",
                unit="B",
            )
            progress.unit_scale = True
            with output.open("wb") as opened, progress:
                for piece in response.iter_content(_PIECE):
                    opened.write(piece)
                    progress.update(len(piece))
    except requests.Timeout as error:
        raise UserError(f"{url} does not answer in time") from error
    except requests.exceptions.SSLError as error:
        raise UserError(f"{url} has no valid certificate") from error
    except requests.exceptions.ChunkedEncodingError as error:
        raise UserError(f"{url} broke off") from error
    except requests.RequestException as error:
        raise UserError(f"{url} cannot be reached") from error


def _demand_secure(url: str) -> None:
    parts = urlsplit(url)
    # A server on this very machine needs no encryption.
    if parts.scheme != "https" and (parts.scheme, parts.hostname) != ("http", "127.0.0.1"):
        raise UserError(f"{url} is not an https address")


def _sha256(path: Path) -> str:
    return _digest(path, hashlib.sha256)


def _git_blob(path: Path) -> str:
    header = b"blob %d\0" % path.stat().st_size
    return _digest(path, lambda: hashlib.sha1(header, usedforsecurity=False))


def _digest(path: Path, start: "Callable[[], hashlib._Hash]") -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, start).hexdigest()
