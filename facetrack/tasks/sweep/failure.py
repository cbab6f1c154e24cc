"""Why a job of a sweep failed.

Light to import: each process that runs jobs has it, wherever the launcher starts that.
"""

from dataclasses import dataclass

from facetrack.system import json_lines


@dataclass(frozen=True)
class Failure:
    """Why a job failed: what its process, which may be on another machine, returns of it.

    mistake: whether it is the user's, who can put it right.
    """

    text: str
    mistake: bool = False

    @property
    def line(self) -> str:
        """What is printed of it."""
        return f"  FAILED: {self.text}"

    def give(self) -> None:
        """Give it as the job's result (see json_lines.py)."""
        json_lines.tell("job", status="FAILED", error=self.text, mistake=self.mistake)
