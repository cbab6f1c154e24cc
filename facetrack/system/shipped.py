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
    return _ask_git("rev-parse", "HEAD") or ""


@functools.cache
def checkout_is_changed() -> bool | None:
    """Whether the checkout's own files differ from that commit; None where nobody can say."""
    differing = _ask_git("diff-index", "--name-only", "HEAD", "--", "facetrack", "conf")
    return None if differing is None else bool(differing)


def _ask_git(*arguments: str) -> str | None:
    """What git says of the checkout; None where there is none, or no git."""
    root = _PACKAGE.parent
    if not (root / ".git").exists():
        return None
    try:
        answer = subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()
