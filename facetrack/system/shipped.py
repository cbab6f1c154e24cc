"""Where the configs are that come with facetrack."""

from pathlib import Path

# In a wheel the configs are part of the package, in a checkout they stand beside it.
_PACKAGE = Path(__file__).resolve().parents[1]
CONF = _PACKAGE / "conf" if (_PACKAGE / "conf").is_dir() else _PACKAGE.parent / "conf"
