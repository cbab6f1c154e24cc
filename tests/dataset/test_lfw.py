import hashlib
import http.server
import shutil
import tarfile
import threading
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import PIL.Image
import pytest

from facetrack.core.errors import UserError
from facetrack.core.faces import Pictures
from facetrack.dataset.lfw import Lfw

ARCHIVE = Path(__file__).resolve().parents[2] / "../shared/data/lfw-deepfunneled.tgz"

PEOPLE = {"Ana_Lima": 3, "Bob_Ray": 2, "Eve_Fox": 4}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("FACETRACK_HOME", str(tmp_path / "home"))
    yield tmp_path / "home"
    shutil.rmtree(tmp_path / "home", ignore_errors=True)  # pytest would keep 13,233 pictures


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small folder like LFW's."""
    root = tmp_path / "given" / "lfw"
    for person, number in PEOPLE.items():
        (root / person).mkdir(parents=True)
        for index in range(1, number + 1):
            name = f"{person}_{index:04}.jpg"
            PIL.Image.new("RGB", (2, 2)).save(root / person / name)
    return root


@pytest.fixture
def archive(tree: Path, tmp_path: Path) -> Path:
    path = tmp_path / "served" / "small.tgz"
    path.parent.mkdir()
    with tarfile.open(path, "w:gz") as opened:
        opened.add(tree, "lfw")
    return path


def check_small(listing: Pictures) -> None:
    assert Counter(one.person for one in listing.pictures) == {"Ana_Lima": 3, "Eve_Fox": 4}
    assert listing.pictures[0].name == "Ana_Lima/Ana_Lima_0001.jpg"
    assert all(one.path.is_file() for one in listing.pictures)
    assert [(one.name, one.reason) for one in listing.skipped] == [
        ("(1 person)", "fewer than 3 pictures")
    ]


def test_from_the_folder_of_the_people(tree: Path) -> None:
    check_small(Lfw(root=tree).load())


def test_from_a_folder_above(tree: Path) -> None:
    (tree.parent / "pairs.txt").touch()
    check_small(Lfw(root=str(tree.parent)).load())
    check_small(Lfw(root=tree.parent.parent).load())


def test_one_person_alone_is_not_gone_into(tmp_path: Path) -> None:
    (tmp_path / "lfw" / "Ana_Lima").mkdir(parents=True)
    PIL.Image.new("L", (2, 2)).save(tmp_path / "lfw" / "Ana_Lima" / "1.jpg")
    listing = Lfw(root=tmp_path / "lfw", min_pictures=1).load()
    assert [one.person for one in listing.pictures] == ["Ana_Lima"]


def test_from_an_archive(archive: Path) -> None:
    check_small(Lfw(archive=str(archive)).load())


@pytest.fixture
def served(archive: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    handler = partial(Handler, directory=archive.parent)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/{archive.name}"
    server.shutdown()
    server.server_close()


def test_from_the_internet(served: str, archive: Path, home: Path) -> None:
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    check_small(Lfw(url=served, sha256=sha256).load())
    assert (home / "downloads" / "lfw.tgz").read_bytes() == archive.read_bytes()


def test_a_failed_download_says_what_to_do(served: str, home: Path) -> None:
    with pytest.raises(UserError, match=r"answers 404.*dataset\.archive=PATH") as error:
        Lfw(url=f"{served}.none", sha256="0" * 64).load()
    assert str(home / "downloads" / "lfw.tgz") in str(error.value)


def test_root_and_archive_contradict_each_other(tree: Path, archive: Path) -> None:
    with pytest.raises(UserError, match="both given"):
        Lfw(root=tree, archive=archive)


def test_a_folder_without_people(tree: Path) -> None:
    with pytest.raises(UserError, match=r"holds pictures but no people"):
        Lfw(root=tree / "Ana_Lima").load()


# The same from small ones: test_from_an_archive, test_from_the_internet.
@pytest.mark.long
def test_the_published_archive() -> None:
    if not ARCHIVE.is_file():
        pytest.skip("the archive of LFW is not on this machine")
    listing = Lfw(archive=ARCHIVE).load()
    assert len(listing.pictures) == 7606
    assert len({one.person for one in listing.pictures}) == 901
    assert [(one.name, one.reason) for one in listing.skipped] == [
        ("(4848 people)", "fewer than 3 pictures")
    ]
