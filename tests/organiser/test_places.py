"""Files into folders, and what must never happen to them."""

import hashlib
import os
from pathlib import Path

import pytest

from facetrack.core.errors import UserError
from facetrack.core.faces import Picture
from facetrack.organiser.names import file_name
from facetrack.organiser.places import Placed, Plan, Wanted, arrange
from facetrack.organiser.state import File, Photo, State, is_inside, load, open_folder, save


@pytest.fixture
def out(tmp_path: Path) -> Path:
    path = tmp_path / "out"
    (path / ".facetrack").mkdir(parents=True)
    return path


def _photo(tmp_path: Path, name: str, content: bytes) -> Picture:
    path = tmp_path / "photos" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return Picture(path, name)


def _wanted(picture: Picture, folder: str = "person-001", name: str | None = None) -> Wanted:
    content = hashlib.sha256(picture.path.read_bytes()).hexdigest()
    return Wanted(folder, name or folder, content, picture)


def _arranged(out: Path, wanted: list[Wanted], files: dict[str, File] | None = None) -> Placed:
    present = {one.content for one in wanted}
    return arrange(out, Plan(wanted, files or {}, "copy", present), out / ".facetrack")


def test_equal_names_are_numbered_and_keep_their_numbers(tmp_path: Path, out: Path) -> None:
    photos = [_photo(tmp_path, f"{year}/IMG.jpg", year.encode()) for year in ("2019", "2020")]
    wanted = [_wanted(photo) for photo in photos]
    placed = _arranged(out, wanted)
    assert sorted(placed.files) == ["person-001/IMG (2).jpg", "person-001/IMG.jpg"]
    assert (out / "person-001/IMG (2).jpg").read_bytes() == b"2020"
    # An earlier one goes, the others keep their names.
    again = _arranged(out, wanted[1:], placed.files)
    assert (out / "person-001/IMG (2).jpg").read_bytes() == b"2020"
    assert "person-001/IMG (2).jpg" in again.files


def test_names_that_some_systems_do_not_tell_apart(tmp_path: Path, out: Path) -> None:
    wanted = [_wanted(_photo(tmp_path, f"{n}/{n}.JPG", n.encode())) for n in ("a", "A")]
    assert sorted(_arranged(out, wanted).files) == ["person-001/A (2).JPG", "person-001/a.JPG"]


def test_a_renamed_folder_takes_its_files_along(tmp_path: Path, out: Path) -> None:
    photo = _photo(tmp_path, "a.jpg", b"a")
    placed = _arranged(out, [_wanted(photo)])
    inode = (out / "person-001/a.jpg").stat().st_ino
    again = _arranged(out, [_wanted(photo, name="person-001 Ann")], placed.files)
    assert (out / "person-001 Ann/a.jpg").stat().st_ino == inode  # moved, not copied again
    assert not (out / "person-001").exists()
    assert again.made == 0


def test_strange_files_are_neither_written_over_nor_removed(tmp_path: Path, out: Path) -> None:
    (out / "person-001").mkdir()
    (out / "person-001/a.jpg").write_bytes(b"mine")
    placed = _arranged(out, [_wanted(_photo(tmp_path, "a.jpg", b"a"))])
    assert (out / "person-001/a.jpg").read_bytes() == b"mine"
    assert (out / "person-001/a (2).jpg").read_bytes() == b"a"
    _arranged(out, [], placed.files)
    assert (out / "person-001/a.jpg").read_bytes() == b"mine"


def test_what_an_interrupted_run_has_made_is_taken_over(tmp_path: Path, out: Path) -> None:
    wanted = [_wanted(_photo(tmp_path, "a.jpg", b"a"))]
    _arranged(out, wanted)
    again = _arranged(out, wanted)  # which remembers nothing
    assert list(again.files) == ["person-001/a.jpg"]
    assert again.made == 0


def test_nothing_is_written_through_a_link(tmp_path: Path, out: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (out / "person-001").symlink_to(elsewhere)
    with pytest.raises(UserError, match="is not a folder that facetrack made"):
        _arranged(out, [_wanted(_photo(tmp_path, "a.jpg", b"a"))])
    assert not list(elsewhere.iterdir())


def test_nothing_is_removed_through_a_link(tmp_path: Path, out: Path) -> None:
    wanted = [_wanted(_photo(tmp_path, "a.jpg", b"a"))]
    placed = _arranged(out, wanted)
    os.rename(out / "person-001", tmp_path / "elsewhere")  # noqa: PTH104
    (out / "person-001").symlink_to(tmp_path / "elsewhere")
    arrange(out, Plan([], placed.files, "copy", {wanted[0].content}), out / ".facetrack")
    assert (tmp_path / "elsewhere/a.jpg").read_bytes() == b"a"


def test_a_photo_that_changes_meanwhile_is_not_copied(tmp_path: Path, out: Path) -> None:
    wanted = [_wanted(_photo(tmp_path, "a.jpg", b"a"))]
    wanted[0].picture.path.write_bytes(b"b")
    placed = _arranged(out, wanted)
    assert placed.files == {}
    assert "a.jpg: it changed" in placed.remarks[0]
    assert not (out / "person-001").exists()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("IMG_1.jpg", "IMG_1.jpg"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..", "_"),
        ("", "_"),
        (".hidden", "hidden"),
        ("a\nb\0c\u202e.jpg", "a b?c?.jpg"),
        ("ä" * 200 + ".jpg", "ä" * 98 + ".jpg"),
        ("x." + "y" * 300, "x." + "y" * 198),
        ("\udcff.jpg", "?.jpg"),
        ("Anna. .", "Anna"),
    ],
)
def test_file_names_are_one_part_and_not_too_long(text: str, name: str) -> None:
    assert file_name(text) == name
    assert len(file_name(text).encode()) <= 200


# The state


def test_a_state_is_read_as_it_was_saved(out: Path) -> None:
    state = State(
        embedder="e",
        clusterer="c",
        photos={"c": Photo(["a.jpg", "b/a.jpg"], "00")},
        logged="run digest",
        radius=0.3,
        radius_faces=7,
        faces={"a:0,0,1,1": 1},
        pinned=["a:0,0,1,1"],
        barred={"a:0,0,1,1": {2: "x.jpg"}},
        parted={3: 1},
        following=4,
        files={"person-001/\udcff.jpg": File("c", "person-001", "copy", 3, 4)},
        people="person-001:\n",
    )
    save(out, state)
    assert load(out) == state


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", '{"version": 9}', '{"version": 1, "what": 1}', "[" * 10**5),
        '{"version": 1, "files": {"../../x": {"content": "", "folder": "", "kind": "copy", '
        '"size": 1, "mtime_ns": 1}}}',
        '{"version": 1, "faces": {"a": "x"}}',
    ],
)
def test_a_damaged_state_is_told(out: Path, text: str) -> None:
    (out / ".facetrack/state.json").write_text(text)
    with pytest.raises(UserError, match=r"state\.json cannot be used"):
        load(out)


def test_only_one_at_a_time(tmp_path: Path) -> None:
    with (
        open_folder(tmp_path / "new"),
        pytest.raises(UserError, match="another facetrack is organising"),
        open_folder(tmp_path / "new"),
    ):
        pass


def test_inside_follows_links(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert is_inside(tmp_path / "link/b/new", tmp_path / "a")
    assert not is_inside(tmp_path / "ab", tmp_path / "a")
