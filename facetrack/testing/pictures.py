"""Pictures of t-SNE, drawn once for all commands of a process.

The same faces, clusters and title give the same bytes.
"""

import contextlib
import hashlib
import pickle
from collections.abc import Callable, Iterator
from unittest.mock import patch

from facetrack import figures

_drawn: dict[bytes, bytes] = {}
_draw_anew: Callable[..., bytes] = figures.draw_tsne_png


@contextlib.contextmanager
def pictures_drawn_once() -> Iterator[None]:
    """Within, a job's picture is drawn anew only where faces, clusters or title are others."""
    with patch.object(figures, "draw_tsne_png", _draw):
        yield


def _draw(*arguments: object) -> bytes:
    key = hashlib.sha256(pickle.dumps(arguments)).digest()
    if key not in _drawn:
        _drawn[key] = _draw_anew(*arguments)
    return _drawn[key]
