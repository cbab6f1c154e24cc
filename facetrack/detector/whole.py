"""The picture is the face: for sets of tight crops, where a detector only loses some."""

from dataclasses import dataclass

import numpy as np

from facetrack.core.faces import Detection, Image


@dataclass(frozen=True)
class Whole:
    """One box, the whole picture."""

    choose: str = "first"
    border: int = 0

    def identity(self) -> str:
        """There is nothing to set."""
        return "whole"

    def detect(self, image: Image) -> Detection:
        """One face: the image's own frame."""
        height, width = image.shape[:2]
        return Detection(np.array([[0, 0, width, height]], dtype=np.int64))
