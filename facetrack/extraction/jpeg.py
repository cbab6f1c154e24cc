"""What a JPEG's markers say, without decoding it."""

import re
from collections.abc import Iterable

# A marker is no 0xFF of the picture's own data, which a zero follows, and no restart.
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")
_START, _SCAN, _END = b"\xd8", b"\xda", b"\xd9"

_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_HAS_EXTENDED = re.compile(rb"HasExtendedXMP\s*(?:=\s*[\"']|>)\s*([0-9A-Fa-f]{32})")


def passes(data: bytes, pixels: int, most: int) -> int | None:
    """In how many scans a JPEG of so many pixels comes, where that makes more than `most` pixels.

    None where it makes fewer: a decoder goes over all pixels once a scan, however little is in it.
    """
    if data.count(b"\xff" + _SCAN) * pixels <= most:  # nearly always, and found soonest
        return None
    scans = _scans(data)
    return scans if scans * pixels > most else None


def _scans(data: bytes) -> int:
    found = at = 0
    while match := _MARKER.search(data, at):
        kind, at = match.group(1), match.end()
        if kind == _END:
            break
        found += kind == _SCAN
        if kind != _START:
            at += int.from_bytes(data[at : at + 2])  # over what a segment holds: it may look alike
    return found


def join_extended_xmp(packet: bytes, segments: Iterable[bytes]) -> bytes | None:
    """The rest of an XMP packet that was too large for one segment; None where there is none.

    segments: what a JPEG's APP1 segments hold. The packet names the rest by its MD5, in hex; each
    part of that has its length as a whole and where it begins, of four bytes each (Adobe, XMP
    Specification Part 3, 1.1.3.1). A rest that lacks a part is none.
    """
    named = _HAS_EXTENDED.search(packet)
    if named is None:
        return None
    head = _EXTENSION + named[1].upper()
    ends = len(head), len(head) + 4, len(head) + 8
    parts: dict[int, bytes] = {}
    whole = 0
    for segment in segments:
        if segment[: ends[0]].upper() == head.upper() and len(segment) >= ends[2]:
            whole = int.from_bytes(segment[ends[0] : ends[1]])
            parts[int.from_bytes(segment[ends[1] : ends[2]])] = segment[ends[2] :]
    joined = bytearray()
    for start in sorted(parts):
        if start != len(joined):
            return None
        joined += parts[start]
    return bytes(joined) if joined and len(joined) == whole else None
