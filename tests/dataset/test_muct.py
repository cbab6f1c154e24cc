import hashlib
import http.server
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import PIL.Image
import pytest

from facetrack.core.errors import UserError
from facetrack.dataset.muct import Muct

pytestmark = pytest.mark.usefixtures("online")

CAMERAS = "abcde"
SUBJECTS = ("000", "003", "402")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FACETRACK_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def archives(tmp_path: Path) -> list[Path]:
    """Five small archives like MUCT's, one a camera."""
    (tmp_path / "served").mkdir()
    paths = []
    for camera in CAMERAS:
        folder = tmp_path / "made" / camera / "jpg"
        folder.mkdir(parents=True)
        for subject in SUBJECTS:
            PIL.Image.new("RGB", (2, 2)).save(folder / f"i{subject}q{camera}-fn.jpg")
        paths.append(tmp_path / "served" / f"muct-{camera}-jpg-v1.tar.gz")
        with tarfile.open(paths[-1], "w:gz") as opened:
            opened.add(folder, "jpg")
    return paths


EXPECTED = [
    (f"i{subject}q{camera}-fn.jpg", subject, subject != "003")
    for subject in SUBJECTS
    for camera in CAMERAS
]


def listed(dataset: Muct) -> list[tuple[str, str | None, bool]]:
    listing = dataset.load()
    assert all(one.path.is_file() for one in listing.pictures)
    assert not listing.skipped
    return [(one.name, one.person, one.publishable) for one in listing.pictures]


def test_lighting_camera_and_glasses_are_in_the_names(tmp_path: Path) -> None:
    for name in ("i000qa-fn.jpg", "i000rb-fg.jpg"):
        PIL.Image.new("RGB", (2, 2)).save(tmp_path / name)
    without, glasses = (dict(one.factors) for one in Muct(root=tmp_path).load().pictures)
    assert without == {"lighting": "q", "camera": "a", "glasses": "no"}
    assert glasses == {"lighting": "r", "camera": "b", "glasses": "yes"}


def test_from_archives(archives: list[Path]) -> None:
    assert listed(Muct(archives=[str(path) for path in archives])) == EXPECTED


def test_from_one_archive(archives: list[Path]) -> None:
    only_b = [one for one in EXPECTED if "qb-" in one[0]]
    assert listed(Muct(archives=[archives[1]])) == only_b
    assert listed(Muct(archives=str(archives[1]))) == only_b


def test_from_a_folder(archives: list[Path], tmp_path: Path) -> None:
    assert listed(Muct(root=str(tmp_path / "made"))) == EXPECTED


@pytest.fixture
def served(archives: list[Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    handler = partial(Handler, directory=archives[0].parent)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/muct-{{}}-jpg-v1.tar.gz"
    server.shutdown()
    server.server_close()


def git_blob(path: Path) -> str:
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def test_from_the_internet(served: str, archives: list[Path]) -> None:
    blobs = [git_blob(path) for path in archives]
    assert listed(Muct(url=served, git_blobs=blobs)) == EXPECTED


def test_a_failed_download_says_what_to_do(served: str, archives: list[Path]) -> None:
    blobs = ["0" * 40] * 5
    with pytest.raises(UserError, match=r"expected 0{40}.*dataset\.archives=\[PATH,…\]"):
        Muct(url=served, git_blobs=blobs).load()


def test_one_blob_id_a_camera_is_needed(served: str) -> None:
    with pytest.raises(UserError, match="is downloaded from url with five git_blobs"):
        Muct(url=served, git_blobs=["0" * 40]).load()


def test_other_files_are_skipped(archives: list[Path], tmp_path: Path) -> None:
    jpg = tmp_path / "made" / "a" / "jpg"
    for name in ("i000qz-fn.jpg", "i00qa-fn.jpg", "xi000qa-fn.jpg", "holiday.png"):
        PIL.Image.new("L", (1, 1)).save(jpg / name)
    (tmp_path / "made" / "copy").mkdir()
    PIL.Image.new("L", (1, 1)).save(tmp_path / "made" / "copy" / "i000qa-fn.jpg")
    listing = Muct(root=tmp_path / "made").load()
    assert [one.name for one in listing.pictures] == [name for name, _, _ in EXPECTED]
    assert {one.name: one.reason for one in listing.skipped} == {
        "a/jpg/i000qz-fn.jpg": "not a name such as i000qa-fn.jpg",
        "a/jpg/i00qa-fn.jpg": "not a name such as i000qa-fn.jpg",
        "a/jpg/xi000qa-fn.jpg": "not a name such as i000qa-fn.jpg",
        "a/jpg/holiday.png": "not a name such as i000qa-fn.jpg",
        "copy/i000qa-fn.jpg": "a second file named i000qa-fn.jpg",
    }


def test_people_with_too_few_pictures_are_left_out(archives: list[Path], tmp_path: Path) -> None:
    (tmp_path / "made" / "a" / "jpg" / "i003qa-fn.jpg").unlink()
    listing = Muct(root=tmp_path / "made", min_pictures=5).load()
    assert {one.person for one in listing.pictures} == {"000", "402"}
    assert [one.name for one in listing.skipped] == ["(1 person)"]


def test_root_and_archives_contradict_each_other(archives: list[Path]) -> None:
    with pytest.raises(UserError, match="both given"):
        Muct(root=".", archives=archives)


def test_a_folder_without_pictures_of_muct(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"expected files named like i000qa-fn\.jpg"):
        Muct(root=tmp_path).load()
