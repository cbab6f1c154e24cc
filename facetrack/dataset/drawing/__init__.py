"""Portraits made of polygons, blurs and a lit height field: nobody's picture goes in.

A head is painted from the front on a sheet of its own, lit as a surface, and then turned by
moving every pixel according to its depth. Lengths are in the units of `facetrack.dataset.sitters`.
Everything is drawn at twice the final size and reduced at the end.
"""

from facetrack.dataset.drawing.portrait import draw
from facetrack.dataset.drawing.sheet import SIZE

__all__ = ["SIZE", "draw"]
