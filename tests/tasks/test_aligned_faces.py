"""Commands with YuNet and an aligned network, their weights kept from an earlier download."""

import hashlib
import shutil
from pathlib import Path

import pytest
from real_models import MOBILEFACENET, YUNET, needs_models

from facetrack.extraction.store import count_rows
from facetrack.testing import Workspace, copied_home, portraits

_FEW = ("n_resamples=2", "n_people=4", "clusterer.eps=1.2")


@pytest.fixture
def offline(warm_home: Path, new_mlflow: Path, tmp_path: Path) -> Workspace:
    """A place to work in, where the files lie that a download would leave."""
    home = copied_home(tmp_path / "home", warm_home)
    (home / "downloads").mkdir(mode=0o700, exist_ok=True)
    shutil.copy(YUNET, home / "downloads")
    shutil.copy(MOBILEFACENET, home / "downloads")
    return Workspace(tmp_path / "work", home, store=new_mlflow)


@needs_models
def test_what_is_downloaded_and_verified_needs_no_network(
    offline: Workspace, warm_home: Path
) -> None:
    chosen = "detector=yunet", "embedder=mobilefacenet"
    few = (*_FEW, "tracking=none")
    told = offline.run(*chosen, *few).ok()
    assert "yunet · mobilefacenet" in told
    # The same files by their paths are the same networks: nothing is computed anew.
    (offline.home / "downloads" / YUNET.name).write_bytes(b"nothing")
    weights = f"embedder.weights={MOBILEFACENET}", f"detector.weights={YUNET}"
    assert _score(offline.run(*chosen, *weights, *few).ok()) == _score(told)

    picture = portraits(warm_home)[0].path
    digest = hashlib.sha256(picture.read_bytes()).hexdigest()
    assert count_rows(offline.home, [digest])["vectors"] >= 1
    offline.run("task=forget", f"picture={picture}").ok()
    assert not any(count_rows(offline.home, [digest]).values())


@needs_models
def test_a_file_of_ones_own_is_run_as_it_is_told(offline: Workspace) -> None:
    chosen = "detector=yunet", "embedder=onnx", f"embedder.weights={MOBILEFACENET}"
    assert "yunet · onnx" in offline.run(*chosen, "embedder.dimensions=128", *_FEW).ok()
    (run,) = offline.runs("job")
    assert run.data.params["embedder.sha256"].startswith("b7120c09")
    offline.run(*chosen, *_FEW).refused(
        "embedder.weights must be a model that takes (n, 3, 112, 112) and gives (n, 512), but "
        f"{MOBILEFACENET} gives (n, 128): name another, or set embedder.side, embedder.layout and "
        "embedder.dimensions to what it takes and gives"
    )


def _score(told: str) -> str:
    return next(line for line in told.splitlines() if "ARI  " in line)
