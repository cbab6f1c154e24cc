"""What a run does to files that people, disks and earlier runs have had their hands on."""

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from facetrack.core.errors import UserError
from facetrack.core.faces import Picture
from facetrack.organiser import copies, folders, places
from facetrack.organiser.names import file_name, fold, versions
from facetrack.organiser.places import Placed, Plan, Wanted, arrange
from facetrack.organiser.state import File
from facetrack.system.files import move

Files = Mapping[str, File]


class Library:
    """A folder of photos and the folder they are sorted into."""

    def __init__(self, path: Path) -> None:
        self.photos, self.out = path / "photos", path / "out"
        self.photos.mkdir()
        (self.out / ".facetrack").mkdir(parents=True)

    def photo(self, name: str, content: bytes) -> Picture:
        path = self.photos / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return Picture(path, name)

    def copy(self, path: str) -> Picture:
        """A copy whose original has gone, as a picture."""
        return Picture(self.out / path, path)

    def arrange(
        self,
        wanted: list[Wanted],
        files: Files | None = None,
        mode: str = "copy",
        present: set[str] | None = None,
        superseded: Mapping[str, str] | None = None,
    ) -> Placed:
        there = {one.content for one in wanted} if present is None else present
        unfinished = self.out / ".facetrack"
        plan = Plan(wanted, files or {}, mode, there, superseded or {})
        return arrange(self.out, plan, unfinished)

    def found(self) -> dict[str, bytes]:
        """What is in the folders, by path; links by what is behind them."""
        return {
            str(path.relative_to(self.out)): path.read_bytes()
            for path in sorted(self.out.glob("*/*"))
            if not path.is_relative_to(self.out / ".facetrack")
        }


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path)


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def want(
    picture: Picture, content: bytes, folder: str = "person-001", name: str | None = None
) -> Wanted:
    return Wanted(folder, name or folder, sha(content), picture)


def _when(
    monkeypatch: pytest.MonkeyPatch, module: object, name: str, work: Callable[[], object]
) -> None:
    """Do something once, right before a function that is there runs for the first time."""
    real = getattr(module, name)

    def first(*given: object, **named: object) -> object:
        monkeypatch.setattr(module, name, real)
        work()
        return real(*given, **named)

    monkeypatch.setattr(module, name, first)


# A user's files


def test_a_file_that_appears_under_a_name_about_to_be_made_stays(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = library.photo("a.jpg", b"a")
    mine = library.out / "person-001/a.jpg"
    _when(monkeypatch, folders, "move", lambda: mine.write_bytes(b"mine"))
    placed = library.arrange([want(photo, b"a")])
    assert library.found() == {"person-001/a.jpg": b"mine", "person-001/a (2).jpg": b"a"}
    assert list(placed.files) == ["person-001/a (2).jpg"]


def test_it_stays_where_a_copy_moves_to(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = library.photo("a.jpg", b"a")
    files = library.arrange([want(photo, b"a")]).files
    mine = library.out / "person-001 Ann/a.jpg"
    _when(monkeypatch, folders, "move", lambda: mine.write_bytes(b"mine"))
    placed = library.arrange([want(photo, b"a", name="person-001 Ann")], files)
    assert library.found() == {"person-001 Ann/a.jpg": b"mine", "person-001 Ann/a (2).jpg": b"a"}
    assert list(placed.files) == ["person-001 Ann/a (2).jpg"]


def test_it_stays_on_a_disk_without_hard_links(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    _no_hard_links(monkeypatch)
    photo = library.photo("a.jpg", b"a")
    (library.out / "person-001").mkdir()
    (library.out / "person-001/a.jpg").write_bytes(b"mine")
    (library.out / ".facetrack/b").write_bytes(b"b")
    with pytest.raises(FileExistsError):
        move(library.out / ".facetrack/b", library.out / "person-001/a.jpg")
    with pytest.raises(FileNotFoundError):
        move(library.out / ".facetrack/nothing", library.out / "person-001/b.jpg")
    files = library.arrange([want(photo, b"a")]).files
    assert library.found() == {"person-001/a.jpg": b"mine", "person-001/a (2).jpg": b"a"}
    again = library.arrange([want(photo, b"a", name="person-001 Ann")], files)
    assert list(again.files) == ["person-001 Ann/a (2).jpg"]
    assert library.found() == {"person-001/a.jpg": b"mine", "person-001 Ann/a (2).jpg": b"a"}


def test_a_file_in_place_of_a_folder_stays(library: Library) -> None:
    (library.out / "person-001").write_bytes(b"mine")
    files = library.arrange([want(library.photo("a.jpg", b"a"), b"a")]).files
    assert (library.out / "person-001").read_bytes() == b"mine"
    assert list(files) == ["person-001 (2)/a.jpg"]
    again = library.arrange([want(library.photo("a.jpg", b"a"), b"a")], files)
    assert again.made == 0
    assert again.files == files


def test_a_file_saved_under_the_old_name_while_it_moves_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = tmp_path / "a.jpg", tmp_path / "b.jpg"
    source.write_bytes(b"a")

    def save() -> None:
        (tmp_path / "new").write_bytes(b"mine")
        os.replace(tmp_path / "new", source)  # noqa: PTH105

    _when(monkeypatch, os, "lstat", save)
    move(source, target)
    assert source.read_bytes() == b"mine"
    assert target.read_bytes() == b"a"


def test_a_copy_that_is_edited_while_the_run_sorts_is_the_users(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = [library.photo(f"{name}.jpg", name.encode()) for name in "ab"]
    wanted = [want(photo, photo.name[:1].encode()) for photo in photos]
    files = library.arrange(wanted).files
    copy = library.out / "person-001/a.jpg"
    # It is wanted no more, and edited after it was looked at.
    _when(monkeypatch, copies, "remove", lambda: copy.write_bytes(b"edited"))
    placed = library.arrange(wanted[1:], files, present={sha(b"a"), sha(b"b")})
    assert copy.read_bytes() == b"edited"
    assert list(placed.files) == ["person-001/b.jpg"]
    assert placed.remarks == ["person-001/a.jpg was changed since, and is left as it is"]


def test_a_file_saved_in_place_of_a_copy_that_was_just_read_stays(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = library.photo("a.jpg", b"a")
    files = library.arrange([want(photo, b"a")]).files
    copy = library.out / "person-001/a.jpg"
    real = copies._status

    def read(path: Path, content: str) -> os.stat_result | None:
        status = real(path, content)
        (library.out / "new").write_bytes(b"mine")
        os.replace(library.out / "new", copy)  # noqa: PTH105
        return status

    monkeypatch.setattr(copies, "_status", read)
    library.arrange([], files, present={sha(b"a")})
    assert copy.read_bytes() == b"mine"


def test_what_was_made_is_remembered_not_what_is_found_then(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = library.photo("a.jpg", b"a")
    real = folders.Folders.put

    def put(
        self: folders.Folders, source: Path, folder: str, name: str, announce: Callable[[str], None]
    ) -> str:
        path = real(self, source, folder, name, announce)
        (library.out / path).write_bytes(b"edited at once")
        return path

    monkeypatch.setattr(folders.Folders, "put", put)
    placed = library.arrange([want(photo, b"a")])
    assert placed.files["person-001/a.jpg"].size == 1
    monkeypatch.undo()
    again = library.arrange([], placed.files, present={sha(b"a")})
    assert library.found() == {"person-001/a.jpg": b"edited at once"}
    assert again.files == {}


def test_bytes_edited_under_the_same_size_and_time_are_not_removed(library: Library) -> None:
    photo = library.photo("a.jpg", b"abc")
    files = library.arrange([want(photo, b"abc")]).files
    copy = library.out / "person-001/a.jpg"
    times = copy.stat()
    copy.write_bytes(b"xyz")
    os.utime(copy, ns=(times.st_atime_ns, times.st_mtime_ns))
    placed = library.arrange([], files, present={sha(b"abc")})
    assert library.found() == {"person-001/a.jpg": b"xyz"}
    assert placed.remarks == ["person-001/a.jpg was changed since, and is left as it is"]
    # Nor does a link take its place.
    linked = library.arrange([want(photo, b"abc")], files, mode="link")
    assert library.found() == {"person-001/a.jpg": b"xyz", "person-001/a (2).jpg": b"abc"}
    assert list(linked.files) == ["person-001/a (2).jpg"]


# A photo that was edited


def test_an_edited_photo_takes_the_place_of_its_old_copy(library: Library) -> None:
    old = want(library.photo("a.jpg", b"old"), b"old")
    files = library.arrange([old]).files
    new = want(library.photo("a.jpg", b"newer"), b"newer")
    placed = library.arrange([new], files, superseded={sha(b"old"): sha(b"newer")})
    assert library.found() == {"person-001/a.jpg": b"newer"}
    assert placed.files["person-001/a.jpg"].content == sha(b"newer")
    assert placed.remarks == []
    # In a folder with a new name as well.
    newest = want(library.photo("a.jpg", b"newest"), b"newest", name="person-001 Ann")
    again = library.arrange([newest], placed.files, superseded={sha(b"newer"): sha(b"newest")})
    assert library.found() == {"person-001 Ann/a.jpg": b"newest"}
    assert list(again.files) == ["person-001 Ann/a.jpg"]


def test_an_old_copy_that_the_user_changed_stays(library: Library) -> None:
    files = library.arrange([want(library.photo("a.jpg", b"old"), b"old")]).files
    (library.out / "person-001/a.jpg").write_bytes(b"mine")
    new = want(library.photo("a.jpg", b"newer"), b"newer")
    placed = library.arrange([new], files, superseded={sha(b"old"): sha(b"newer")})
    assert library.found() == {"person-001/a.jpg": b"mine", "person-001/a (2).jpg": b"newer"}
    assert placed.remarks == ["person-001/a.jpg was changed since, and is left as it is"]


def test_an_edited_photo_that_cannot_be_read_leaves_its_old_copy(library: Library) -> None:
    files = library.arrange([want(library.photo("a.jpg", b"old"), b"old")]).files
    new = want(library.photo("a.jpg", b"newer"), b"newer")
    new.picture.path.unlink()
    placed = library.arrange([new], files, superseded={sha(b"old"): sha(b"newer")})
    assert library.found() == {"person-001/a.jpg": b"old"}
    assert placed.files == files
    assert placed.failed == 1


@pytest.mark.parametrize("mode", ["copy", "link"])
def test_a_photo_that_changes_meanwhile_leaves_its_copy(library: Library, mode: str) -> None:
    """The copy is all there is of the photo, though a file as long is where the photo was."""
    photo = library.photo("a.jpg", b"a")
    files = library.arrange([want(photo, b"a")]).files
    photo.path.write_bytes(b"x")
    placed = library.arrange([want(photo, b"a")], files, mode=mode)
    assert library.found() == {"person-001/a.jpg": b"a"}
    assert placed.files == files
    assert placed.failed == (mode == "link")


# Links


def test_links_to_photos_that_were_moved_are_repaired(library: Library) -> None:
    photos = [library.photo(f"{name}.jpg", name.encode()) for name in "abc"]
    wanted = [want(photo, photo.name[:1].encode()) for photo in photos]
    files = library.arrange(wanted, mode="link").files
    # One is renamed, the whole folder moves, one goes.
    library.photos.rename(library.photos.with_name("moved"))
    library.photos = library.photos.with_name("moved")
    (library.photos / "b.jpg").rename(library.photos / "z.jpg")
    (library.photos / "c.jpg").unlink()
    names = {"a.jpg": b"a", "z.jpg": b"b"}
    wanted = [want(Picture(library.photos / name, name), names[name]) for name in names]
    placed = library.arrange(wanted, files, mode="link")
    assert library.found() == {"person-001/a.jpg": b"a", "person-001/b.jpg": b"b"}
    assert os.readlink(library.out / "person-001/b.jpg") == str(library.photos / "z.jpg")  # noqa: PTH115
    assert placed.failed == 0
    assert library.arrange(wanted, placed.files, mode="link").made == 0


def test_a_link_that_the_user_made_anew_stays(library: Library, tmp_path: Path) -> None:
    photo = library.photo("a.jpg", b"a")
    files = library.arrange([want(photo, b"a")], mode="link").files
    link = library.out / "person-001/a.jpg"
    other = photo.path.with_name("b.jpg")  # a name as long as the other
    other.write_bytes(b"other")
    link.unlink()
    link.symlink_to(other)
    placed = library.arrange([], files, mode="link", present={sha(b"a")})
    assert link.read_bytes() == b"other"
    assert placed.files == {}


def test_links_are_made_to_what_is_there_and_the_photo(library: Library) -> None:
    gone, swapped, good = (library.photo(f"{name}.jpg", name.encode()) for name in "abc")
    wanted = [want(one, one.name[:1].encode()) for one in (gone, swapped, good)]
    gone.path.unlink()
    swapped.path.write_bytes(b"x")
    placed = library.arrange(wanted, mode="link")
    assert library.found() == {"person-001/c.jpg": b"c"}
    assert placed.failed == 2
    assert placed.remarks == [
        "a.jpg: is there no more, so not linked to",
        "b.jpg: has changed meanwhile, so not linked to",
    ]
    good.path.unlink()
    again = library.arrange(wanted[2:], placed.files, mode="link")
    assert again.failed == 1
    assert again.remarks == ["c.jpg: is there no more, so its link leads nowhere"]
    assert again.files == placed.files


def test_a_disk_without_links_is_told(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "symlink", refused)
    with pytest.raises(UserError, match=r"no links .*task\.mode=copy"):
        library.arrange([want(library.photo("a.jpg", b"a"), b"a")], mode="link")
    assert library.found() == {}


# Photos that are gone


def test_copies_whose_original_has_gone_move_with_their_person(library: Library) -> None:
    photo = library.photo("a.jpg", b"a")
    both = [want(photo, b"a", "person-001"), want(photo, b"a", "person-002")]
    files = library.arrange(both).files
    photo.path.unlink()
    copy = library.copy("person-001/a.jpg")
    both = [
        want(copy, b"a", "person-001", "person-001 Ann"),
        want(copy, b"a", "person-002", "person-002 Bo"),
    ]
    placed = library.arrange(both, files, present=set())
    assert library.found() == {"person-001 Ann/a.jpg": b"a", "person-002 Bo/a.jpg": b"a"}
    assert placed.moved[copy.path] == library.out / "person-001 Ann/a.jpg"
    assert placed.remarks == []
    assert placed.failed == 0
    # Merged, and whoever passes them for photos that are there.
    merged = [want(library.copy("person-002 Bo/a.jpg"), b"a", "person-003")]
    last = library.arrange(merged, placed.files, present={sha(b"a")})
    assert library.found() == {"person-003/a.jpg": b"a"}
    assert list(last.files) == ["person-003/a.jpg"]
    # Links do not replace them.
    kept = library.arrange(
        [want(library.copy("person-003/a.jpg"), b"a", "person-003")], last.files, mode="link"
    )
    assert kept.files == last.files
    assert not (library.out / "person-003/a.jpg").is_symlink()
    assert library.arrange([], kept.files, mode="none", present=set()).files == last.files


def test_a_copy_is_made_of_one_that_has_moved_in_the_same_run(library: Library) -> None:
    photo = library.photo("a.jpg", b"a")
    files = library.arrange([want(photo, b"a")]).files
    photo.path.unlink()
    copy = library.copy("person-001/a.jpg")
    wanted = [want(copy, b"a", "person-001", "person-001 Ann"), want(copy, b"a", "person-002")]
    placed = library.arrange(wanted, files, present=set())
    assert library.found() == {"person-001 Ann/a.jpg": b"a", "person-002/a.jpg": b"a"}
    assert placed.failed == 0


def test_the_last_copy_is_not_removed_for_one_that_is_no_copy(library: Library) -> None:
    photo = library.photo("a.jpg", b"abc")
    both = [want(photo, b"abc", "person-001"), want(photo, b"abc", "person-002")]
    files = library.arrange(both).files
    photo.path.unlink()
    edited = library.out / "person-001/a.jpg"
    times = edited.stat()
    edited.write_bytes(b"xyz")
    os.utime(edited, ns=(times.st_atime_ns, times.st_mtime_ns))
    merged = [want(library.copy("person-001/a.jpg"), b"abc", "person-001")]
    library.arrange(merged, files, present=set())
    assert library.found() == {"person-001/a.jpg": b"xyz", "person-002/a.jpg": b"abc"}


@pytest.mark.parametrize("mode", ["copy", "link", "none"])
def test_copies_stay_where_the_disk_with_the_photos_is_unplugged_meanwhile(
    library: Library, mode: str
) -> None:
    photos = [library.photo(f"{name}.jpg", name.encode()) for name in "ab"]
    wanted = [want(photo, photo.name[:1].encode()) for photo in photos]
    files = library.arrange(wanted[:1]).files
    shutil.rmtree(library.photos)
    moved = [want(photos[0], b"a"), want(photos[1], b"b", "person-002")]
    placed = library.arrange(moved, files, mode=mode)
    assert library.found() == {"person-001/a.jpg": b"a"}
    assert placed.files == files
    assert placed.failed == {"copy": 1, "link": 2, "none": 0}[mode]


def test_photos_that_cannot_be_copied_are_counted_and_leave_no_folders(library: Library) -> None:
    photos = [library.photo(f"{n:02}.jpg", b"%d" % n) for n in range(30)]
    wanted = [want(one, b"%d" % n, f"person-{n:03}") for n, one in enumerate(photos)]
    wanted.append(want(photos[0], b"0", "unknown"))
    shutil.rmtree(library.photos)
    placed = library.arrange(wanted)
    assert placed.failed == 30
    assert placed.remarks == [
        "00.jpg and 29 more photos: cannot be read any more (No such file or directory), "
        "so not copied"
    ]
    assert [path.name for path in library.out.iterdir()] == [".facetrack"]


def test_a_pipe_in_place_of_a_photo_holds_nothing_up(library: Library) -> None:
    photo = library.photo("a.jpg", b"a")
    photo.path.unlink()
    os.mkfifo(photo.path)
    assert library.arrange([want(photo, b"a")]).failed == 1
    assert library.arrange([want(photo, b"a")], mode="link").failed == 1


# A folder that was copied


@pytest.mark.parametrize("mode", ["copy", "link"])
def test_a_folder_copied_without_its_times_is_the_same(library: Library, mode: str) -> None:
    photos = [library.photo(f"{name}.jpg", name.encode()) for name in "abc"]
    wanted = [want(photo, photo.name[:1].encode()) for photo in photos]
    files = library.arrange(wanted, mode=mode).files
    for path in library.out.glob("*/*.jpg"):
        os.utime(path, (1e9, 1e9), follow_symlinks=False)
    (library.out / "person-001/c.jpg").unlink()
    (library.out / "person-001/c.jpg").write_bytes(b"x")  # as long, and other content
    placed = library.arrange(wanted, files, mode=mode)
    assert placed.made == 1
    assert library.found() == {
        **{"person-001/a.jpg": b"a", "person-001/b.jpg": b"b"},
        **{"person-001/c.jpg": b"x", "person-001/c (2).jpg": b"c"},
    }
    assert placed.files["person-001/a.jpg"].mtime_ns == 10**18
    assert placed.files["person-001/c (2).jpg"].mtime_ns != 10**18
    # And moves as a whole, where its person gets a name.
    (library.out / "person-001/c.jpg").unlink()
    os.utime(library.out / "person-001/a.jpg", (2e9, 2e9), follow_symlinks=False)
    wanted = [want(one, one.name[:1].encode(), name="person-001 Ann") for one in photos]
    library.arrange(wanted, placed.files, mode=mode)
    assert library.found() == {
        f"person-001 Ann/{name}.jpg": name[:1].encode() for name in ("a", "b", "c (2)")
    }


# Disks with rules of their own


REFUSED = '<>:"|?*'


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk without hard links that takes no name with some characters, or of over 143 bytes."""

    def check(path: object) -> None:
        name = Path(str(path)).name
        if any(c in REFUSED for c in name) or name in ("CON", "aux.jpg"):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(path))
        if len(name.encode()) > 143:
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), str(path))

    real_open, real_mkdir = os.open, os.mkdir

    def open_(path: str, flags: int, mode: int = 0o777, **more: int) -> int:
        if flags & os.O_CREAT:
            check(path)
        return real_open(path, flags, mode, **more)

    def mkdir(path: str, mode: int = 0o777, **more: int) -> None:
        check(path)
        real_mkdir(path, mode, **more)

    for name, stand_in in (("open", open_), ("mkdir", mkdir)):
        monkeypatch.setattr(os, name, stand_in)
    _no_hard_links(monkeypatch)


def test_names_that_the_disk_refuses_are_changed_and_told(library: Library, strict: None) -> None:
    names = ["12:30:01.jpg", "aux.jpg", "ä" * 98 + ".jpg", "CON", "good.jpg", "12?30_01.jpg"]
    photos = [library.photo(f"{n}/photo", b"%d" % n) for n in range(len(names))]
    pictures = [Picture(one.path, names[n]) for n, one in enumerate(photos)]
    # The name on the disk of the photos counts, which takes them all.
    for n, (picture, name) in enumerate(zip(pictures, names, strict=True)):
        target = picture.path.with_name(name)
        picture.path.rename(target)
        pictures[n] = Picture(target, name)
    called = "person-001 Anna: me?"
    wanted = [want(one, b"%d" % n, name=called) for n, one in enumerate(pictures)]
    placed = library.arrange(wanted)
    folder = "person-001 Anna_ me_"
    assert library.found() == {
        f"{folder}/12_30_01.jpg": b"0",
        f"{folder}/aux_.jpg": b"1",
        f"{folder}/{'ä' * 58}.jpg": b"2",
        f"{folder}/CON_": b"3",
        f"{folder}/good.jpg": b"4",
        f"{folder}/12?30_01 (2).jpg".replace("?", "_"): b"5",
    }
    assert placed.remarks == [
        "6 names of files or folders are refused by this disk, and were changed"
    ]
    again = library.arrange(wanted, placed.files)
    assert (again.made, again.files, again.remarks) == (0, placed.files, [])
    # What a run that was killed has made is found under those names too.
    assert library.arrange(wanted).made == 0


def test_a_full_disk_is_no_matter_of_names(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def full(source: Path, target: Path) -> None:
        tried.append(target.name)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(folders, "move", full)
    with pytest.raises(OSError, match="No space left"):
        library.arrange([want(library.photo("a:b.jpg", b"a"), b"a")])
    assert tried == ["a:b.jpg"]


def test_modes_and_times_that_are_refused_are_told_once(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = [library.photo(f"{name}.jpg", name.encode()) for name in "abc"]
    wanted = [want(photo, photo.name[:1].encode()) for photo in photos]

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fchmod", refused)
        patch.setattr(os, "utime", refused)
        placed = library.arrange(wanted)
    assert placed.made == 3
    assert placed.remarks == ["this disk refuses modes or times of files: copies have others"]
    assert library.arrange(wanted, placed.files).made == 0


def test_names_the_disk_takes_for_one(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    # Two forms of Unicode, in a folder that tells nothing of what is in it.
    names = ("Zo\u00eb.jpg", "Zoe\u0308.jpg", "ZOE\u0308.jpg")
    photos = [library.photo(f"{n}/{name}", b"%d" % n) for n, name in enumerate(names)]
    wanted = [want(one, b"%d" % n) for n, one in enumerate(photos)]
    assert len({fold(name) for name in names}) == 1
    library.arrange(wanted)
    assert sorted(library.found().values()) == [b"0", b"1", b"2"]
    assert {fold(path) for path in library.found()} == {
        fold(f"person-001/zo\u00eb{number}.jpg") for number in ("", " (2)", " (3)")
    }


def test_a_folder_whose_new_name_is_the_same_to_the_disk(library: Library) -> None:
    """A person is called Ann instead of ann: on such a disk the folder is there under both."""
    photo = library.photo("a.jpg", b"a")
    files = library.arrange([want(photo, b"a", name="person-001 ann")]).files
    folder = library.out / "person-001 Ann"
    folder.mkdir()
    bound = ["mount", "--bind", str(library.out / "person-001 ann"), str(folder)]
    if os.geteuid() or subprocess.run(bound, capture_output=True).returncode:
        pytest.skip("only root may give a folder a second name")
    try:
        placed = library.arrange([want(photo, b"a", name="person-001 Ann")], files)
        assert list(placed.files) == ["person-001 Ann/a.jpg"]
        assert placed.made == 0
        assert [path.name for path in folder.iterdir()] == ["a.jpg"]
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("a.jpg", []),
        ("12:30.jpg", ["12_30.jpg"]),
        ("com1.tar.gz", ["com1_.tar.gz"]),
        ("console.jpg", []),
        ("Žluť.jpg", ["Zlut.jpg"]),
        ("写真?.jpg", ["写真_.jpg", "___.jpg"]),
        ("x" * 196 + ".jpg", ["x" * 116 + ".jpg"]),
    ],
)
def test_versions_of_a_name(name: str, others: list[str]) -> None:
    assert list(versions(name)) == [name, *others]
    assert all(len(other.encode()) <= 120 for other in others)
    assert file_name(name) == name


# Killed at any step


STEPS = ("link", "unlink", "replace", "symlink", "mkdir", "rmdir", "rename", "open", "utime")


class Killed(BaseException):
    """Stands for a kill: nothing catches it."""


def _kill(patch: pytest.MonkeyPatch, after: int) -> None:
    """Let some steps on the file system be done, and none from then on."""
    taken = iter(range(after))

    def wrap(name: str) -> None:
        real = getattr(os, name)

        def step(*given: Any, **named: Any) -> object:
            reads = name == "open" and not given[1] & (os.O_WRONLY | os.O_RDWR)
            if not reads and next(taken, None) is None:
                raise Killed
            return real(*given, **named)

        patch.setattr(os, name, step)

    for name in STEPS:
        wrap(name)


def _no_hard_links(patch: pytest.MonkeyPatch) -> None:
    def link(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    patch.setattr(os, "link", link)


@pytest.mark.parametrize("hard_links", [True, False])
def test_killed_at_any_step_it_goes_on_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hard_links: bool
) -> None:
    """A run that renames, merges, replaces and removes, ended before each step it takes."""
    if not hard_links:
        _no_hard_links(monkeypatch)
    kills = 0
    while _goes_on_after(kills, tmp_path / f"{kills}", monkeypatch, hard_links):
        kills += 1
    assert kills > 10


def _goes_on_after(
    steps: int, folder: Path, monkeypatch: pytest.MonkeyPatch, hard_links: bool
) -> bool:
    """Kill a run after some steps and run again; False where it was done before."""
    folder.mkdir()
    library = Library(folder)
    names = ("stays", "edited", "gone", "goes", "moved")
    photos = {name: library.photo(f"{name}.jpg", name.encode()) for name in names}
    folders_of = dict.fromkeys(names, "person-001")
    folders_of |= {"gone": "person-002", "goes": "person-003", "moved": "person-004"}
    files = library.arrange(
        [want(photos[name], name.encode(), folders_of[name]) for name in names]
    ).files
    photos["gone"].path.unlink()
    library.photo("edited.jpg", b"newer")
    ann = ("person-001", "person-001 Ann")
    wanted = [
        want(photos["stays"], b"stays", *ann),
        want(photos["edited"], b"newer", *ann),
        want(library.copy("person-002/gone.jpg"), b"gone", *ann),
        want(photos["moved"], b"moved", "person-005"),
    ]

    def run() -> Placed:
        present = {sha(content) for content in (b"stays", b"newer", b"goes", b"moved")}
        edited = {sha(b"edited"): sha(b"newer")}
        return library.arrange(wanted, files, present=present, superseded=edited)

    killed = True
    with monkeypatch.context() as patch, contextlib.suppress(Killed):
        _kill(patch, steps)
        run()
        killed = False
    assert b"gone" in library.found().values()
    if killed:
        # As the next run finds them: the copies of the photo that has gone, wherever they are.
        copy = min(path for path in library.out.rglob("gone*.jpg") if path.stat().st_size)
        wanted[2] = want(Picture(copy, "gone.jpg"), b"gone", *ann)
        placed = run()
        assert placed.failed == 0
        assert placed.files.keys() == {path for path, data in library.found().items() if data}
    found = library.found()
    expected = {
        **{"person-001 Ann/stays.jpg": b"stays", "person-001 Ann/gone.jpg": b"gone"},
        **{"person-001 Ann/edited.jpg": b"newer", "person-005/moved.jpg": b"moved"},
    }
    if hard_links:
        assert found == expected
    else:  # an empty file may be left where a name was taken
        assert sorted(filter(None, found.values())) == sorted(expected.values())
    assert {path.name for path in library.photos.iterdir()} == {
        *("edited.jpg", "goes.jpg", "moved.jpg", "stays.jpg")
    }
    return killed


def test_modes_of_what_is_made(library: Library) -> None:
    photo = library.photo("a.jpg", b"a")
    photo.path.chmod(0o640)
    library.arrange([want(photo, b"a")])
    assert stat.S_IMODE((library.out / "person-001").stat().st_mode) == 0o700
    assert stat.S_IMODE((library.out / "person-001/a.jpg").stat().st_mode) == 0o640
    assert places.MODES == ("copy", "link", "none")
