"""What `task=evaluate` says of photos with several faces."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facetrack.evaluation.impossible import ImpossiblePairs
from facetrack.tasks.evaluate.photo_pairs import tell
from facetrack.testing import Workspace, portraits

# Three photos, with faces at angles of a circle: ten degrees are 0.17 apart.
_DEGREES = {"a": (0, 10, 90), "b": (0, 91), "c": (180,)}


def _write(path: Path, degrees: dict[str, tuple[int, ...]]) -> None:
    angles = np.radians([one for on_photo in degrees.values() for one in on_photo])
    names = [name for name, on_photo in degrees.items() for _ in on_photo]
    contents = [f"{ord(name[0]):064x}" for name in names]
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    np.savez(path, embeddings=vectors, pictures=np.array(names), contents=np.array(contents))


def _evaluate(workspace: Workspace, *arguments: str) -> tuple[dict[str, float], str]:
    """The metrics of the job, as JSON and in MLflow the same; and what is printed."""
    file = workspace.folder / "faces.npz"
    done = workspace.run(
        *("--json", "dataset=vectors", f"dataset.file={file}", "n_resamples=2", *arguments)
    )
    done.ok()
    said = json.loads(done.stdout.splitlines()[-1])
    metrics: dict[str, float] = said["metrics"]
    (kept,) = (one.data.metrics for one in workspace.runs("job") if one.info.run_id == said["run"])
    named = ("impossible_pairs", "photo_pairs")
    assert {key: kept.get(key) for key in named} == {key: metrics.get(key) for key in named}
    return metrics, done.stderr


def test_a_rate_and_a_sentence(workspace: Workspace) -> None:
    # A copy of a photo under another name is no other photo.
    _write(workspace.folder / "faces.npz", {**_DEGREES, "a copy": _DEGREES["a"]})
    metrics, told = _evaluate(workspace, "clusterer.eps=0.2", "embedder.radius=1")
    # 0 and 10 degrees are 0.17 apart, more than half of the radius, and one cluster.
    assert metrics["impossible_pairs"] == 1 / 4
    assert metrics["photo_pairs"] == 4
    assert (
        "1 of 4 pairs of faces on one photo was put together (25.0 %): two people, so each is a "
        "mistake" in told
    )


def test_half_a_radius_is_as_good_as_equal(workspace: Workspace) -> None:
    _write(workspace.folder / "faces.npz", _DEGREES)
    metrics, told = _evaluate(workspace, "clusterer.eps=0.36", "embedder.radius=0.01")
    assert (metrics["impossible_pairs"], metrics["photo_pairs"]) == (0, 3)
    assert "0 of 3 pairs of faces on one photo were put together" in told
    # A method without a radius goes by the embedder's.
    metrics, _ = _evaluate(
        workspace, "clusterer=kmeans", "clusterer.n_clusters=1", "embedder.radius=0.3"
    )
    assert (metrics["impossible_pairs"], metrics["photo_pairs"]) == (1, 4)


def test_no_photo_with_two_faces_no_rate(workspace: Workspace) -> None:
    _write(workspace.folder / "faces.npz", {"a": (0,), "b": (5,), "c": (90,), "d": (95,)})
    metrics, told = _evaluate(workspace, "clusterer.eps=0.2", "embedder.radius=1")
    assert "impossible_pairs" not in metrics
    assert "photo_pairs" not in metrics
    assert "on one photo" not in told


def test_photos_of_a_flat_folder(workspace: Workspace, tmp_path: Path) -> None:
    root = tmp_path / "photos"
    root.mkdir()
    pictures = [picture.path for picture in portraits(workspace.home)]
    for number, (one, other) in enumerate(((0, 20), (1, 21), (2, 40))):
        both = [Image.open(pictures[row]).convert("RGB").resize((300, 300)) for row in (one, other)]
        photo = Image.new("RGB", (600, 300))
        for place, half in enumerate(both):
            photo.paste(half, (300 * place, 0))
        photo.save(root / f"{number}.png")
    shutil.copy(root / "0.png", root / "copy.png")
    done = workspace.run(
        *("dataset=folder", f"dataset.root={root}", "dataset.labels=false", "detector.choose=all"),
        *("clusterer=kmeans", "clusterer.n_clusters=1", "n_resamples=2"),
    )
    done.ok()
    (job,) = workspace.runs("job")
    assert job.data.metrics["photo_pairs"] == 3
    assert job.data.metrics["impossible_pairs"] == 1
    assert "3 of 3 pairs of faces on one photo were put together (100.0 %)" in done.stdout


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ((340, 2), "2 of 340 pairs of faces on one photo were put together (0.6 %): two people,"),
        ((123456, 1), "1 of 123,456 pairs of faces on one photo was put together (0.0008 %): two"),
    ],
)
def test_the_share_as_it_is_told(pairs: tuple[int, int], expected: str) -> None:
    assert tell(ImpossiblePairs(*pairs)).startswith(expected)
