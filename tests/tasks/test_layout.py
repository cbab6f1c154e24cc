"""t-SNE coordinates are computed once per embeddings."""

from pathlib import Path

import numpy as np
import pytest

from facetrack import figures
from facetrack.core.faces import Embeddings, Picture
from facetrack.tasks.tsne_cache import compute_tsne


def _embeddings(seed: int) -> Embeddings:
    vectors = np.random.RandomState(seed).normal(size=(12, 5)).astype(np.float32)
    pictures = [Picture(Path(f"{i}.png"), f"{i}.png", "Ada") for i in range(12)]
    return Embeddings(vectors, np.tile([0, 0, 1, 1], (12, 1)), pictures, (), 12, [""] * 12)


def test_kept_by_content_and_seed(home: Path) -> None:
    first = compute_tsne(_embeddings(0), seed=0)
    np.testing.assert_array_equal(first, figures.compute_coordinates(_embeddings(0).vectors, 0))
    (kept,) = (home / "tsne").iterdir()
    written = kept.stat().st_mtime_ns
    np.testing.assert_array_equal(compute_tsne(_embeddings(0), seed=0), first)
    assert kept.stat().st_mtime_ns == written
    compute_tsne(_embeddings(1), seed=0)
    compute_tsne(_embeddings(0), seed=1)
    assert len(list((home / "tsne").iterdir())) == 3


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", b"not an array"])
def test_a_damaged_file_is_computed_again(home: Path, damage: bytes) -> None:
    first = compute_tsne(_embeddings(0), seed=0)
    (kept,) = (home / "tsne").iterdir()
    kept.write_bytes(damage)
    np.testing.assert_array_equal(compute_tsne(_embeddings(0), seed=0), first)
    assert kept.stat().st_size > len(damage)


def test_a_file_that_could_run_code_is_not_loaded(home: Path) -> None:
    first = compute_tsne(_embeddings(0), seed=0)
    (kept,) = (home / "tsne").iterdir()
    np.save(kept, np.array([print, "object"], dtype=object), allow_pickle=True)
    np.testing.assert_array_equal(compute_tsne(_embeddings(0), seed=0), first)
