"""What takes long to make is made once, and again where what was kept is damaged."""

from pathlib import Path

import pytest

from facetrack.system.derived import FOLDER, load_or_make


class Maker:
    def __init__(self) -> None:
        self.asked = 0

    def make(self) -> bytes:
        self.asked += 1
        return b"made %d" % self.asked


def test_it_is_made_once_per_name(home: Path) -> None:
    maker = Maker()
    assert load_or_make("a", maker.make) == load_or_make("a", maker.make) == b"made 1"
    assert load_or_make("b", maker.make) == b"made 2"
    assert sorted(path.name for path in (home / FOLDER).iterdir()) == ["a", "b"]
    assert (home / FOLDER / "a").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", [b"", b"made 1", b"x" * 40])
def test_a_damaged_one_is_made_anew(home: Path, damage: bytes) -> None:
    maker = Maker()
    load_or_make("a", maker.make)
    (home / FOLDER / "a").write_bytes(damage)
    assert load_or_make("a", maker.make) == b"made 2"
    assert load_or_make("a", maker.make) == b"made 2"


def test_a_changed_byte_is_seen(home: Path) -> None:
    maker = Maker()
    load_or_make("a", maker.make)
    path = home / FOLDER / "a"
    path.write_bytes(path.read_bytes()[:-1] + b"2")
    assert load_or_make("a", maker.make) == b"made 2"


def test_without_a_folder_of_facetracks_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("FACETRACK_HOME", str(tmp_path / "file" / "home"))
    maker = Maker()
    assert load_or_make("a", maker.make) == b"made 1"
    assert load_or_make("a", maker.make) == b"made 2"
