"""What commands find, for scripts: with `--json`, an object per line on standard output.

Everything else that is printed goes to standard error. docs/extending.md lists the objects.
"""

import contextlib
import json
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, TextIO

_SCHEMA = 1
# Worker processes have to know it too, on other machines as well (`cluster.environment`).
_ASKED = "FACETRACK_JSON"
_held: list[str] | None = None
_stream: TextIO | None = None


def ask(wanted: bool) -> None:
    """Say whether this command, with the processes it starts, gives its results as JSON.

    Where it does, whatever libraries print in this process goes to standard error.
    """
    global _stream
    os.environ.pop(_ASKED, None)
    _stream = None
    if wanted:
        os.environ[_ASKED] = "1"
        _stream, sys.stdout = sys.stdout, sys.stderr


def is_asked() -> bool:
    """Whether results are given as JSON."""
    return _ASKED in os.environ


def tell(kind: str, /, **fields: object) -> None:
    """Give a result, where results are given as JSON.

    kind: what it is of, "job", "study", "sweep", "organise", "verification", "comparison",
    "knn", "accessories", "export", "audit", "review" or "forget".
    fields: numbers (what is not finite becomes null), texts, paths, and lists and mappings of
    these.
    """
    if is_asked():
        record = {"schema": _SCHEMA, "kind": kind, **fields}
        _give(json.dumps(_plain(record), allow_nan=False))


def pass_on(lines: Sequence[str]) -> None:
    """Give results that another process has held back (see `hold`)."""
    for line in lines:
        _give(line)


@contextlib.contextmanager
def hold() -> Iterator[list[str]]:
    """Give the results of a job to who has sent it here, in place of standard output."""
    global _held
    before, _held = _held, []
    try:
        yield _held
    finally:
        _held = before


def beside() -> Any:
    """The stream for everything that is no result, in worker processes as well."""
    return sys.stderr if is_asked() and _held is None else sys.stdout


def _give(line: str) -> None:
    if _held is not None:
        _held.append(line)
        return
    # At once, so that lines of several processes do not mix.
    stream = _stream or sys.stdout
    stream.write(line + "\n")
    stream.flush()


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value) if math.isfinite(value) else None
    return str(value)
