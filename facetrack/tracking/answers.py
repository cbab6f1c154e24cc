"""What an MLflow server answers, in words: why it did not do what it was asked, and what helps.

MLflow's client tells it by pieces of HTML, or as an error of the disk, as requests' exceptions are.
"""

import contextlib
import http.client
import json
import logging
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from facetrack.core.errors import UserError
from facetrack.system.masking import mask
from facetrack.system.progress import say
from facetrack.tracking.address import remove_user

# MLflow reads these at each request. A server that asks to wait for a day is asked again after
# MLflow's own pauses, which end after four minutes. Where one leads elsewhere, nothing is asked
# there: it would be a GET, which does nothing and seems to succeed.
os.environ.setdefault("MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER", "false")
os.environ.setdefault("MLFLOW_ALLOW_HTTP_REDIRECTS", "false")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "60")

_RETRIES = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
_ANSWERS_SECONDS = 5.0
# How long a server that is restarted under a running sweep is waited for, at most.
_PATIENCE_SECONDS = 120.0
_TOLD_AGAIN_SECONDS = 30.0
_told_at = -_TOLD_AGAIN_SECONDS
_LONGEST = 300  # characters of a server's own message
_MOST = 10_000  # bytes of an answer that only says whether somebody is there
_STATUS = re.compile(r"(?:failed with error code|too many) (\d{3})\b|\b(\d{3}) \w+ Error:")
_SIGN_IN = "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
_LOOK = "see that it runs, and what its log says"


class Unkept(UserError):
    """A store did not do what it was asked: no mistake in what was to be kept there."""


@dataclass(frozen=True)
class Answer:
    """What came instead of what was asked for.

    what: as in "the server WHAT". todo: what helps. passing: whether the same request may succeed
    a while later.
    """

    what: str
    todo: str
    passing: bool = False


_BY_STATUS = {
    401: Answer("asks you to sign in (401)", _SIGN_IN),
    403: Answer(
        "does not allow you this (403)",
        "ask who runs it for the right to write, or name another experiment by "
        "tracking.experiment=…",
    ),
    404: Answer(
        "has no MLflow at this address (404)",
        "see that tracking.uri=… is what the browser shows, up to the #",
    ),
    407: Answer("is behind a proxy that asks you to sign in (407)", "set HTTPS_PROXY with a name"),
    413: Answer(
        "takes nothing as large as this (413)",
        "have the limit raised of what stands before it (nginx: client_max_body_size)",
    ),
    429: Answer("has too much to do (429)", "wait a while", passing=True),
    507: Answer("has no room left (507)", "make room there"),
}
_REDIRECT = Answer(
    "leads to another address", "see in the browser where to, and name that by tracking.uri=…"
)
_PAGE = Answer(
    "answers with a web page, as one to sign in, and not as MLflow does",
    f"see that tracking.uri=… is MLflow itself, and sign in: {_SIGN_IN}",
)
_CUT = Answer("broke off in the middle of its answer", _LOOK, passing=True)
_SILENT = Answer("did not answer in time", _LOOK, passing=True)
_AWAY = Answer("does not answer", _LOOK, passing=True)
_NO_HTTP = Answer(
    "answers, but not as a web server", "see that tracking.uri=… has MLflow's port, as 5000"
)


def failures() -> tuple[type[Exception], ...]:
    """What MLflow's client raises where its server does not do what it was asked."""
    import requests
    from google.protobuf.json_format import Error as NotItsFormat  # type: ignore[import-untyped]
    from mlflow.exceptions import MlflowException

    return MlflowException, requests.RequestException, NotItsFormat, json.JSONDecodeError


def read(error: BaseException) -> Answer:
    """What a failure (see `failures`, and `silence`) says."""
    text = " ".join(str(error).split())
    status = _status(error, text)
    own = _own_words(error)
    if status is None and not own:
        return _without_status(error, text)
    if own and status not in (401, 403, 407, 413, 429):
        return Answer(f"says {own!r}", _LOOK, passing=(status or 0) >= 500)
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status is not None and 300 <= status < 400:
        return _REDIRECT
    return Answer(f"has trouble of its own ({status})", _LOOK, passing=(status or 0) >= 408)


def _status(error: BaseException, text: str) -> int | None:
    response = getattr(error, "response", None)
    if response is not None:
        return int(response.status_code)
    if isinstance(error, urllib.error.HTTPError):
        return error.code
    found = _STATUS.search(text.partition("Response body:")[0])
    if found:
        return int(found[1] or found[2])
    said = getattr(error, "json", None)  # of MLflow's RestException
    if isinstance(said, dict) and "error_code" in said:  # else it would make up one
        return int(error.get_http_status_code())  # type: ignore[attr-defined]
    return None


def _own_words(error: BaseException) -> str:
    """The message that MLflow's server has put into its answer, in a line; "" for none."""
    said: Any = getattr(error, "json", None)
    message = None
    if isinstance(said, dict):  # MLflow's own, or of what stands before it
        message = next((said[key] for key in ("message", "detail", "error") if said.get(key)), None)
    text = " ".join(str(message or "").split())
    return "" if "<" in text and ">" in text else mask(text)[:_LONGEST]


def _without_status(error: BaseException, text: str) -> Answer:
    import requests

    if isinstance(error, (requests.JSONDecodeError, json.JSONDecodeError)) or (
        "not in a valid JSON format" in text
    ):
        return _PAGE
    if isinstance(error, TimeoutError) or re.search(r"timed? ?out", text, re.IGNORECASE):
        return _SILENT
    if re.search(r"IncompleteRead|Response ended prematurely|InvalidChunkLength", text):
        return _CUT
    if isinstance(error, http.client.HTTPException) or re.search(r"BadStatusLine|HTTP/0", text):
        return _NO_HTTP
    if isinstance(error, OSError) or re.search(r"Max retries|Connection aborted|Connection", text):
        return _AWAY
    return Answer(f"answers what MLflow does not ({type(error).__name__})", _PAGE.todo)


def silence(uri: str) -> Exception | None:
    """Why nobody answers at a server's address; None where somebody does, whatever it is."""
    try:
        request = f"{remove_user(uri)}/health"
        with urllib.request.urlopen(request, timeout=_ANSWERS_SECONDS) as answer:
            answer.read(_MOST)
    except urllib.error.HTTPError:
        pass  # what it lacks shows at the first real request
    except (OSError, http.client.HTTPException) as error:
        return error
    return None


def wait_for(uri: str, seconds: float) -> Exception | None:
    """Why nobody answers at a server's address after so many seconds; None once somebody does."""
    deadline = time.monotonic() + seconds
    while error := silence(uri):
        if time.monotonic() > deadline:
            return error
        time.sleep(1)
    return None


def patience() -> float:
    """For how many seconds to wait for a server that was there before: as long as MLflow would."""
    return min(_PATIENCE_SECONDS, sum(pauses()))


def pauses() -> Iterator[float]:
    """Seconds to wait before each further try, as MLflow waits between its own."""
    from mlflow.environment_variables import (
        MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR,
        MLFLOW_HTTP_REQUEST_MAX_RETRIES,
    )

    factor: Any = MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR
    retries: Any = MLFLOW_HTTP_REQUEST_MAX_RETRIES
    return (float(factor.get() * 2**number) for number in range(retries.get()))


@contextlib.contextmanager
def asked_again(times: int) -> Iterator[None]:
    """Within, MLflow's requests are made again so often, at most, where they fail in passing."""
    before = os.environ.get(_RETRIES)
    if before is None or not before.isdecimal() or int(before) > times:
        os.environ[_RETRIES] = str(times)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(_RETRIES, None)
        else:
            os.environ[_RETRIES] = before


def tell_of_waiting() -> None:
    """Say, now and then, that a server is asked again, where urllib3 waits before it does."""
    logger = logging.getLogger("urllib3.connectionpool")
    if not any(isinstance(handler, _Waiting) for handler in logger.handlers):
        logger.addHandler(_Waiting())
        logger.setLevel(logging.DEBUG)
        logger.propagate = False


def say_waiting() -> None:
    """Say that a server is asked again, unless that was only just said."""
    global _told_at
    if time.monotonic() - _told_at > _TOLD_AGAIN_SECONDS:
        _told_at = time.monotonic()
        say("  the MLflow server did not do what it was asked; it is asked again for a while")


class _Waiting(logging.Handler):
    """Takes what urllib3 notes of its requests, and tells the one thing of it that matters."""

    def emit(self, record: logging.LogRecord) -> None:
        """Tell it."""
        if str(record.msg).startswith(("Retry:", "Retrying")):
            say_waiting()
