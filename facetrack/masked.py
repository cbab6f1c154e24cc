"""Passwords in addresses, hidden wherever an address is shown or stored."""

import re


def masked(text: str) -> str:
    """A text with the password of every URL in it hidden."""
    return re.sub(r"(://[^/@:\s]*):[^/@\s]*@", r"\1:***@", text)
