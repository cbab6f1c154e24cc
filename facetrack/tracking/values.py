"""Values as MLflow can hold them."""

import re

from facetrack.system.masking import read_first_line

LONGEST_TAG = 5000  # MLflow takes so many everywhere
_LONGEST_ERROR = 300
_PLAIN_ID = re.compile(r"[\w.-]+")


def clean(value: object) -> str:
    """A value as text that a store can hold: no lone surrogates, which stand for no character."""
    return str(value).encode("utf-8", "backslashreplace").decode()


def as_tag(value: object) -> str:
    """A value as a tag has it, cut where it is too long for one."""
    return clean(value)[:LONGEST_TAG]


def is_plain_id(text: str) -> bool:
    """Whether a text may be an id, and can stand as it is in what MLflow is asked."""
    return _PLAIN_ID.fullmatch(text) is not None


def in_short(error: BaseException) -> str:
    """What an error says first, passwords hidden."""
    return read_first_line(error)[:_LONGEST_ERROR]
