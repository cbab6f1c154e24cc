"""Passwords in addresses, hidden wherever an address is shown or stored."""

import re

HIDDEN = "***"
# As SQLAlchemy reads a URL, whose password may have a slash in it, and an @ where it is the last.
_IN_FRONT = re.compile(r"(://[^/@:\s'\"]*):[^\s'\"]*@")
_IN_QUERY = re.compile(
    r"([?&][^=&\s]*(?:password|passwd|pwd|token|secret)=)[^&\s'\"]*", re.IGNORECASE
)


def masked(text: str) -> str:
    """A text with the password of every URL in it hidden."""
    return _IN_QUERY.sub(rf"\1{HIDDEN}", _IN_FRONT.sub(rf"\1:{HIDDEN}@", text))


def is_masked(text: str) -> bool:
    """Whether a password has been hidden in a text."""
    return f":{HIDDEN}@" in text or f"={HIDDEN}" in text
