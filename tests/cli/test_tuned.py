"""What `tuned=…/best.yaml` stands for."""

from pathlib import Path

import pytest

from facetrack.cli.tuned import replace_tuned
from facetrack.core.errors import UserError


@pytest.fixture
def best(tmp_path: Path) -> Path:
    path = tmp_path / "best.yaml"
    path.write_text(
        "detector: haar\nembedder: facenet\nclusterer: meanshift\n"
        "settings: {clusterer.bandwidth: 0.7, clusterer.max_iter: 9}\n"
    )
    return path


def test_it_is_all_that_was_tuned_together(best: Path) -> None:
    assert replace_tuned(["seed=1", f"tuned={best}"]) == [
        *("detector=haar", "embedder=facenet", "clusterer=meanshift"),
        *("clusterer.bandwidth=0.7", "clusterer.max_iter=9", "seed=1"),
    ]


def test_for_photos_it_is_the_radius_and_what_it_is_a_radius_of(
    best: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replace_tuned([f"tuned={best}", "task=organise", "task.out=x"]) == [
        *("embedder=facenet", "clusterer=meanshift", "clusterer.bandwidth=0.7"),
        *("task=organise", "task.out=x"),
    ]
    told = capsys.readouterr().out
    assert "left, as it is not for photos: detector=haar clusterer.max_iter=9" in told


def test_without_a_radius_there_is_nothing_for_photos(best: Path) -> None:
    best.write_text(
        "detector: haar\nembedder: dlib\nclusterer: hdbscan\n"
        "settings: {clusterer.min_cluster_size: 3}\n"
    )
    with pytest.raises(UserError, match="has no radius, which task=organise takes of it"):
        replace_tuned([f"tuned={best}", "task=organise"])
    assert "clusterer.min_cluster_size=3" in replace_tuned([f"tuned={best}"])
