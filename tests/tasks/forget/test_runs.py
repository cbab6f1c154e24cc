"""Which files of which runs go: those of the dataset, and never another one's."""

import dataclasses
import shutil
from pathlib import Path

import pytest

from facetrack.figures import render_page
from facetrack.tasks.forget.plan import Plan
from facetrack.tasks.forget.runs import Runs, job_pages, pages
from facetrack.testing import new_store
from facetrack.tracking.past import Past
from facetrack.tracking.runs import KIND, SWEEP, Tracking


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_store(tmp_path_factory.mktemp("store") / "mlflow.db")


@pytest.fixture
def work(tmp_path: Path, fresh: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with an MLflow store, `home` being FACETRACK_HOME."""
    folder = tmp_path / "work"
    folder.mkdir()
    shutil.copy(fresh, folder)
    monkeypatch.chdir(folder)
    return folder


def plan(work: Path, **other: object) -> Plan:
    whole = Plan(
        asked={},
        contents=["aa" * 32],
        names=["anna/IMG_1.jpg"],
        persons=[],
        out=None,
        dataset="my set",
        root=None,
        work=str(work),
        uri=f"sqlite:///{work / 'mlflow.db'}",
        experiment="facetrack",
    )
    return dataclasses.replace(whole, **other)  # type: ignore[arg-type]


def log(tags: dict[str, object], files: dict[str, str], name: str = "a run") -> str:
    with Tracking(None, "facetrack").run(name, tags) as run:
        run.artifacts(files)
    return run.run_id


def found(of: Plan) -> set[tuple[str, str]]:
    return {
        (file.run.info.run_id, file.path) for file in Runs(Past(of.uri, of.experiment), of).files()
    }


def test_a_datasets_runs_lose_what_shows_faces_and_no_other(work: Path) -> None:
    files = {"faces.csv": "", "tsne.png": "", "index.html": "", "resamples.csv": "1"}
    ours = log({KIND: "job", "dataset": "my set"}, files)
    log({KIND: "job", "dataset": "my_set"}, files)
    log({KIND: "job", "dataset": "my set 2"}, files)
    organised = log({KIND: "organise", "dataset": "my set"}, {"index.html": "", "config.yaml": ""})
    nested = Path(work, "mlruns").rglob(f"{organised}/artifacts")
    folder = next(nested) / "pages/2"
    folder.mkdir(parents=True)
    (folder / "errors.html").touch()
    Past(None, "facetrack")._client.delete_run(organised)  # its files stay until `mlflow gc`
    expected = {
        *((ours, path) for path in ("faces.csv", "tsne.png", "index.html")),
        *((organised, path) for path in ("index.html", "pages/2/errors.html")),
    }
    assert found(plan(work)) == expected
    for file in Runs(Past(None, "facetrack"), plan(work)).files():
        file.remove()
    assert found(plan(work)) == set()
    left = {path.name for path in Path(work, "mlruns").rglob(f"{ours}/artifacts/*")}
    assert left == {"resamples.csv"}


def test_a_sweeps_pages_are_told_apart_by_whose_job_they_show(work: Path) -> None:
    # All three names are one where file systems have to take them.
    for dataset in ("my set", "my_set", "my-set"):
        log({KIND: "job", SWEEP: "s", "dataset": dataset}, {}, f"{dataset} <dbscan>")
    log({KIND: "job", SWEEP: "another", "dataset": "my_set"}, {}, "my set <dbscan>")
    pages_ = {
        "tsne-my_set-haar-dlib.html": render_page("page.html", "my_set <dbscan>"),
        "tsne-my_set-haar-dlib-2.html": render_page("page.html", "my set <dbscan>"),
        "tsne-my_set-haar-dlib-3.html": render_page("page.html", "my-set <dbscan>"),
        "tsne-my_set_2-haar-dlib.html": render_page("page.html", "my set <dbscan>"),
        "tsne-portraits-haar-dlib.html": render_page("page.html", "portraits <dbscan>"),
        "results.csv": "my set",
    }
    sweep = log({KIND: "sweep", SWEEP: "s"}, pages_)
    log({KIND: "sweep", SWEEP: "another"}, pages_)
    old = log({KIND: "sweep", SWEEP: "whose jobs are gone"}, pages_)
    by_name = {f"tsne-my_set-haar-dlib{end}.html" for end in ("", "-2", "-3")}
    assert found(plan(work)) == {
        (sweep, "tsne-my_set-haar-dlib-2.html"),
        *((old, name) for name in by_name),
    }
    for folder in ("s", "no sweep of this store"):
        Path("outputs", folder).mkdir(parents=True)
        for name, text in pages_.items():
            Path("outputs", folder, name).write_text(text)
    runs = Runs(Past(None, "facetrack"), plan(work))
    assert {path.relative_to(work / "outputs") for path in pages(plan(work), runs)} == {
        Path("s/tsne-my_set-haar-dlib-2.html"),
        *(Path("no sweep of this store", name) for name in by_name),
    }
    assert len(pages(plan(work), None)) == 6


def test_pages_of_single_jobs_go_with_their_dataset(work: Path) -> None:
    names = ("errors.html", "groups.html", "tsne.html")
    for folder, title in (("a", "my set dbscan eps=0.3"), ("b", "my_set dbscan"), ("c", "my set")):
        Path("outputs", folder).mkdir(parents=True)
        for name in (*names, "study.html"):
            Path("outputs", folder, name).write_text(render_page("page.html", title))
    assert job_pages(plan(work)) == [work / "outputs/a" / name for name in names]
    odd = plan(work, dataset="<b> & 'c'")
    Path("outputs/b/errors.html").write_text(render_page("page.html", "<b> & 'c' dbscan"))
    assert job_pages(odd) == [work / "outputs/b/errors.html"]


def test_another_folder_of_the_same_name_is_spared_where_no_picture_is_theirs(
    work: Path,
) -> None:
    family, office = work / "family", work / "office"
    for folder in (family, office):
        folder.mkdir()

    def of(root: object, text: str) -> str:
        tags = {KIND: "job", "dataset": "my set", "dataset.root": root}
        return log(tags, {"faces.csv": text, "tsne.png": ""})

    ours = of("family/2020", "")
    moved = of(work / "where family was before", "")
    shows = of(office, "picture,person\nold/IMG_1.jpg,boss\n")
    spared = of(office, "picture,person\nXIMG_1.jpg,boss\n")
    given = plan(work, root=str(family))
    assert {run for run, _ in found(given)} == {ours, moved, shows}
    # Without the names nobody can say: the dataset's name decides.
    assert {run for run, _ in found(plan(work, names=[]))} == {ours, moved, shows, spared}


def test_looking_makes_no_store(work: Path) -> None:
    (work / "mlflow.db").unlink()
    assert found(plan(work)) == set()
    assert list(work.iterdir()) == []
    (work / "mlflow.db").touch()  # of a process that was killed
    assert found(plan(work)) == set()
    assert (work / "mlflow.db").read_bytes() == b""


def test_looking_changes_nothing_in_a_store(work: Path) -> None:
    log({KIND: "job", "dataset": "my set"}, {"faces.csv": ""})
    with Tracking(None, "facetrack").run("still running", {KIND: "job", "process": "gone"}) as run:
        before = (work / "mlflow.db").read_bytes()
        assert len(found(plan(work))) == 1
        assert len(found(plan(work, experiment="no such"))) == 0
        assert (work / "mlflow.db").read_bytes() == before
    assert run.run_id
