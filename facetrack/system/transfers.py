"""One file over the net, from a server that is not trusted: bounded in time and in size.

Its hash, which the caller knows, says whether it is the right one. Imports requests, which takes
0.1 s: most runs download nothing.
"""

import functools
import http.client
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from facetrack.core.errors import UserError
from facetrack.system.progress import bar

T = TypeVar("T")

_TIMEOUT = (5, 60)  # seconds until connected, and between two pieces
_ANSWER_SECONDS = 90.0  # until all of an answer's head is there
_WINDOW_SECONDS, _WINDOW_BYTES = 30.0, 30_000  # what comes slower would take days
_MOST = 4 << 30  # ten times the largest file that facetrack fetches
_MOST_REDIRECTS = 5
_PIECE = 1 << 18
_OF_THE_NET = (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException)


class _Session(requests.Session):
    """Follows no redirect by itself: it would do so before anybody could look where to."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None leads away."""


def transfer(url: str, output: Path, filename: str) -> None:
    """Write what is at `url` to a file. Raises UserError for the net, OSError for the disk.

    filename: how the file is called to the user.
    """
    with _Session() as session:
        try:
            response = _answer(session, url)
            size = _size(response, url)
            progress = bar(total=size, description=f"Downloading {filename}", unit="B")
            progress.unit_scale = True
            with output.open("wb") as opened, progress:
                for piece in _pieces(response, url):
                    opened.write(piece)
                    progress.update(len(piece))
        except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise UserError(f"{url} does not answer in time") from error
        except (requests.exceptions.SSLError, urllib3.exceptions.SSLError) as error:
            raise UserError(f"{url} has no valid certificate") from error
        except urllib3.exceptions.ProtocolError as error:
            raise UserError(f"{url} broke off") from error
        except _OF_THE_NET as error:
            raise UserError(f"{url} cannot be reached") from error


def _answer(session: requests.Session, url: str) -> requests.Response:
    """The answer at the end of the redirects."""
    here = url
    for _ in range(_MOST_REDIRECTS + 1):
        _demand_secure(here)
        response = _within(_ANSWER_SECONDS, url, functools.partial(_ask, session, here))
        try:
            place = requests.Session.get_redirect_target(session, response)
            here = urljoin(here, place or "")
        except ValueError as error:
            raise UserError(f"{url} leads to what is no address") from error
        if place is None:
            if not response.ok:
                raise UserError(f"{url} answers {response.status_code} {response.reason[:80]}")
            return response
        response.close()
    raise UserError(f"{url} leads on and on")


def _ask(session: requests.Session, url: str) -> requests.Response:
    # As it is: a small answer may be a large file when it is unpacked.
    return session.get(url, stream=True, timeout=_TIMEOUT, headers={"Accept-Encoding": "identity"})


def _within(seconds: float, url: str, ask: Callable[[], T]) -> T:
    """What `ask` returns. Raises UserError after so many seconds.

    Between two bytes a server may take the time of a timeout, and its head may have many.
    """
    found: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            found.append(ask())
        except BaseException as error:  # raised where it is waited for
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not found:
        raise UserError(f"{url} does not answer in time")
    return found[0]


def _size(response: requests.Response, url: str) -> int | None:
    """How many bytes an answer says it has; None where it does not."""
    coding = response.headers.get("content-encoding", "identity")
    if coding.lower() != "identity":
        raise UserError(f"{url} answers in {coding[:40]}, which was not asked for")
    told = response.headers.get("content-length")
    if told is None:
        return None
    if not (told.isascii() and told.isdecimal()):
        raise UserError(f"{url} says that it has {told[:40]!r} bytes")
    if int(told[:20]) > _MOST:
        raise _too_large(url)
    return int(told)


def _pieces(response: requests.Response, url: str) -> Iterator[bytes]:
    """What an answer holds, as it comes."""
    raw: Any = response.raw
    total, window, since = 0, 0, time.monotonic()
    while piece := raw.read1(_PIECE, decode_content=False):
        total, window = total + len(piece), window + len(piece)
        if total > _MOST:
            raise _too_large(url)
        yield piece
        if time.monotonic() - since > _WINDOW_SECONDS:
            if window < _WINDOW_BYTES:
                raise UserError(f"{url} is too slow: {window} bytes in {_WINDOW_SECONDS:g} s")
            window, since = 0, time.monotonic()


def _too_large(url: str) -> UserError:
    return UserError(f"{url} has more than {_MOST >> 20} MB, far more than it should")


def _demand_secure(url: str) -> None:
    try:
        parts = urlsplit(url)
        address = parts.scheme, parts.hostname
    except ValueError as error:
        raise UserError(f"{url} is not an https address") from error
    # A server on this very machine needs no encryption.
    if parts.scheme != "https" and address != ("http", "127.0.0.1"):
        raise UserError(f"{url} is not an https address")
