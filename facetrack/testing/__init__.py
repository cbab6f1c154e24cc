"""For tests: commands in a place of their own, drawn portraits, and what commands leave behind.

Hundreds of commands run in one process, each as separate from the others as if it had its own.
"""

from facetrack.testing.drawn import people, photos, portraits
from facetrack.testing.kept import new_store, rows, runs, trials
from facetrack.testing.outcome import Outcome
from facetrack.testing.place import Workspace, ended, organise

__all__ = [
    "Outcome",
    "Workspace",
    "ended",
    "new_store",
    "organise",
    "people",
    "photos",
    "portraits",
    "rows",
    "runs",
    "trials",
]
