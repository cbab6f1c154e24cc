"""What a JPEG's markers say, without decoding it."""

import re

# A marker is no 0xFF of the picture's own data, which a zero follows, and no restart.
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")
_START, _SCAN, _END = b"\xd8", b"\xda", b"\xd9"


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
