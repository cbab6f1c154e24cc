"""Pictures become embeddings once, whatever happens on the way."""

import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from recorded import Crashing, Logged, extracted

from facetrack import testing
from facetrack.core.errors import UserError
from facetrack.core.faces import Picture, scale_to_unit
from facetrack.dataset import Folder
from facetrack.detector import Haar, Whole
from facetrack.embedder import DlibResNet
from facetrack.extraction import pipeline as extract_module
from facetrack.extraction.engines import in_threads
from facetrack.extraction.jobs import Job
from facetrack.extraction.pipeline import extract
from facetrack.extraction.store import Store


@pytest.fixture(scope="module")
def portraits(warm_home: Path) -> Sequence[Picture]:
    return testing.portraits(warm_home)


@pytest.fixture
def photos(portraits: Sequence[Picture], tmp_path: Path) -> Path:
    """A folder with three portraits each of two people: more than a batch of `Logged`."""
    return _copied(portraits[1:7], tmp_path / "photos")


def _copied(pictures: Sequence[Picture], root: Path) -> Path:
    for picture in pictures:
        target = root / picture.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(picture.path, target)
    return root


def test_threads_and_processes_agree(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_threads = extracted(photos, DlibResNet(), tmp_path / "threads")
    monkeypatch.setattr(extract_module, "_WORTH_PROCESSES", 1)
    in_processes = extracted(photos, DlibResNet(), tmp_path / "processes")
    np.testing.assert_array_equal(in_threads.vectors, in_processes.vectors)
    np.testing.assert_array_equal(in_threads.boxes, in_processes.boxes)
    assert in_threads.digest == in_processes.digest
    names = [picture.name for picture in in_threads.pictures]
    assert names == sorted(names)
    assert in_threads.people is not None
    assert [in_threads.names[k] for k in in_threads.people] == [
        name.split("/")[0] for name in names
    ]


def test_nothing_is_embedded_twice(photos: Path, tmp_path: Path) -> None:
    embedder = Logged(tmp_path / "log")
    first = extracted(photos, embedder, tmp_path / "home")
    once = embedder.count()
    assert once == len(first.vectors)
    second = extracted(photos, embedder, tmp_path / "home")
    assert embedder.count() == once
    np.testing.assert_array_equal(first.vectors, second.vectors)

    # The same content under another name is known; one new picture is one face more.
    some = first.pictures[0]
    shutil.copy(some.path, some.path.with_name("again.png"))
    assert len(extracted(photos, embedder, tmp_path / "home").vectors) == once + 1
    assert embedder.count() == once
    new = some.path.with_name("new.png")
    new.write_bytes(some.path.read_bytes() + b"\0")
    assert len(extracted(photos, embedder, tmp_path / "home").vectors) == once + 2
    assert embedder.count() == once + 1


def test_another_choice_embeds_only_other_faces(photos: Path, tmp_path: Path) -> None:
    embedder = Logged(tmp_path / "log")
    once = len(extracted(photos, embedder, tmp_path / "home", Haar(choose="central")).vectors)
    first = extracted(photos, embedder, tmp_path / "home", Haar(choose="first"))
    different = {box.tobytes() for box in first.boxes}
    assert embedder.count() <= once + len(different)
    with pytest.raises(UserError, match="within 1000 pixels of the border"):
        extracted(photos, embedder, tmp_path / "home", Haar(choose="first", border=1000))


def test_a_damaged_entry_is_computed_again(photos: Path, tmp_path: Path) -> None:
    embedder = Logged(tmp_path / "log")
    first = extracted(photos, embedder, tmp_path / "home")
    with sqlite3.connect(tmp_path / "home" / "embeddings.sqlite") as connection:
        connection.execute(
            "UPDATE vectors SET payload = zeroblob(512) WHERE key = (SELECT min(key) FROM vectors)"
        )
    second = extracted(photos, embedder, tmp_path / "home")
    assert embedder.count() == len(first.vectors) + 1
    np.testing.assert_array_equal(first.vectors, second.vectors)


def test_bad_pictures_are_listed_and_the_rest_goes_on(photos: Path, tmp_path: Path) -> None:
    good = len(extracted(photos, DlibResNet(), tmp_path / "home").vectors)
    person = next(photos.iterdir())
    picture = next(person.iterdir())
    (person / "zero.jpg").touch()
    (person / "cut.png").write_bytes(picture.read_bytes()[:2000])
    (person / "text.jpg").write_text("not a picture")
    (person / "dangling.png").symlink_to(person / "gone.png")
    result = extracted(photos, DlibResNet(), tmp_path / "home")
    assert len(result.vectors) == good
    reasons = {Path(one.name).name: one.reason for one in result.skipped}
    assert {"zero.jpg", "cut.png", "text.jpg"} <= set(reasons)
    assert "empty" in reasons["zero.jpg"]


def test_a_picture_that_kills_the_process_is_skipped(tmp_path: Path) -> None:
    from PIL import Image

    root = tmp_path / "photos"
    root.mkdir()
    for width in range(40, 80):
        Image.new("RGB", (width, 50), (width, 0, 0)).save(root / f"{width}.png")
    (tmp_path / "home").mkdir()
    with Store(tmp_path / "home") as store:
        result = extract(Folder(root).load(), Whole(), Crashing(), store)
    assert len(result.vectors) == 39
    assert [one.name for one in result.skipped] == ["77.png"]
    assert "crashed" in result.skipped[0].reason


def test_a_picture_that_changes_meanwhile_is_not_stored_under_the_old_content(photos: Path) -> None:
    picture = next(photos.rglob("*.png"))
    digest = hashlib.sha256(picture.read_bytes()).digest()
    picture.write_bytes(picture.read_bytes() + b"\0")
    (done,) = in_threads([Job(digest, picture, None)], Haar(), DlibResNet())
    assert done.vectors is None
    assert done.reason is not None
    assert "changed" in done.reason


def test_killed_half_way_it_goes_on_from_there(
    portraits: Sequence[Picture], tmp_path: Path
) -> None:
    home, log = tmp_path / "home", tmp_path / "log"
    few = portraits[:12]
    root = _copied(few, tmp_path / "photos")
    # By processes, and stored at once, as of many pictures; at a pace at which it can be caught.
    command = [
        sys.executable,
        "-c",
        "import sys\n"
        "from pathlib import Path\n"
        "from recorded import Logged, extracted\n"
        "from facetrack.extraction import pipeline\n"
        "if __name__ == '__main__':\n"
        "    pipeline._WORTH_PROCESSES, pipeline._STORE_EVERY_SECONDS = 1, 0\n"
        "    extracted(Path(sys.argv[1]), Logged(Path(sys.argv[2]), 0.3), Path(sys.argv[3]))\n",
        *map(str, (root, log, home)),
    ]
    with subprocess.Popen(command, env=_importing_tests(), stderr=subprocess.DEVNULL) as process:
        stored = 0
        while stored == 0 and process.poll() is None:
            time.sleep(0.05)
            if (home / "embeddings.sqlite").exists():
                stored = _stored_vectors(home)
        process.send_signal(signal.SIGKILL)
    stored = _stored_vectors(home)
    assert 0 < stored < len(few), "the kill came too late or too early to tell anything"
    _wait_until_quiet(log)
    before = log.read_text().count("x")
    result = extracted(root, Logged(log), home)
    assert log.read_text().count("x") - before == len(result.vectors) - stored
    clean = extracted(root, DlibResNet(), tmp_path / "clean")
    np.testing.assert_array_equal(result.vectors, clean.vectors)


def _importing_tests() -> dict[str, str]:
    """The environment of a process that imports this module."""
    paths = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)}


def _stored_vectors(home: Path) -> int:
    with sqlite3.connect(home / "embeddings.sqlite") as connection:
        try:
            return int(connection.execute("SELECT count(*) FROM vectors").fetchone()[0])
        except sqlite3.OperationalError:  # not created yet
            return 0


def _wait_until_quiet(log: Path) -> None:
    """Workers end with the parent they have lost."""
    size = -1
    while size != log.stat().st_size:
        size = log.stat().st_size
        time.sleep(0.5)


def test_two_processes_at_once(photos: Path, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from recorded import extracted\n"
        "from facetrack.embedder import DlibResNet\n"
        "print(extracted(Path(sys.argv[1]), DlibResNet(), Path(sys.argv[2])).digest)\n"
    )
    command = [sys.executable, "-c", code, str(photos), str(tmp_path / "home")]
    both = [
        subprocess.Popen(command, env=_importing_tests(), stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    digests = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert digests[0] == digests[1] != ""


def test_no_face_anywhere_is_told(tmp_path: Path) -> None:
    from PIL import Image

    root = tmp_path / "photos"
    root.mkdir()
    for i in range(3):
        Image.new("RGB", (64, 64), (i, 0, 0)).save(root / f"{i}.png")
    with pytest.raises(
        UserError, match=r"none of the 3 pictures gives a face \(3 of them: no face"
    ):
        extracted(root, DlibResNet(), tmp_path / "home")


def test_unit_rows() -> None:
    rows = np.array([[3.0, 4.0], [0.0, 0.0], [1e-6, 0.0]], dtype=np.float32)
    expected = np.array([[0.6, 0.8], [0.0, 0.0], [0.1, 0.0]])
    result = scale_to_unit(rows)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, rtol=1e-6)


def test_raw_vectors_on_demand(photos: Path, tmp_path: Path) -> None:
    raw = extracted(photos, DlibResNet(normalize=False), tmp_path / "home")
    scaled = extracted(photos, DlibResNet(), tmp_path / "home")
    np.testing.assert_allclose(np.linalg.norm(scaled.vectors, axis=1), 1, rtol=1e-6)
    assert (np.abs(np.linalg.norm(raw.vectors, axis=1) - 1) > 1e-3).all()
    np.testing.assert_allclose(scale_to_unit(raw.vectors), scaled.vectors, rtol=1e-6)
