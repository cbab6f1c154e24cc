"""Which files of which runs go: those of the dataset, and never another one's."""

import contextlib
import dataclasses
import shutil
import sqlite3
from pathlib import Path

import pytest

from facetrack.core.artifacts import Artifact, mark_nobody, mark_people
from facetrack.figures import render_page
from facetrack.figures.report_pages import ReportPage, ReportSection, render_report
from facetrack.tasks.forgetting.plan import Plan
from facetrack.tasks.forgetting.runs import Runs, job_pages, pages
from facetrack.tasks.report_names import name_faces
from facetrack.testing import client
from facetrack.tracking.keys import KIND, SHOWING, SWEEP
from facetrack.tracking.past import Past
from facetrack.tracking.store import MlflowStore

_FIXTURE = Path(__file__).resolve().parents[2] / "fixtures/studied_by_version_1"


@pytest.fixture
def work(tmp_path: Path, new_mlflow: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with an MLflow store, `home` being FACETRACK_HOME."""
    folder = tmp_path / "work"
    folder.mkdir()
    shutil.copy(new_mlflow, folder / "mlflow.db")
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
    """A run as the version before has left it: it does not mark what shows people."""
    run_id = log_marked(tags, mark_nobody(files), name)
    client(Path.cwd()).delete_tag(run_id, f"{SHOWING}.0")
    return run_id


def log_marked(tags: dict[str, object], files: list[Artifact], name: str = "a run") -> str:
    with MlflowStore(None, "facetrack").run(name, tags) as run:
        run.artifacts(files)
    return run.run_id


def found(of: Plan) -> set[tuple[str, str]]:
    return {(file.run.run_id, file.path) for file in Runs(Past(of.uri, of.experiment), of).files()}


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
    client(work).delete_run(organised)  # its files stay until `mlflow gc`
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


def test_a_sweeps_report_goes_where_it_shows_faces_of_the_dataset(work: Path) -> None:
    log({KIND: "job", SWEEP: "s", "dataset": "my set"}, {})
    log({KIND: "job", SWEEP: "t", "dataset": "portraits"}, {})
    kept = {
        sweep: log_marked({KIND: "sweep", SWEEP: sweep}, files)
        for sweep, files in {
            "s": mark_people({"report.html": "<title>Report of sweep s</title>"}),
            "t": mark_people({"report.html": ""}),
        }.items()
    }
    log_marked({KIND: "study", "dataset": "my set"}, mark_nobody({"report.html": ""}))
    assert found(plan(work)) == {(kept["s"], "report.html")}
    for folder, dataset in (("s", "my set"), ("t", "portraits"), ("u", "")):
        about = [ReportSection(name_faces(dataset, "haar", "dlib"))] if dataset else []
        page = render_report(ReportPage("my set dbscan", ["my set"], about, None))
        Path("outputs", folder).mkdir(parents=True)
        Path("outputs", folder, "report.html").write_text(page)
    assert pages(plan(work), None) == [work / "outputs/s/report.html"]


def test_pages_of_single_jobs_go_with_their_dataset(work: Path) -> None:
    names = ("errors.html", "groups.html", "tsne.html", "accessories.html")
    for folder, title in (("a", "my set dbscan eps=0.3"), ("b", "my_set dbscan"), ("c", "my set")):
        Path("outputs", folder).mkdir(parents=True)
        for name in (*names, "study.html"):
            Path("outputs", folder, name).write_text(render_page("page.html", title))
    assert job_pages(plan(work)) == [work / "outputs/a" / name for name in names]
    odd = plan(work, dataset="<b> & 'c'")
    Path("outputs/b/errors.html").write_text(render_page("page.html", "<b> & 'c' dbscan"))
    assert job_pages(odd) == [work / "outputs/b/errors.html"]


def test_tables_of_groups_go_with_the_page_of_errors_beside_them(work: Path) -> None:
    for folder, title in (("a", "my set dbscan eps=0.3"), ("b", "my_set dbscan")):
        Path("outputs", folder).mkdir(parents=True)
        Path("outputs", folder, "errors.html").write_text(render_page("page.html", title))
        for name in ("factors.csv", "factors.png", "knn.csv"):
            Path("outputs", folder, name).write_text("glasses,yes")
    assert job_pages(plan(work)) == [
        work / "outputs/a" / name for name in ("factors.csv", "factors.png", "errors.html")
    ]


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
    with MlflowStore(None, "facetrack").run(
        "still running", {KIND: "job", "process": "gone"}
    ) as run:
        before = (work / "mlflow.db").read_bytes()
        assert len(found(plan(work))) == 1
        assert len(found(plan(work, experiment="no such"))) == 0
        assert (work / "mlflow.db").read_bytes() == before
    assert run.run_id


def test_a_run_says_itself_what_shows_people(work: Path) -> None:
    """Also of a name that nobody knew before; what is called as such files were is not one."""
    showing = {"portraits.svg": "", "tsne.png": ""}
    neutral = {"resamples.csv": "", "faces.csv": "how many faces there are"}
    ours = log_marked(
        {KIND: "job", "dataset": "my set"}, [*mark_nobody(neutral), *mark_people(showing)]
    )
    log_marked({KIND: "job", "dataset": "my_set"}, mark_people(showing))
    assert found(plan(work)) == {(ours, path) for path in showing}
    for file in Runs(Past(None, "facetrack"), plan(work)).files():
        file.remove()
    left = {path.name for path in Path(work, "mlruns").rglob(f"{ours}/artifacts/*")}
    assert left == set(neutral)


def test_a_sweep_says_itself_what_shows_people(work: Path) -> None:
    for dataset in ("my set", "portraits"):
        log_marked({KIND: "job", SWEEP: "s", "dataset": dataset}, [], f"{dataset} dbscan")
    log_marked({KIND: "job", SWEEP: "another", "dataset": "portraits"}, [], "portraits dbscan")
    showing = {
        "tsne-my_set-haar-dlib.html": render_page("page.html", "my set dbscan"),
        "tsne-portraits-haar-dlib.html": render_page("page.html", "portraits dbscan"),
        "montage.html": render_page("page.html", "my set dbscan"),
        "montage-2.html": render_page("page.html", "portraits dbscan"),
        "all.png": "",
    }
    files = [*mark_people(showing), *mark_nobody({"tsne-my_set-haar.html": ""})]
    sweep = log_marked({KIND: "sweep", SWEEP: "s"}, files)
    log_marked({KIND: "sweep", SWEEP: "another"}, files)
    expected = ("tsne-my_set-haar-dlib.html", "montage.html", "all.png")
    assert found(plan(work)) == {(sweep, path) for path in expected}


def test_a_run_from_before_that_is_taken_up_again_forgets_nothing(work: Path) -> None:
    run_id = log({KIND: "job", "dataset": "my set"}, {"faces.csv": "", "resamples.csv": ""})
    tracking = MlflowStore(None, "facetrack")
    with tracking.run("a run", {KIND: "job", "dataset": "my set"}, run_id) as again:
        again.artifacts(mark_people({"portraits.svg": ""}))
    with tracking.run("a run", {KIND: "job", "dataset": "my set"}, run_id) as again:
        again.artifacts(mark_people({"montage.html": ""}))
    marked = {(run_id, path) for path in ("faces.csv", "portraits.svg", "montage.html")}
    assert found(plan(work)) == marked


def test_a_mark_that_nobody_can_read_is_none(work: Path) -> None:
    run_id = log_marked({KIND: "job", "dataset": "my set"}, mark_people({"faces.csv": ""}))
    client(work).set_tag(run_id, f"{SHOWING}.0", "[")
    assert found(plan(work)) == {(run_id, "faces.csv")}


def test_runs_of_the_version_before_are_forgotten(work: Path) -> None:
    """Those of the fixture, with the files that version gave its runs."""
    stored = (_FIXTURE / "runs.sql").read_text().replace("@HERE@", str(work))
    with contextlib.closing(sqlite3.connect(work / "mlflow.db")) as store:
        store.executescript(stored)
        (job,) = store.execute(
            "SELECT runs.run_uuid, artifact_uri FROM runs JOIN tags USING (run_uuid) "
            "WHERE key = 'kind' AND value = 'job'"
        )
    folder = Path(job[1])
    folder.mkdir(parents=True)
    showing = ("errors.html", "tsne.png", "confused.csv", "faces.csv", "skipped.csv")
    for name in (*showing, "config.yaml", "resamples.csv"):
        (folder / name).touch()
    of = plan(work, dataset="portraits")
    assert found(of) == {(job[0], name) for name in showing}
