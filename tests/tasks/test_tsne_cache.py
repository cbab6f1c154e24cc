"""t-SNE coordinates are computed once per embeddings."""

from pathlib import Path

import numpy as np
import pytest

from facetrack.core.faces import Embeddings, Picture
from facetrack.evaluation.tsne.layout import compute_layout
from facetrack.tasks.tsne_cache import compute_tsne
from facetrack.tasks.tsne_page import draw_tsne_page


def _embeddings(seed: int, n: int = 12) -> Embeddings:
    vectors = np.random.RandomState(seed).normal(size=(n, 5)).astype(np.float32)
    pictures = [Picture(Path(f"{i}.png"), f"{i}.png", "Ada") for i in range(n)]
    return Embeddings(vectors, np.tile([0, 0, 1, 1], (n, 1)), pictures, (), n, [""] * n)


def test_kept_by_content_and_seed(home: Path) -> None:
    first = compute_tsne(_embeddings(0), seed=0).coordinates
    expected = compute_layout(_embeddings(0).vectors, 0).coordinates
    np.testing.assert_array_equal(first, expected)
    (kept,) = (home / "tsne").iterdir()
    written = kept.stat().st_mtime_ns
    np.testing.assert_array_equal(compute_tsne(_embeddings(0), seed=0).coordinates, first)
    assert kept.stat().st_mtime_ns == written
    compute_tsne(_embeddings(1), seed=0)
    compute_tsne(_embeddings(0), seed=1)
    assert len(list((home / "tsne").iterdir())) == 3


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", b"not an array"])
def test_a_damaged_file_is_computed_again(home: Path, damage: bytes) -> None:
    first = compute_tsne(_embeddings(0), seed=0).coordinates
    (kept,) = (home / "tsne").iterdir()
    kept.write_bytes(damage)
    np.testing.assert_array_equal(compute_tsne(_embeddings(0), seed=0).coordinates, first)
    assert kept.stat().st_size > len(damage)


def test_a_file_that_could_run_code_is_not_loaded(home: Path) -> None:
    first = compute_tsne(_embeddings(0), seed=0).coordinates
    (kept,) = (home / "tsne").iterdir()
    np.save(kept, np.array([print, "object"], dtype=object), allow_pickle=True)
    np.testing.assert_array_equal(compute_tsne(_embeddings(0), seed=0).coordinates, first)


def test_a_layout_by_another_method_is_not_taken(home: Path) -> None:
    embeddings = _embeddings(0)
    (home / "tsne").mkdir(parents=True, mode=0o700)
    before = home / "tsne" / f"{embeddings.digest}-0.npy"  # what laid out all faces is not named
    there = np.arange(24, dtype=np.float32).reshape(12, 2)
    np.save(before, there)
    np.testing.assert_array_equal(compute_tsne(embeddings, seed=0).coordinates, there)

    sampled = compute_tsne(embeddings, seed=0, most=8)
    expected = compute_layout(embeddings.vectors, 0, most=8)
    np.testing.assert_array_equal(sampled.coordinates, expected.coordinates)
    assert (sampled.coordinates != there).any()
    again = compute_tsne(embeddings, seed=0, most=8)  # this time from its own file
    np.testing.assert_array_equal(again.coordinates, expected.coordinates)
    np.testing.assert_array_equal(again.laid_out, expected.laid_out)
    assert len(list((home / "tsne").iterdir())) == 2
    np.testing.assert_array_equal(np.load(before), there)


def test_thousands_of_faces_are_not_taken_from_what_is_not_named(home: Path) -> None:
    embeddings = _embeddings(0, n=1001)
    (home / "tsne").mkdir(parents=True, mode=0o700)
    np.save(home / "tsne" / f"{embeddings.digest}-0.npy", np.zeros((1001, 2), np.float32))
    assert compute_tsne(embeddings, seed=0).coordinates.any()


def test_run_and_page_say_what_was_sampled(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    embeddings = _embeddings(0)
    layout = compute_tsne(embeddings, seed=0, most=8)
    assert "of 12 faces 8 are laid out, the rest placed" in capsys.readouterr().out
    page = draw_tsne_page("faces", embeddings, layout, np.zeros(12, np.int64), " More.")
    assert "More. 8 of 12 faces were laid out by t-SNE, the rest placed beside" in page
    page = draw_tsne_page("faces", embeddings, compute_tsne(embeddings, 0), np.zeros(12, np.int64))
    assert "laid out" not in page
