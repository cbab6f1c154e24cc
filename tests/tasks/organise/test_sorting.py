"""Sorting photos as a notebook does it: no Hydra, no MLflow, nothing printed."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sklearn.base import BaseEstimator

from facetrack import testing
from facetrack.clusterer import DBSCAN
from facetrack.core.errors import UserError
from facetrack.core.scale import Scale
from facetrack.dataset import Folder
from facetrack.detector import Haar
from facetrack.embedder import DlibResNet
from facetrack.organiser import state
from facetrack.organiser.groups import Clusterer
from facetrack.organiser.photos import Stages
from facetrack.tasks.organising.request import Report, Request, Sorted
from facetrack.tasks.organising.sorting import sort_photos


def _request(root: Path, out: Path, **changed: Any) -> Request:
    stages = Stages(Haar(choose="all"), DlibResNet(), "local", Scale(0.3))
    clusterer = Clusterer(
        "dbscan", {"min_samples": 1}, lambda: DBSCAN(0.3, min_samples=1), radius_is_given=True
    )
    request = Request(Folder(root, labels=False), [root], stages, clusterer, out)
    return dataclasses.replace(request, **changed)


@pytest.fixture
def photos(tmp_path: Path, warm_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve portraits, whose faces are embedded already."""
    monkeypatch.setenv("FACETRACK_HOME", str(warm_home))
    return testing.photos(tmp_path, warm_home, 12)


def _name_first(out: Path) -> None:
    people = out / "people.yaml"
    people.write_text(people.read_text().replace("person-001:\n  name:", "person-001: Anna", 1))


class _Noted:
    """A log that writes down what it is told, and when."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.reports: list[Report] = []

    @contextlib.contextmanager
    def begin(self) -> Iterator[None]:
        self.calls.append("begin")
        yield
        self.calls.append("end")

    def say_radius(self, estimator: BaseEstimator) -> None:
        self.calls.append("radius")

    def keep(self, report: Report) -> str:
        self.calls.append("keep")
        self.reports.append(report)
        return "run digest"

    def tell(self, result: Sorted) -> None:
        self.calls.append("tell")


def test_a_folder_is_sorted_again_and_restored(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    first = sort_photos(_request(photos, out))
    assert first.is_new
    assert first.counts["photos"] == 12
    assert first.counts["persons"] > 1
    assert first.radius == 0.3
    assert (first.failed, first.missing, first.changes) == (0, "", [])
    assert first.page.is_file()
    assert "person-001:" in first.people.read_text()
    assert len(list(out.glob("person-*"))) == first.counts["persons"]

    _name_first(out)
    min(photos.iterdir()).unlink()
    second = sort_photos(_request(photos, out))
    assert not second.is_new
    assert second.counts["originals_gone"] == 1
    assert second.changes == ["0 new persons; 0 new faces", "0 faces moved"]
    assert (out / "person-001 Anna").is_dir()

    back = sort_photos(_request(photos, out, restore=True))
    assert (back.restored, back.resumed, back.changes) == (True, False, [])
    assert not (out / "person-001 Anna").exists()
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_the_log_is_told_in_order(photos: Path, tmp_path: Path) -> None:
    log, out = _Noted(), tmp_path / "out"
    left_open = dataclasses.replace(_request(photos, out).clusterer, radius_is_given=False)
    result = sort_photos(_request(photos, out, clusterer=left_open), log)
    assert log.calls == ["begin", "radius", "keep", "end", "tell"]
    assert log.reports[0].counts == result.counts
    assert log.reports[0].page == result.page.read_bytes()
    assert state.load(out).logged == "run digest"
    assert result.radius == state.load(out).radius
    sort_photos(_request(photos, out), log)
    assert log.reports[1].logged == "run digest"
    assert "radius" not in log.calls[5:]


def test_a_restore_builds_no_estimator(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    sort_photos(_request(photos, out))
    _name_first(out)
    sort_photos(_request(photos, out))

    def refuse() -> BaseEstimator:
        raise AssertionError("nothing is to be grouped")

    broken = dataclasses.replace(_request(photos, out).clusterer, build=refuse)
    assert sort_photos(_request(photos, out, clusterer=broken, restore=True)).restored


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"mode": "move"}, r"task\.mode is one of copy, link, none; got 'move'"),
        ({"restore": "yes"}, r"task\.restore is true or false; got 'yes'"),
        ({"regroup": 1}, r"task\.regroup is true or false; got 1"),
        ({"prune": None}, r"task\.prune is true or false; got None"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    tmp_path: Path, changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        _request(tmp_path / "photos", tmp_path / "out", **changed)


def test_neither_folder_may_be_in_the_other(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"lies in dataset\.root"):
        _request(tmp_path, tmp_path / "out")
    with pytest.raises(UserError, match=r"lies in task\.out"):
        _request(tmp_path / "out/photos", tmp_path / "out")
