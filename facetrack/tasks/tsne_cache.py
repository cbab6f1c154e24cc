"""t-SNE coordinates, computed once per embeddings and kept: on LFW they take most of a minute."""

import io
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facetrack import figures
from facetrack.core.faces import Embeddings
from facetrack.system.files import replace
from facetrack.system.home import find_home
from facetrack.system.progress import say


def compute_tsne(embeddings: Embeddings, seed: int) -> NDArray[np.float32]:
    """(n, 2) float32 coordinates of the faces, from the cache or computed and cached."""
    path = find_home() / "tsne" / f"{embeddings.digest}-{seed}.npy"
    n = len(embeddings.vectors)
    kept = _read_kept(path)
    if kept is not None and kept.shape == (n, 2):
        return kept
    if n > 2000:
        say(f"t-SNE of {n} faces: about {n / 120:.0f} s, once for these embeddings")
    coordinates: NDArray[np.float32] = figures.compute_coordinates(embeddings.vectors, seed)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    content = io.BytesIO()
    np.save(content, coordinates, allow_pickle=False)
    replace(path, content.getvalue())
    return coordinates


def _read_kept(path: Path) -> NDArray[np.float32] | None:
    try:
        kept = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return None
    return kept if isinstance(kept, np.ndarray) and np.isfinite(kept).all() else None
