"""Passwords in addresses, hidden wherever an address is shown or stored.

What is an address within a text cannot always be told: its password may have blanks and quotes in
it. So each address is remembered whole as soon as a command, a config or the environment names it.
SQLAlchemy says what in it is the password, also of a server's: it is the more generous reader.
"""

import functools
import getpass
import json
import os
import re
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

HIDDEN = "***"
# A password in a text without its address, as drivers tell it, is recognised from this length on: a
# short one may be a word like any other.
_SHORTEST = 8
_ADDRESS = re.compile(r"[A-Za-z][\w+.-]*://[^\s'\"\x00-\x1f\x7f]+")
_BEHIND = ".,;:)]}"  # what a sentence puts behind an address
_SECRET = re.compile(
    r"pass|pwd|token|secret|(api|access|private)_?key|odbc_connect|credential|signature",
    re.IGNORECASE,
)
_VARIABLES = ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN", "PGPASSWORD")
_OF_USER = re.compile(r"(://)[^/@\s'\"]+@")
_OF_EVERYBODY = ("", "root", "user")
# By address, or by password: what takes its place.
_remembered: dict[str, str] = {}
_shown: set[str] = set()


def remember(value: Any) -> None:
    """Hide from now on what is secret in the addresses in a value, or in what it contains."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            remember(part)
    elif isinstance(value, str) and "://" in value:
        address = value[_start(value) :]
        hidden = _hide(address)
        if hidden != address:
            for written in _as_written(address):
                _remembered[written] = hidden
            for secret in _secrets(address):
                for written in (secret, quote(secret, safe=""), quote_plus(secret)):
                    if len(written) >= _SHORTEST:
                        _remembered[written] = HIDDEN


def show(address: str) -> None:
    """Do not hide what is secret in an address: it is for whoever sits at this terminal."""
    _shown.add(address)


def mask(text: str) -> str:
    """A text with the password of every URL in it hidden."""
    for variable in _VARIABLES:
        if len(secret := os.environ.get(variable, "")) >= _SHORTEST:
            text = text.replace(secret, HIDDEN)
    # The longest first: an address before the password in it.
    for written in sorted(_remembered, key=len, reverse=True):
        text = text.replace(written, _remembered[written])
    return _ADDRESS.sub(_find, text)


def mask_within(value: Any) -> Any:
    """The same of every text in a value such as a config. Returns a copy."""
    if isinstance(value, dict):
        return {key: mask_within(one) for key, one in value.items()}
    if isinstance(value, list):
        return [mask_within(one) for one in value]
    return mask(value) if isinstance(value, str) else value


def mask_place(text: str) -> str:
    """A text without what says whose machine it is of: for what is handed on.

    The home folder becomes `~`; a user's name in another path, and in a URL, `***`.
    """
    text = _OF_USER.sub(rf"\1{HIDDEN}@", mask(text))
    home, user = str(Path.home()), _find_user()
    if len(home) > 1:
        text = re.sub(rf"(?<![\w/.-]){re.escape(home)}(?![\w.-])", "~", text)
    if user not in _OF_EVERYBODY:
        text = re.sub(rf"(?<=/){re.escape(user)}(?![\w.-])", HIDDEN, text)
    return text


def is_masked(text: str) -> bool:
    """Whether a password, or a user's name, has been hidden in a text."""
    return any(hidden in text for hidden in (f":{HIDDEN}@", f"={HIDDEN}", f"/{HIDDEN}"))


def _find_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an id without a name, as in containers
        return ""


def _start(text: str) -> int:
    """Where the address begins in an argument such as tracking.uri=ADDRESS, or in quotes."""
    found = re.search(r"[A-Za-z][\w+.-]*://", text)
    return found.start() if found else 0


def _find(match: re.Match[str]) -> str:
    address = match[0].rstrip(_BEHIND)
    if address in _shown:
        return match[0]
    return _hide(address) + match[0][len(address) :]


@functools.lru_cache(maxsize=100)
def _hide(address: str) -> str:
    """An address without what is secret in it; as it is where nothing is."""
    if "@" not in address and "?" not in address:
        return address
    from sqlalchemy.engine import make_url  # takes 0.2 s, and most addresses have no password
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        scheme, _, rest = address.partition("://")
        return f"{scheme}://:{HIDDEN}@{rest.rpartition('@')[2]}" if "@" in rest else address
    secret = {key: HIDDEN for key in url.query if _SECRET.search(key)}
    if url.password is None and not secret:
        return address
    shown = url.update_query_dict(secret).render_as_string(hide_password=True)
    shown = shown.replace(quote_plus(HIDDEN), HIDDEN)
    front, at, rest = shown.partition(f":{HIDDEN}@")
    if at and address.count("@") > 1:
        # The first @ ends the password for SQLAlchemy; whoever put another one in meant the last.
        rest = _hide(f"any://{address.rpartition('@')[2]}").removeprefix("any://")
    return f"{front}{at}{rest}"


def _secrets(address: str) -> list[str]:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        return []
    own = {url.username, url.host, url.database}
    found = [str(value) for key, value in url.query.items() if _SECRET.search(key)]
    found += [str(url.password or ""), (url.host or "").rpartition("@")[0]]
    return [one for one in found if one not in own]


def _as_written(address: str) -> list[str]:
    """An address as it may stand in a text: in JSON, in Python, in YAML, in a shell."""
    forms = [
        address,
        json.dumps(address)[1:-1],
        json.dumps(address, ensure_ascii=False)[1:-1],
        repr(address)[1:-1],
        address.replace("'", "''"),
        address.replace("'", "\\'"),
        shlex.quote(address).strip("'"),
    ]
    return list(dict.fromkeys(forms))


def read_first_line(error: BaseException) -> str:
    """What an error says first, whole, passwords hidden; its kind where it says nothing."""
    text = str(error).strip() or type(error).__name__
    return mask(text.splitlines()[0])
