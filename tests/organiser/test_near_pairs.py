"""Near faces that a run has found are kept, safely, and are nobody's truth but the faces' own."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facetrack import testing
from facetrack.clusterer import Infomap
from facetrack.clusterer.kernels import graph
from facetrack.clusterer.kernels.known import KnownPairs, Memory
from facetrack.clusterer.shared import cache
from facetrack.core.scale import Scale
from facetrack.dataset import Folder
from facetrack.detector import Haar
from facetrack.embedder import DlibResNet
from facetrack.organiser import forgetting, near_pairs, state
from facetrack.organiser.groups import Clusterer
from facetrack.organiser.photos import Stages
from facetrack.tasks.organising.request import Request
from facetrack.tasks.organising.sorting import sort_photos

KNOWN = KnownPairs(
    np.arange(64, dtype=np.uint8).reshape(4, 16), np.array([[0, 1], [3, 2]], np.int32), 0.75
)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    state.own_folder(tmp_path).mkdir()
    return tmp_path


def keep(out: Path, known: KnownPairs) -> Path:
    memory = near_pairs.load(out)
    memory.now = known
    near_pairs.save(out, memory)
    return near_pairs.find_file(out)


def test_it_is_read_as_it_was_kept(out: Path) -> None:
    assert near_pairs.load(out).before is None
    path = keep(out, KNOWN)
    assert path.stat().st_mode & 0o777 == 0o600
    before = near_pairs.load(out).before
    assert before is not None
    assert before.radius == KNOWN.radius
    np.testing.assert_array_equal(before.digests, KNOWN.digests)
    np.testing.assert_array_equal(before.ends, KNOWN.ends)


def test_it_is_written_where_it_is_new(out: Path) -> None:
    path = keep(out, KNOWN)
    first = path.stat().st_ino
    keep(out, KNOWN)
    near_pairs.save(out, Memory())  # a run that was not asked
    assert path.stat().st_ino == first
    for changed in (
        replace(KNOWN, radius=0.7),
        replace(KNOWN, ends=KNOWN.ends[:, :1]),
        replace(KNOWN, digests=KNOWN.digests[::-1]),
    ):
        last = path.stat().st_ino
        keep(out, changed)
        assert path.stat().st_ino != last


def test_damage_counts_as_nothing_known(out: Path) -> None:
    whole = (path := keep(out, KNOWN)).read_bytes()
    for place in range(8 * len(whole)):
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(damaged)
        assert near_pairs.load(out).before is None
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        assert near_pairs.load(out).before is None
    path.write_bytes(whole + b"\0")
    assert near_pairs.load(out).before is None


@pytest.mark.parametrize("ends", [[[0], [4]], [[-1], [2]]])
def test_pairs_of_what_is_not_there_count_as_nothing_known(
    out: Path, ends: list[list[int]]
) -> None:
    keep(out, replace(KNOWN, ends=np.array(ends, np.int32)))
    assert near_pairs.load(out).before is None


def test_another_version_counts_as_nothing_known(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near_pairs, "_VERSION", b"near 2\n\0")
    keep(out, KNOWN)
    assert near_pairs.load(out).before is not None
    monkeypatch.undo()
    assert near_pairs.load(out).before is None


def test_it_is_forgotten_with_any_photo(out: Path) -> None:
    path = keep(out, KNOWN)
    (state.own_folder(out) / "state.json").write_text(json.dumps({"version": 2, "faces": {}}))
    assert forgetting.count(out, (), {1}) == {}
    forgetting.clean(out, (), {1})
    assert path.exists()
    assert forgetting.count(out, {"ab" * 32}, ()) == {path: 1}
    forgetting.clean(out, {"ab" * 32}, ())
    assert not path.exists()
    assert forgetting.count(out, {"ab" * 32}, ()) == {}


def test_folders_are_as_if_nothing_was_known(
    tmp_path: Path, warm_home: Path, monkeypatch: pytest.MonkeyPatch, asked: list[int]
) -> None:
    monkeypatch.setenv("FACETRACK_HOME", str(warm_home))
    monkeypatch.setattr(graph, "_ANY_RADIUS", 0)  # as for many photos
    photos = testing.photos(tmp_path, warm_home, 12)
    late = sorted(photos.iterdir())[-2:]

    def sort(out: str, *, dry: bool = False) -> int:
        stages = Stages(Haar(choose="all"), DlibResNet(), "local", Scale(0.5))
        how = Clusterer("infomap", {}, lambda: Infomap(0.5), radius_is_given=True)
        folder = Folder(photos, labels=False)
        cache.clear()
        asked.clear()
        sort_photos(Request(folder, [photos], stages, how, tmp_path / out, dry_run=dry))
        return sum(asked)

    for path in late:
        path.rename(tmp_path / path.name)
    counts = [sort("known"), sort("plain"), sort("known")]
    near_pairs.find_file(tmp_path / "plain").unlink()
    for path in late:
        (tmp_path / path.name).rename(path)
    kept = near_pairs.find_file(tmp_path / "known")
    first = kept.read_bytes()
    counts.append(sort("known", dry=True))
    assert kept.read_bytes() == first
    counts += [sort("known"), sort("plain")]
    assert counts[0] == counts[1] > counts[3] == counts[4] > counts[2] == 0
    assert counts[5] == counts[0] + counts[4]
    assert kept.read_bytes() != first

    names = ("people.yaml", "index.html", ".facetrack/state.json", ".facetrack/previous.json")
    for name in names:
        assert (tmp_path / "known" / name).read_bytes() == (tmp_path / "plain" / name).read_bytes()
