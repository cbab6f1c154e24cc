"""Every file below a folder is a picture, or in a count."""

import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import PIL.Image
import pytest

from facetrack.core.errors import UserError
from facetrack.core.faces import Pictures
from facetrack.dataset.file_tree import walk
from facetrack.dataset.folder import Folder

RAW = (
    "pef srw nrw rwl sr2 gpr 3fr x3f raf rw2 orf dng cr2 cr3 nef arw erf kdc mrw iiq mef mos crw "
    "dcr srf fff ari raw"
)
SYSTEM = "@eaDir #recycle $RECYCLE.BIN lost+found __MACOSX #snapshot @Recycle RECYCLER"


def put(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        PIL.Image.new("RGB", (2, 2)).save(path, "PNG")


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def names(listing: Pictures) -> list[str]:
    return [one.name for one in listing.pictures]


def remarks(listing: Pictures) -> dict[str, str]:
    """What is told without counting as a picture of the dataset."""
    found = {one.name: one.reason for one in listing.skipped if one.pictures == 0}
    assert len(set(found.values())) == len(found), "the organiser counts by reason"
    return found


@pytest.mark.parametrize("suffix", ["jfif", "JPE", "jif", "mpo", "ppm", "pbm", "pnm", "dib", "GIF"])
def test_rarer_names_of_pictures_are_read(tmp_path: Path, suffix: str) -> None:
    put(tmp_path, f"a.{suffix}")
    assert names(Folder(tmp_path).load()) == [f"a.{suffix}"]


def test_a_cameras_heif_is_read_where_heic_is(tmp_path: Path) -> None:
    pytest.importorskip("pillow_heif")
    put(tmp_path, "a.hif")
    assert names(Folder(tmp_path).load()) == ["a.hif"]


@pytest.mark.parametrize("kind", RAW.split())
def test_raw_pictures_are_told(tmp_path: Path, kind: str) -> None:
    put(tmp_path, "a.png")
    touch(tmp_path, f"b.{kind.upper()}")
    (told,) = Folder(tmp_path).load().skipped
    assert (told.name, told.pictures) == (f"b.{kind.upper()}", 1)
    assert told.reason == f"RAW {kind} pictures are not read: convert it to jpeg or png"


def test_other_and_hidden_files_are_counted(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "b/.hidden.png")
    touch(tmp_path, "b/a.txt", "b/b.TXT", "Thumbs.db", "README", ".DS_Store", "b/._a.png")
    listing = walk(tmp_path)
    assert names(listing) == ["a.png"]
    assert remarks(listing) == {
        "(4 other files)": "no pictures: 2 .txt, 1 without suffix, 1 .db",
        "(3 hidden files)": "left out",
    }
    assert len(listing.skipped) == 2


def test_many_kinds_of_other_files_are_one_line(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{i}.x{i}" for i in range(8)))
    assert remarks(walk(tmp_path)) == {
        "(8 other files)": "no pictures: 1 .x0, 1 .x1, 1 .x2, 1 .x3, 1 .x4, 3 more kinds"
    }


def test_nothing_is_passed_over(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "@eaDir/b.png/c.png", ".trash/d.png", "e/f.jpg", "g/.nomedia")
    touch(tmp_path, "a.mp4", "a.dng", "a.xmp", "e/.x", "@eaDir/b.png/index", "g/h.txt")
    listing = walk(tmp_path)
    assert names(listing) == ["a.png", "e/f.jpg"]
    assert {one.name for one in listing.skipped if one.pictures} == {"a.mp4", "a.dng"}
    assert set(remarks(listing)) == {
        "(1 other file)",
        "(1 hidden file)",
        "@eaDir",
        ".trash",
        "g",
    }


@pytest.mark.parametrize("name", [*SYSTEM.split(), "System Volume Information"])
def test_folders_of_a_system_are_left_out(tmp_path: Path, name: str) -> None:
    put(tmp_path, "ana/1.png", f"ana/{name}/2.png", f"{name}/deep/3.png", f"{name}/4.png")
    listing = Folder(tmp_path).load()
    assert names(listing) == ["ana/1.png"]
    assert remarks(listing) == {"(2 folders)": f"left out, named {name}: 3 pictures"}


@pytest.mark.parametrize("name", [".thumbnails", ".Trash-1000", ".@__thumb", ".stversions"])
def test_hidden_folders_are_left_out(tmp_path: Path, name: str) -> None:
    put(tmp_path, "1.png", f"{name}/2.png", f"{name}/deep/3.png")
    listing = walk(tmp_path)
    assert names(listing) == ["1.png"]
    assert remarks(listing) == {name: "left out, hidden: 2 pictures"}


def test_a_folder_without_media_is_left_out_with_all_below(tmp_path: Path) -> None:
    put(tmp_path, "1.png", "private/2.png", "private/deep/3.png", "private/deep/@eaDir/4.png")
    touch(tmp_path, "private/.nomedia", ".nomedia")  # that of the root was named by the user
    listing = walk(tmp_path)
    assert names(listing) == ["1.png"]
    assert remarks(listing) == {
        "private": "left out, with a .nomedia file: 3 pictures",
        "(1 hidden file)": "left out",
    }


def test_a_root_is_read_whatever_its_name(tmp_path: Path) -> None:
    put(tmp_path, ".hidden/@eaDir/1.png")
    assert names(walk(tmp_path / ".hidden/@eaDir")) == ["1.png"]


def test_a_link_in_a_folder_that_is_left_out_is_not_followed(tmp_path: Path) -> None:
    put(tmp_path / "elsewhere", "1.png")
    put(tmp_path / "root", "a.png", "@eaDir/b.png")
    (tmp_path / "root/@eaDir/link").symlink_to(tmp_path / "elsewhere")
    assert remarks(walk(tmp_path / "root")) == {"@eaDir": "left out, named @eaDir: 1 picture"}


@pytest.mark.parametrize(
    ("exclude", "left"),
    [
        (["*-edited.*"], ["2019/1.png", "2019/drafts/2.png", "drafts/3.png"]),
        (["drafts"], ["2019/1-edited.png", "2019/1.png"]),
        (["drafts/"], ["2019/1-edited.png", "2019/1.png"]),
        (["2019/drafts"], ["2019/1-edited.png", "2019/1.png", "drafts/3.png"]),
        (["2019/*"], ["drafts/3.png"]),
        ([2019], ["drafts/3.png"]),
        (["1.png", "[2-3].png"], ["2019/1-edited.png"]),
    ],
)
def test_what_the_user_excludes(tmp_path: Path, exclude: list[str], left: list[str]) -> None:
    put(tmp_path, "2019/1.png", "2019/1-edited.png", "2019/drafts/2.png", "drafts/3.png")
    assert names(Folder(tmp_path, exclude=exclude, labels=False).load()) == left


def test_what_is_excluded_is_counted_by_pattern(tmp_path: Path) -> None:
    put(tmp_path, "1.png", "drafts/2.png", "drafts/3.png", "a/drafts/4.png", "x-edited.png")
    touch(tmp_path, "drafts/notes.txt")
    assert remarks(walk(tmp_path, ["drafts", "*-edited.*", "gone"])) == {
        "(2 files or folders)": "left out, by dataset.exclude=drafts: 3 pictures",
        "x-edited.png": "left out, by dataset.exclude=*-edited.*: 1 picture",
        "(dataset.exclude)": "gone leaves out nothing that is not left out already",
    }


def test_a_pattern_is_of_names_however_their_letters_are_composed(tmp_path: Path) -> None:
    put(tmp_path, "1.png", unicodedata.normalize("NFD", "Müll/2.png"))
    folder = Folder(tmp_path, exclude=[unicodedata.normalize("NFD", "Müll")])
    assert names(folder.load()) == ["1.png"]


@pytest.mark.parametrize("exclude", ["*.png", None, 3, [""], ["/"], [None], [True], {"a": 1}])
def test_exclude_is_a_list_of_patterns(tmp_path: Path, exclude: Sequence[str]) -> None:
    with pytest.raises(UserError, match=r"^exclude is .*: expected a list of patterns"):
        Folder(tmp_path, exclude=exclude)


def test_a_pattern_from_the_root_of_the_machine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"names below root, without a / at the start"):
        Folder(tmp_path, exclude=[str(tmp_path / "drafts")])


def test_two_files_never_have_one_name(tmp_path: Path) -> None:
    composed, apart = (unicodedata.normalize(form, "Müll.png") for form in ("NFC", "NFD"))
    put(tmp_path, composed, apart, unicodedata.normalize("NFD", "Zoë.png"))
    if len(os.listdir(tmp_path)) < 3:  # noqa: PTH208
        pytest.skip("this disk takes both for one")
    listing = walk(tmp_path)
    by_name = {one.name: os.fsdecode(one.path.name) for one in listing.pictures}
    assert by_name == {
        "Mu\\u0308ll.png": apart,
        composed: composed,
        "Zoë.png": unicodedata.normalize("NFD", "Zoë.png"),
    }
    assert not listing.skipped


def test_files_of_two_folders_that_read_alike_have_names_of_their_own(tmp_path: Path) -> None:
    composed, apart = (unicodedata.normalize(form, "Zoë") for form in ("NFC", "NFD"))
    put(tmp_path, f"{composed}/1.png", f"{apart}/1.png", f"{apart}/2.png")
    put(tmp_path, f"{composed}/1 (2).png")
    listing = Folder(tmp_path).load()
    assert {one.name: one.path.parent.name for one in listing.pictures} == {
        "Zoë/1.png": composed,
        "Zoë/1 (2).png": composed,
        "Zoë/1 (3).png": apart,
        "Zoë/2.png": apart,
    }
    assert {one.person for one in listing.pictures} == {"Zoë"}
