"""What stands for a detector where a dataset brings its embeddings."""

from dataclasses import dataclass

from facetrack.core.errors import UserError
from facetrack.core.faces import Detection, Image


@dataclass(frozen=True)
class NoDetector:
    """Detects nothing."""

    choose: str = "first"
    border: int = 0

    def identity(self) -> str:
        """Raise UserError: pictures need a detector."""
        raise _refusal()

    def detect(self, image: Image) -> Detection:
        """Raise UserError, as `identity`."""
        del image
        raise _refusal()


def _refusal() -> UserError:
    return UserError(
        "detector=none is for dataset=vectors: pictures need another, such as detector=haar"
    )
