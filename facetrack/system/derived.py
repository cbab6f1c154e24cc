"""What facetrack makes of the packages it uses, kept because making it takes long.

In facetrack's own folder, `derived/NAME`: the SHA-256 of the content, 32 bytes, and the content.
"""

import contextlib
import hashlib
from collections.abc import Callable

from facetrack.core.errors import UserError

FOLDER = "derived"
_HASH = 32  # bytes


def load_or_make(name: str, make: Callable[[], bytes]) -> bytes:
    """The content kept under a name, else a new one, which is kept from then on.

    name: with all that the content depends on. A damaged file is made anew. Where facetrack's
    folder cannot be used, nothing is kept.
    """
    from facetrack.system import files
    from facetrack.system.home import find_home  # brings locks, which most workers do not need

    with contextlib.suppress(OSError, UserError):
        kept = (find_home() / FOLDER / name).read_bytes()
        if hashlib.sha256(kept[_HASH:]).digest() == kept[:_HASH]:
            return kept[_HASH:]
    made = make()
    with contextlib.suppress(OSError, UserError):
        folder = find_home() / FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        files.sweep(folder)
        files.replace(folder / name, hashlib.sha256(made).digest() + made)
    return made
