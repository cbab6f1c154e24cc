"""XML from anybody, read without being carried out, and written with all that was in it.

lxml keeps what facetrack does not know: properties of other programs, their prefixes and comments.
Its parser is told to fetch nothing and to put in no entity; a document that
declares any, or a type, is refused before it is parsed, as XMP has neither.
"""

import os
import re
import stat
from pathlib import Path
from typing import Any

from lxml import etree

from facetrack.core.errors import UserError

MOST_BYTES = 8 << 20
_MOST_MARKS = 300_000  # "<" in it: the tree takes a hundred bytes for each and more
_DECLARATION = re.compile(r"<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)

_BEFORE_ROOT = re.compile(r"\ufeff?(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)

Element = Any
"""An lxml element; lxml has no types."""


def read_file(path: Path, *, follow: bool = False) -> bytes | None:
    """A file's content, None where there is none. follow: whether it may be a link.

    Raises UserError for what is no file, too large, or cannot be read.
    """
    links = 0 if follow else os.O_NOFOLLOW
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | links)
    except FileNotFoundError:
        return None
    except OSError as error:
        if path.is_symlink() and not follow:
            raise UserError("is a link") from error
        raise UserError(f"cannot be read ({error.strerror})") from error
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise UserError("is no file")
    try:
        with os.fdopen(opened, "rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UserError(f"cannot be read ({error.strerror})") from error
    if len(content) > MOST_BYTES:
        raise UserError(f"is larger than {MOST_BYTES >> 20} MB")
    return content


def parse(content: bytes) -> Element:
    """The tree of an XMP document. Raises UserError, with the reason, for what is none."""
    if len(content) > MOST_BYTES:
        raise UserError(f"is larger than {MOST_BYTES >> 20} MB")
    try:
        text = content.decode("utf-8-sig").rstrip("\0")
    except UnicodeDecodeError as error:
        raise UserError("is not UTF-8 text") from error
    if _DECLARATION.search(text):
        raise UserError("declares a document type or entities, which XMP has none of")
    if text.count("<") > _MOST_MARKS:
        raise UserError("has too many elements")
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UserError(f"is no XML ({' '.join(str(error).split())[:100]})") from error
    return root.getroottree()


def serialise(tree: Element, before: bytes) -> bytes:
    """A changed tree as a document; what was around its root before stays to the byte.

    before: the document that the tree was parsed from.
    """
    text = before.decode()
    start = _BEFORE_ROOT.match(text)
    root: str = etree.tostring(tree.getroot(), encoding="unicode", with_tail=False)
    tag = tree.getroot()
    name = f"{tag.prefix}:{etree.QName(tag).localname}" if tag.prefix else tag.tag
    closed = text.rfind(f"</{name}")
    rest = text[text.index(">", closed) + 1 :] if closed >= 0 else ""
    if not _BEFORE_ROOT.fullmatch(rest.rstrip("\0")):  # that was in a comment behind the root
        rest = "\n"
    return f"{start[0] if start else ''}{root}{rest}".encode()
