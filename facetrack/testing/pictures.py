"""Pictures of t-SNE and contact sheets, drawn once for all commands of a process.

The same faces, clusters and title give the same bytes.
"""

import contextlib
import hashlib
import pickle
from collections.abc import Callable, Iterator
from unittest.mock import patch

from facetrack import figures
from facetrack.figures.galleries import draw_gallery
from facetrack.tasks.evaluate import galleries

_drawn: dict[bytes, bytes] = {}
_draw_tsne: Callable[..., bytes] = figures.draw_tsne_png
_draw_sheet: Callable[..., bytes] = draw_gallery


@contextlib.contextmanager
def pictures_drawn_once() -> Iterator[None]:
    """Within, a job's pictures are drawn anew only where faces, clusters or titles are others."""
    with (
        patch.object(figures, "draw_tsne_png", lambda *given: _draw(_draw_tsne, *given)),
        patch.object(galleries, "draw_gallery", lambda *given: _draw(_draw_sheet, *given)),
    ):
        yield


def _draw(draw: Callable[..., bytes], *arguments: object) -> bytes:
    key = hashlib.sha256(pickle.dumps((draw.__name__, arguments))).digest()
    if key not in _drawn:
        _drawn[key] = draw(*arguments)
    return _drawn[key]
