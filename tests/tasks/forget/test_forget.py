"""task=forget: what is stored of a person is gone, and nothing else."""

import hashlib
import os
from pathlib import Path

import pytest
from conftest import Command

from facetrack.testing import Workspace, client, copied_home, ended, rows


@pytest.fixture
def private(
    workspace: Workspace, new_mlflow: Path, small_folder: Path, warm_home: Path, tmp_path: Path
) -> Workspace:
    """A place with a home of the test's own, the six people embedded and evaluated in it."""
    evaluation = ("dataset=folder", f"dataset.root={small_folder}", "n_resamples=2")
    workspace.run(*evaluation, "tracking=none").ok()  # embeds them where others find them, too
    home = copied_home(tmp_path / "home", warm_home)
    mine = Workspace(tmp_path / "mine", home, store=new_mlflow)
    mine.run(*evaluation).ok()
    return mine


def _digests(folder: Path) -> set[bytes]:
    return {hashlib.sha256(path.read_bytes()).digest() for path in folder.iterdir()}


def test_a_person_of_a_folder(private: Workspace, small_folder: Path, tmp_path: Path) -> None:
    home, work = private.home, private.folder
    person = sorted(path.name for path in small_folder.iterdir())[0]
    digests = _digests(small_folder / person)
    before = rows(home)
    theirs = {key: payload for key, payload in before.items() if key[16:48] in digests}
    assert len(theirs) >= len(digests)
    (job,) = private.runs("job")
    names = {file.path for file in client(work).list_artifacts(job.info.run_id)}
    assert {"errors.html", "tsne.html", "merged.png", "people.csv"} < names

    # By a process that ends with it, as a user's does.
    forget = ("task=forget", f"dataset.root={small_folder}", f"person={person}")
    told = ended(private.fork(*forget)).ok()
    assert f"{len(digests)} pictures: " in told
    after = rows(home)
    assert after == {key: payload for key, payload in before.items() if key not in theirs}
    # Overwritten, not only unlinked. Edited copies of a photo, which other tests may have embedded
    # in the home that this one began with, have the same vector and stay.
    gone = set(theirs.values()) - set(after.values())
    assert gone
    for path in home.glob("embeddings.sqlite*"):
        content = path.read_bytes()
        assert not any(payload in content for payload in gone)
    assert not (home / "tsne").exists()
    assert not (home / "sheets").exists()
    left = {file.path for file in client(work).list_artifacts(job.info.run_id)}
    assert left == {"config.yaml", "resamples.csv", "capsule.json", "requirements.lock"}
    assert _digests(small_folder / person) == digests


def test_a_person_of_an_organised_folder(
    private: Workspace, small_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    organise = ["task=organise", f"dataset.root={small_folder}", f"task.out={out}"]
    organise += ["detector=dlib_hog", "embedder=dlib"]
    private.run(*organise, "clusterer.eps=0.3").ok()
    copies = sorted(out.glob("person-001/*"))
    thumbnails = len(list((out / ".facetrack/faces").iterdir()))
    yaml = out / "people.yaml"
    yaml.write_text(yaml.read_text().replace("person-001:\n  name:", "person-001:\n  name: Ann"))
    digests = _digests(out / "person-001")
    private.run("task=forget", "person=Ann", f"task.out={out}", "tracking=none").ok()
    assert not any(key[16:48] in digests for key in rows(private.home))
    state = (out / ".facetrack/state.json").read_text()
    faces = state[state.index('"faces"') : state.index('"pinned"')]
    assert not any(digest.hex() in faces for digest in digests)
    assert len(list((out / ".facetrack/faces").iterdir())) == thumbnails - len(copies)
    assert not (out / "index.html").exists()
    assert sorted(out.glob("person-001/*")) == copies  # photos stay


def test_a_picture(private: Workspace, small_folder: Path, tmp_path: Path) -> None:
    picture = min(small_folder.rglob("*.png"))
    digest = hashlib.sha256(picture.read_bytes()).digest()
    told = private.run("task=forget", f"picture='{picture}'", "tracking=none").ok()
    assert "1 picture: " in told
    assert not any(key[16:48] == digest for key in rows(private.home))


def test_pages_in_outputs_are_found_by_the_name_they_have_there(
    private: Workspace, small_folder: Path, tmp_path: Path
) -> None:
    folder = private.folder / "outputs/a sweep"
    folder.mkdir(parents=True)
    theirs, another = folder / "tsne-my_set-haar-dlib.html", folder / "tsne-other-haar-dlib.html"
    for page in (theirs, another):
        page.touch()
    picture = min(small_folder.rglob("*.png"))
    private.run("task=forget", f"picture='{picture}'", "dataset.name=my set").ok()
    assert not theirs.exists()
    assert another.exists()


def test_mistakes_are_one_line(facetrack: Command, small_folder: Path, tmp_path: Path) -> None:
    root = f"dataset.root={small_folder}"
    for arguments, told in (
        ([root], "name what to forget"),
        ([root, "person=a", "picture=b"], "name what to forget"),
        ([root, "person=nobody"], "there is no person 'nobody' among"),
        ([root, "picture=nothing.png"], "picture=nothing.png is no file"),
        ([root, "person=a", f"task.out={tmp_path}"], "there is no person 'a' among"),
    ):
        facetrack("task=forget", *arguments).refused(told)


def test_the_cache_is_its_owners_alone(private: Workspace) -> None:
    home = private.home
    assert home.stat().st_mode & 0o077 == 0
    for name in ("embeddings.sqlite", "tsne", "sheets"):
        assert (home / name).stat().st_mode & 0o077 == 0, name
    for path in (*home.glob("tsne/*"), *home.glob("sheets/*")):
        assert os.stat(path).st_mode & 0o077 == 0  # noqa: PTH116
