"""Where the configs are that come with facetrack, and which commit it is of."""

import functools
import subprocess
from pathlib import Path

# In a wheel the configs are part of the package, in a checkout they stand beside it.
_PACKAGE = Path(__file__).resolve().parents[1]
CONF = _PACKAGE / "conf" if (_PACKAGE / "conf").is_dir() else _PACKAGE.parent / "conf"


@functools.cache
def checkout_commit() -> str:
    """The commit facetrack itself is at, where it runs from a checkout; empty elsewhere."""
    root = _PACKAGE.parent
    if not (root / ".git").exists():
        return ""
    try:
        answer = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return answer.stdout.strip()
