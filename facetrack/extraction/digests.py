"""What pictures are known by: the SHA-256 of each file, all of which is read every time.

A file's size and time would be read faster, and can be those of another picture: cameras, copying
and editors set times as they like.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

from facetrack.core.faces import Picture
from facetrack.core.progress import QUIET, Progress
from facetrack.system.files import sha256
from facetrack.system.pools import in_order

_READERS = 8
# A task costs as much as a small file: where there are many, a reader takes several at once.
_AT_ONCE = 32


def find_digests(
    pictures: Sequence[Picture], progress: Progress = QUIET
) -> tuple[dict[int, bytes], dict[int, str]]:
    """SHA-256 of each picture's content by its row, and the reason for those that can't be read."""
    digests: dict[int, bytes] = {}
    reasons: dict[int, str] = {}
    paths = [picture.path for picture in pictures]
    size = max(1, min(_AT_ONCE, len(paths) // (8 * _READERS)))
    parts = (paths[start : start + size] for start in range(0, len(paths), size))
    with ThreadPoolExecutor(_READERS) as pool:
        results = chain.from_iterable(in_order(pool, _digest_all, parts, window=4 * _READERS))
        shown = progress.bar(results, total=len(paths), description="Looking up", unit="picture")
        for row, result in enumerate(shown):
            if isinstance(result, bytes):
                digests[row] = result
            else:
                reasons[row] = result
    return digests, reasons


def _digest_all(paths: Sequence[Path]) -> list[bytes | str]:
    return [_digest(path) for path in paths]


def _digest(path: Path) -> bytes | str:
    try:
        return sha256(path)
    except OSError as error:
        return f"cannot be read ({error.strerror})"
