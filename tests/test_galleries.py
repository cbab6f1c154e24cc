"""The galleries of a run on real pictures."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facetrack import galleries
from facetrack.clusterer import DBSCAN
from facetrack.data import Embeddings
from facetrack.dataset import Portraits
from facetrack.detector import Haar
from facetrack.embedder import DlibResNet
from facetrack.extract import extract
from facetrack.store import Store


@pytest.fixture
def portraits(warm_home: Path, monkeypatch: pytest.MonkeyPatch) -> Embeddings:
    monkeypatch.setenv("FACETRACK_HOME", str(warm_home))
    with Store(warm_home) as store:
        return extract(Portraits().load(), Haar(), DlibResNet(), store)


def _rows(files: dict[str, str | bytes], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(str(files[name]), newline="")))


def _inked(content: str | bytes) -> int:
    """How many pixels are not white."""
    assert isinstance(content, bytes)
    return int((np.asarray(Image.open(io.BytesIO(content)).convert("L")) < 250).sum())


def test_people_who_look_alike_are_shown_together(portraits: Embeddings) -> None:
    clusters = DBSCAN(0.35, min_samples=1).fit_predict(portraits.vectors)
    files = galleries.files(portraits, clusters, "portraits")
    confused = [row for row in _rows(files, "confused.csv") if row["kind"] == "merged"]
    assert {"Ada", "Alma"} <= {row[key] for row in confused for key in ("person", "other_person")}
    for row in confused:
        assert row["picture"].startswith(f"{row['person']}/")
        assert 0 < float(row["distance"]) <= 0.35
    people = _rows(files, "people.csv")
    assert [row["person"] for row in people] == portraits.names
    assert sum(int(float(row["faces"])) for row in _rows(files, "clusters.csv")) == 59
    assert _inked(files["merged.png"]) > 4 * 90 * 90  # faces, not words alone


def test_what_may_not_be_shown_or_is_gone_is_only_counted(portraits: Embeddings) -> None:
    clusters = np.zeros(59, np.int64)
    secret = [replace(picture, publishable=False) for picture in portraits.pictures]
    gone = [replace(picture, path=Path("/nowhere")) for picture in portraits.pictures]
    shown = _inked(galleries.files(portraits, clusters, "")["merged.png"])
    for pictures in (secret, gone):
        files = galleries.files(replace(portraits, pictures=pictures), clusters, "")
        assert (
            _rows(files, "confused.csv")[0]["pairs"]
            == _rows(galleries.files(portraits, clusters, ""), "confused.csv")[0]["pairs"]
        )
        assert _inked(files["merged.png"]) < shown / 3


def test_a_perfect_run_and_one_without_labels(portraits: Embeddings) -> None:
    assert portraits.people is not None
    files = galleries.files(portraits, portraits.people, "")
    assert files["confused.csv"] == ""
    assert {row["purity"] for row in _rows(files, "clusters.csv")} == {"1.0"}
    nobody = [replace(picture, person=None) for picture in portraits.pictures]
    assert galleries.files(replace(portraits, pictures=nobody), portraits.people, "") == {}
