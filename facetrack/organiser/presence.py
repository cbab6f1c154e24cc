"""Whether a folder was organised, for what works on an organised one."""

from pathlib import Path

from facetrack.core.errors import UserError
from facetrack.organiser import state


def demand_organised(out: Path) -> None:
    """Raises UserError where no run has ended in the folder."""
    if not state.exists(out):
        raise UserError(
            f"task.out={out} was not organised yet: run task=organise dataset.root=PHOTOS "
            "task.out=PATH first, which finds the people"
        )
