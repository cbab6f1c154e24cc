"""task=forget by the command line: what goes, what is told, and what a kill leaves to finish."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from facetrack.extraction import store as stores
from facetrack.tasks.forgetting import plan as plans
from facetrack.testing import Outcome, Workspace, organise, photos, rows
from facetrack.tracking.relocation import correct

NAME = "Zoe Quill"


@pytest.fixture(scope="module")
def organised(tmp_path_factory: pytest.TempPathFactory, warm_home: Path, new_mlflow: Path) -> Path:
    """A folder with photos, `work`, `home` and `out`: named, organised twice, with MLflow."""
    folder = tmp_path_factory.mktemp("organised")
    root = photos(folder, warm_home, 10)
    workspace = Workspace(folder / "work", folder / "home", store=new_mlflow)
    organise(workspace, root, folder / "out", "clusterer.eps=0.3").ok()
    yaml = folder / "out/people.yaml"
    text = yaml.read_text().replace("person-001:\n  name:", f"person-001:\n  name: {NAME}")
    yaml.write_text(text)
    organise(workspace, root, folder / "out", "clusterer.eps=0.3", "tracking=local").ok()
    assert not (folder / "work/outputs").exists()
    return folder


class Case:
    """A copy of an organised folder."""

    def __init__(self, folder: Path, of: Path) -> None:
        shutil.copytree(of, folder)
        correct(folder / "work/mlflow.db")
        self.folder, self.out, self.home = folder, folder / "out", folder / "home"
        self.workspace = Workspace(folder / "work", self.home)
        state = self.state("state")
        self.contents = {
            face.partition(":")[0] for face, person in state["faces"].items() if person == 1
        }
        self.theirs = {
            key: vector for key, vector in rows(self.home).items() if self.is_theirs(key)
        }
        assert self.theirs
        assert len(self.theirs) < len(rows(self.home))

    def state(self, name: str) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = json.loads(
            (self.out / f".facetrack/{name}.json").read_text()
        )
        return found

    def is_theirs(self, key: bytes) -> bool:
        return key[16:48].hex() in self.contents

    def forget(self, *arguments: str) -> Outcome:
        return self.workspace.run("task=forget", *arguments)

    def named(self) -> tuple[str, str]:
        return f"person={NAME}", f"task.out={self.out}"

    def files(self) -> dict[Path, tuple[bytes, int, int]]:
        return {
            path: (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_mode)
            for path in self.folder.rglob("*")
            if path.is_file()
        } | {path: (b"", 0, 0) for path in self.folder.rglob("*") if path.is_dir()}


@pytest.fixture
def case(organised: Path, tmp_path: Path) -> Case:
    return Case(tmp_path / "case", organised)


def test_a_dry_run_lists_all_and_changes_nothing(case: Case) -> None:
    parts = case.out / ".facetrack/tmpabcdefgh.part", case.out / "mine.part"
    for path in parts:
        path.touch(mode=0o600)
    (case.home / "damaged-20260101-embeddings.sqlite-wal").touch()
    n = len(case.contents)
    before = case.files()
    told = case.forget(*case.named(), "task.dry_run=true").ok()
    assert case.files() == before
    assert f"{n} pictures: " in told
    assert f"  rows of the embedding store: {4 * n}\n" in told
    assert f"    vectors: {n} rows\n" in told
    assert f"  thumbnails in task.out: {n}\n" in told
    assert "  damaged stores that were set aside: 1\n" in told
    assert f"    {case.home}/damaged-20260101-embeddings.sqlite-wal\n" in told
    assert f"    {parts[0]}\n" in told
    assert str(parts[1]) not in told
    assert f"    {case.out}/index.html\n" in told
    assert "    index.html of run " in told
    assert "Nothing was deleted" in told


def test_every_place_is_cleared_and_told(case: Case) -> None:
    n, everybody = len(case.contents), rows(case.home)
    (case.out / "mine.part").touch()
    people = (case.out / "people.yaml").read_text()
    copies = sorted(case.out.glob("*/*.png"))
    told = case.forget(*case.named()).ok()
    assert f"  rows of the embedding store: {4 * n} before, 0 left\n" in told
    assert f"  thumbnails in task.out: {n} before, 0 left\n" in told
    assert "  files of MLflow runs that show faces or name people: 2 before, 0 left\n" in told
    assert "people.yaml is yours" in told
    assert not case.state("state")["logged"]
    expected = {key: one for key, one in everybody.items() if not case.is_theirs(key)}
    assert rows(case.home) == expected
    for name in ("state", "previous"):
        state = case.state(name)
        assert not any(face.partition(":")[0] in case.contents for face in state["faces"])
        assert not case.contents & state["photos"].keys()
        assert state["faces"]
        assert NAME not in json.dumps({**state, "files": {}})
    assert (case.out / "people.yaml").read_text() == people
    assert sorted(case.out.glob("*/*.png")) == copies
    assert (case.out / "mine.part").exists()
    assert not (case.home / "forgetting").exists()

    told = case.forget(*case.named()).ok()
    assert told == f"There is nothing left to forget: no face of {NAME} is known here\n"


def test_somebody_known_to_the_state_before_alone(case: Case) -> None:
    # As version 1 left it where it was killed: the last state was cleaned first.
    path = case.out / ".facetrack/state.json"
    state = case.state("state")
    for key in ("faces", "photos"):
        state[key] = {
            one: value
            for one, value in state[key].items()
            if one.partition(":")[0] not in case.contents
        }
    path.write_text(json.dumps(state))
    case.forget(*case.named(), "tracking=none").ok()
    assert not any(map(case.is_theirs, rows(case.home)))
    assert not any(
        face.partition(":")[0] in case.contents for face in case.state("previous")["faces"]
    )


def _begun(case: Case, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Interrupt a task=forget when the store's rows are gone; returns the plan it leaves."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("facetrack.organiser.forgetting.clean", interrupt)
        assert case.forget(*case.named()).returncode == 130
    assert not any(map(case.is_theirs, rows(case.home)))
    (path,) = (case.home / "forgetting").iterdir()
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
    return path


def _is_clean(case: Case) -> bool:
    names = ("state", "previous")
    faces = [face for name in names for face in case.state(name)["faces"]]
    return not any(face.partition(":")[0] in case.contents for face in faces)


@pytest.mark.parametrize("by", ["the same", "another"])
def test_what_was_interrupted_is_finished(
    by: str, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _begun(case, monkeypatch)
    assert not _is_clean(case)
    if by == "the same":
        told = case.forget(*case.named()).ok()
        assert "Finishing what an earlier task=forget has begun" in told
    else:
        picture = min(path for path in (case.folder / "photos").iterdir())
        told = case.forget(f"picture={picture}", "tracking=none").ok()
        assert "Finishing what an earlier task=forget has begun" in told
    assert _is_clean(case)
    assert not path.parent.exists()


def test_organising_finishes_it_first_and_says_so(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _begun(case, monkeypatch)
    told = organise(case.workspace, case.folder / "photos", case.out, "clusterer.eps=0.3").ok()
    assert f"an earlier task=forget of {len(case.contents)} pictures was finished" in told
    assert "new persons" in told or "new person" in told  # nobody knows who they were
    assert not path.parent.exists()


def test_a_folder_that_is_away_is_told_and_finished_when_it_is_back(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _begun(case, monkeypatch)
    away = case.out.rename(case.folder / "on another disk")
    done = case.forget(*case.named())
    assert done.returncode == 1
    assert "is no folder that facetrack organised" in done.stderr
    assert f"where {case.out} is gone for good, remove {path} as well" in done.stderr
    assert "the same command goes on from here" in done.stderr
    assert path.exists()
    away.rename(case.out)
    case.forget(*case.named()).ok()
    assert _is_clean(case)


def test_a_reader_is_told_with_status_1(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "_READERS_SECONDS", 0)
    reader = sqlite3.connect(case.home / "embeddings.sqlite", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM vectors").fetchone()
    done = case.forget(*case.named(), "tracking=none")
    assert done.returncode == 1
    assert "another process is still reading" in done.stderr
    assert _is_clean(case)  # all else has gone
    reader.close()
    case.forget(*case.named(), "tracking=none").ok()
    left = b"".join(path.read_bytes() for path in case.home.iterdir() if path.is_file())
    assert not any(vector in left for vector in case.theirs.values())
    assert not (case.home / "forgetting").exists()


def test_a_damaged_store_goes_as_a_whole(case: Case) -> None:
    path = case.home / "embeddings.sqlite"
    content = path.read_bytes()
    path.write_bytes(b"x" * 100 + content[100:])
    told = case.forget(*case.named(), "tracking=none").ok()
    assert "  rows of the embedding store: unknown before, 0 left\n" in told
    assert not list(case.home.glob("damaged-*"))
    assert rows(case.home) == {}


def test_a_photo_that_is_gone_is_known_by_its_name(case: Case) -> None:
    photo = min((case.folder / "photos").iterdir())
    photo.unlink()
    told = case.forget(f"picture={photo.name}", f"task.out={case.out}", "tracking=none").ok()
    assert "1 picture: " in told
    assert "  rows of the embedding store: 4 before, 0 left\n" in told


def test_mistakes_change_nothing(case: Case) -> None:
    before = case.files()
    out = f"task.out={case.out}"
    for arguments, said in (
        ((out,), "name what to forget"),
        ((out, "person=Zoe"), "there is no person 'Zoe' in task.out="),
        (("person=Zoe",), "say where the person is"),
        ((out, "picture=nothing.png"), "among the photos that"),
        ((out, "person=Zoe", "task.dry_run=maybe"), "task.dry_run is true or false"),
        ((f"task.out={case.home}", f"picture={min(case.out.glob('*/*.png'))}"), "is no folder"),
    ):
        case.forget(*arguments, "tracking=none").refused(said)
    after = case.files()
    assert {path for path in after if path not in before} <= {
        case.home / "locks",
        case.home / "locks/forget.lock",
    }
    assert {path: after[path] for path in before} == before


def test_a_plan_that_cannot_be_read_is_told(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _begun(case, monkeypatch)
    path.write_text("{}")
    case.forget(*case.named()).refused(f"{path}, which says what task=forget has not finished")


def test_a_plan_keeps_no_password(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACETRACK_HOME", str(case.home))
    done = case.forget(*case.named(), "tracking.uri=http://me:secret@127.0.0.1:1")
    assert done.returncode == 1
    assert "no MLflow server answers at http://me:***@127.0.0.1:1" in done.stderr
    (plan,) = plans.find_pending()
    assert "secret" not in plan.path.read_text()
    assert _is_clean(case)
    done = case.forget(*case.named())  # without the password
    assert "asks for a password" in done.stderr
