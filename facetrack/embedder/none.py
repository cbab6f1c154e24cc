"""What stands for an embedder where a dataset brings its embeddings."""

from collections.abc import Sequence
from dataclasses import dataclass

from facetrack.core.errors import UserError
from facetrack.core.faces import Face, Vectors


@dataclass(frozen=True)
class NoEmbedder:
    """Embeds nothing.

    radius: the distance below which two vectors are usually one person; None: nobody says.
    """

    radius: float | None = None
    normalize = False
    batch = 1
    parallel = False

    def identity(self) -> str:
        """Raise UserError: pictures need an embedder."""
        raise _refusal()

    def embed(self, faces: Sequence[Face]) -> Vectors:
        """Raise UserError, as `identity`."""
        del faces
        raise _refusal()


def _refusal() -> UserError:
    return UserError(
        "embedder=none is for dataset=vectors: pictures need another, such as embedder=dlib"
    )
