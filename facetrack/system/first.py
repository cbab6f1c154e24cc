"""The working folder is no place for modules of ours or of Python's.

The first that facetrack imports: both below are in memory before any file could be taken for them.
"""

import os
import sys


def leave_working_folder() -> None:
    """Take the working folder off the module path, where `python -m` has put it in front.

    First of all: a `random.py` in a folder of photos that somebody sent must not be taken for
    Python's. The folder stays where PYTHONPATH names it, and where facetrack itself lies in it.
    """
    # Python says so while it looks for the module to run.
    if sys.argv[:1] != ["-m"] or sys.flags.safe_path:
        return
    here = os.path.realpath("")
    named = [one for one in os.environ.get("PYTHONPATH", "").split(os.pathsep) if one]
    package = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120 - no pathlib yet
    own = os.path.dirname(package)  # noqa: PTH120
    if here not in map(os.path.realpath, (own, *named)):
        sys.path[:] = [one for one in sys.path if os.path.realpath(one) != here]
