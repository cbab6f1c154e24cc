"""t-SNE coordinates, computed once per embeddings and kept: of many faces they take a minute."""

import io
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facetrack.core.faces import Embeddings
from facetrack.evaluation.tsne.layout import (
    MOST,
    Layout,
    compute_layout,
    draw_sample,
    name_method,
)
from facetrack.system.files import replace
from facetrack.system.home import find_home
from facetrack.system.progress import TERMINAL, say

# What laid out all faces when names of files did not say it yet: they are what they were.
_UNNAMED = "sklearn"


def compute_tsne(embeddings: Embeddings, seed: int, most: int = MOST) -> Layout:
    """Where the faces are on a plane, from the cache or computed and cached.

    A layout by another method is not taken. most: as in `compute_layout`.
    """
    n = len(embeddings.vectors)
    method = name_method(n, most)
    name = f"{embeddings.digest}-{seed}" + (f"-{method}" if method != _UNNAMED else "")
    path = find_home() / "tsne" / f"{name}.npy"
    kept = _read_kept(path)
    if kept is not None and kept.shape == (n, 2):
        return Layout(kept, draw_sample(n, seed, most))
    if n > most:
        say(f"t-SNE: of {n:,} faces {most:,} are laid out, the rest placed beside their nearest")
    layout = compute_layout(embeddings.vectors, seed, TERMINAL, most)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    content = io.BytesIO()
    np.save(content, layout.coordinates, allow_pickle=False)
    replace(path, content.getvalue())
    return layout


def _read_kept(path: Path) -> NDArray[np.float32] | None:
    try:
        kept = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return None
    return kept if isinstance(kept, np.ndarray) and np.isfinite(kept).all() else None
