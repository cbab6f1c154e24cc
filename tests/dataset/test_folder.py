import os
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import PIL.Image
import pytest

from facetrack.core import kinds
from facetrack.core.errors import UserError
from facetrack.core.faces import Pictures
from facetrack.dataset.folder import Folder


def put(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        PIL.Image.new("RGB", (2, 2)).save(path, "PNG")


def people(listing: Pictures) -> dict[str, str | None]:
    return {one.name: one.person for one in listing.pictures}


def reasons(listing: Pictures) -> dict[str, str]:
    return {one.name: one.reason for one in listing.skipped}


def test_a_sub_folder_a_person(tmp_path: Path) -> None:
    put(tmp_path, "bob/2.png", "bob/1.JPG", "ana/old/deep/3.png", "ana/x.jpeg")
    listing = Folder(tmp_path).load()
    assert [(one.name, one.person) for one in listing.pictures] == [
        ("ana/old/deep/3.png", "ana"),
        ("ana/x.jpeg", "ana"),
        ("bob/1.JPG", "bob"),
        ("bob/2.png", "bob"),
    ]
    assert all(one.path == tmp_path / one.name for one in listing.pictures)
    assert all(one.publishable for one in listing.pictures)
    assert not listing.skipped


def test_a_flat_folder_has_no_people(tmp_path: Path) -> None:
    put(tmp_path, "b.png", "a.png")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "list.txt").touch()
    assert people(Folder(tmp_path, min_pictures=2).load()) == {"a.png": None, "b.png": None}


def test_loose_pictures_beside_people_are_skipped(tmp_path: Path) -> None:
    put(tmp_path, "ana/1.png", "loose.png")
    listing = Folder(tmp_path).load()
    assert people(listing) == {"ana/1.png": "ana"}
    assert reasons(listing) == {"loose.png": "not in the sub-folder of a person"}


def test_the_home_folder_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    put(tmp_path, "photos/ana/1.png")
    assert people(Folder("~/photos").load()) == {"ana/1.png": "ana"}


def test_a_relative_root_gives_absolute_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "photos/ana/1.png")
    monkeypatch.chdir(tmp_path)
    assert Folder("photos").load().pictures[0].path == tmp_path / "photos/ana/1.png"


def test_hidden_and_other_files_are_ignored(tmp_path: Path) -> None:
    put(tmp_path, "ana/1.png", "ana/.2.png", ".cache/3.png", "ana/.thumbs/4.png")
    for name in ("ana/notes.txt", "ana/Thumbs.db", "readme.md"):
        (tmp_path / name).touch()
    listing = Folder(tmp_path).load()
    assert people(listing) == {"ana/1.png": "ana"}
    assert sum(one.pictures for one in listing.skipped) == 0


@pytest.fixture
def no_heic(monkeypatch: pytest.MonkeyPatch) -> None:
    """As without the extra facetrack[heic]."""
    monkeypatch.setattr(kinds, "SUFFIXES", kinds.SUFFIXES - {".heic", ".heif"})


def test_folders_that_are_not_people(tmp_path: Path) -> None:
    put(tmp_path, "2019/1.png", "2020/may/2.png", "loose.png")
    listing = Folder(tmp_path, labels=False, min_pictures=2).load()
    assert people(listing) == {"2019/1.png": None, "2020/may/2.png": None, "loose.png": None}
    assert not listing.skipped


def test_pictures_of_other_formats_and_videos_are_listed(tmp_path: Path, no_heic: None) -> None:
    put(tmp_path, "ana/1.png")
    for name in ("ana/IMG_1.HEIC", "ana/raw.cr2", "ana/clip.mp4", "old.tga"):
        (tmp_path / name).touch()
    assert reasons(Folder(tmp_path).load()) == {
        "ana/IMG_1.HEIC": "heic pictures are read after: pip install 'facetrack[heic]'",
        "ana/raw.cr2": "RAW cr2 pictures are not read: convert it to jpeg or png",
        "ana/clip.mp4": "mp4 videos are not read",
        "old.tga": "tga pictures are not read: convert it to jpeg or png",
    }


def test_names_are_the_same_on_every_system(tmp_path: Path) -> None:
    apart = unicodedata.normalize("NFD", "Zoë")
    put(tmp_path, f"{apart}/später.png", "李/1.png", "Zoë/ok.png")
    put(tmp_path, os.fsdecode(b"li/J\xf6rg.png"))  # a name that is not UTF-8
    listing = Folder(tmp_path).load()
    assert people(listing) == {
        "Zoë/ok.png": "Zoë",
        "Zoë/später.png": "Zoë",
        "li/J\\xf6rg.png": "li",
        "李/1.png": "李",
    }
    assert [one.name for one in listing.pictures] == sorted(one.name for one in listing.pictures)
    assert all(one.path.is_file() for one in listing.pictures)
    assert all(one.name.encode() for one in listing.pictures)


def test_links_are_followed_once(tmp_path: Path) -> None:
    put(tmp_path / "elsewhere", "1.png", "2.png")
    root = tmp_path / "root"
    put(root, "bob/1.png")
    (root / "ana").symlink_to(tmp_path / "elsewhere")
    (root / "bob" / "link.png").symlink_to(tmp_path / "elsewhere" / "2.png")
    (root / "again").symlink_to(root / "bob")
    (root / "bob" / "loop").symlink_to(root)
    (root / "bob" / "nobody.png").symlink_to("nothing")
    (root / "bob" / "itself.png").symlink_to("itself.png")
    listing = Folder(root).load()
    assert people(listing) == {
        "ana/1.png": "ana",
        "ana/2.png": "ana",
        "bob/1.png": "bob",
        "bob/link.png": "bob",
    }
    assert reasons(listing) == {
        "again": "the same folder as bob",
        "bob/loop": "the same folder as the root",
        "bob/nobody.png": "a broken link",
        "bob/itself.png": "a broken link",
    }


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    put(tmp_path, "ana/1.png")
    os.mkfifo(tmp_path / "ana" / "pipe.jpg")
    assert reasons(Folder(tmp_path).load()) == {"ana/pipe.jpg": "not a regular file"}


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that every user of the machine may enter; pytest's own are private."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def unprivileged() -> Iterator[None]:
    """Nothing can be forbidden to root, so root becomes nobody for a while."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_sub_folder_that_cannot_be_read_is_skipped(public: Path) -> None:
    put(public, "ana/1.png", "bob/1.png")
    (public / "bob").chmod(0)
    with unprivileged():
        listing = Folder(public).load()
    assert people(listing) == {"ana/1.png": "ana"}
    assert reasons(listing) == {"bob": "folder cannot be read (Permission denied)"}


def test_a_root_that_cannot_be_read(public: Path) -> None:
    put(public, "photos/1.png")
    (public / "photos").chmod(0)
    with (
        unprivileged(),
        pytest.raises(UserError, match=r"cannot be read as a folder \(Permission denied\)"),
    ):
        Folder(public / "photos").load()


@pytest.mark.parametrize(
    ("root", "reason"),
    [
        ("none", "No such file or directory"),
        ("file", "Not a directory"),
        ("empty", "no pictures"),
        ("~nobody-has-this-name/x", "nobody has that home folder"),
    ],
)
def test_an_unusable_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: str, reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path("empty").mkdir()
    with pytest.raises(UserError, match=reason) as error:
        Folder(root).load()
    assert "\n" not in str(error.value)
    if not root.startswith("~"):
        assert str(tmp_path / root) in str(error.value)
        assert "root=PATH takes a folder of pictures" in str(error.value)


def test_no_pictures_says_what_was_skipped(tmp_path: Path, no_heic: None) -> None:
    (tmp_path / "a.heic").touch()
    with pytest.raises(UserError, match=r"a\.heic: heic pictures are read after"):
        Folder(tmp_path).load()


def test_people_with_too_few_pictures_are_left_out(tmp_path: Path) -> None:
    put(tmp_path, "ana/1.png", "ana/2.png", "bob/1.png", "eve/1.png", "eve/2.png", "eve/3.png")
    assert set(people(Folder(tmp_path).load()).values()) == {"ana", "bob", "eve"}
    listing = Folder(tmp_path, min_pictures=2).load()
    assert set(people(listing).values()) == {"ana", "eve"}
    assert reasons(listing) == {"(1 person)": "fewer than 2 pictures"}
    listing = Folder(tmp_path, min_pictures=3).load()
    assert set(people(listing).values()) == {"eve"}
    assert reasons(listing) == {"(2 people)": "fewer than 3 pictures"}
    with pytest.raises(UserError, match="none of the 3 people has 4 pictures, the most is 3"):
        Folder(tmp_path, min_pictures=4).load()


@pytest.mark.parametrize("number", [0, -1, 1.5, True, "3", None])
def test_min_pictures_is_a_whole_number_from_1(tmp_path: Path, number: int) -> None:
    with pytest.raises(UserError, match=r"^min_pictures is .*: expected a whole number"):
        Folder(tmp_path, min_pictures=number)
