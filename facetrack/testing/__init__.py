"""For tests: commands in a place of their own, drawn portraits, and what commands leave behind.

Hundreds of commands run in one process, each as separate from the others as if it had its own.
"""

from facetrack.testing.drawn import (
    copied_home,
    people,
    photos,
    portrait_faces,
    portraits,
    portraits_only,
)
from facetrack.testing.kept import (
    artifacts,
    asked,
    client,
    new_store,
    results,
    rows,
    runs,
    scores,
    trials,
)
from facetrack.testing.outcome import Outcome
from facetrack.testing.place import Workspace, ended, kill, organise

__all__ = [
    "Outcome",
    "Workspace",
    "artifacts",
    "asked",
    "client",
    "copied_home",
    "ended",
    "kill",
    "new_store",
    "organise",
    "people",
    "photos",
    "portrait_faces",
    "portraits",
    "portraits_only",
    "results",
    "rows",
    "runs",
    "scores",
    "trials",
]
