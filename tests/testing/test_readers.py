"""The drawn portraits as tests take them, and the readers of what commands leave."""

from pathlib import Path

from facetrack.testing import (
    Workspace,
    artifacts,
    copied_home,
    people,
    photos,
    portraits,
    results,
    rows,
    runs,
    scores,
    trials,
)


def test_the_readers_agree_on_a_sweep(
    workspace: Workspace, small_folder: Path, warm_home: Path, tmp_path: Path
) -> None:
    pictures = ("dataset=folder", f"dataset.root={small_folder}", "n_resamples=2")
    workspace.run("-m", *pictures, "clusterer.eps=0.2,0.3").ok()
    jobs = workspace.runs("job")
    assert len(workspace.runs()) == 3
    assert [run.info.status for run in workspace.runs("sweep", "FINISHED")] == ["FINISHED"]
    assert workspace.runs("job", "FAILED") == []
    found = scores(workspace.folder, "job", "FINISHED")
    assert found.keys() == {job.info.run_id for job in jobs}
    for job in jobs:
        metrics = {key: job.data.metrics[key] for key in found[job.info.run_id]}
        assert metrics == found[job.info.run_id]
        assert job.data.metrics.keys() - metrics.keys() == {"fit_seconds_mean"}
    assert scores(workspace.folder, "job", "RUNNING") == {}
    assert [row["parameters"] for row in results(workspace.folder)] == ["eps=0.2", "eps=0.3"]
    assert "seconds" not in results(workspace.folder)[0]
    assert artifacts(jobs[0])["resamples.csv"].read_text().count("\n") == 3
    assert trials(workspace.folder) == set()
    # A home made of it has the same faces, and is its owner's alone.
    home = copied_home(tmp_path / "home", warm_home)
    own = Workspace(tmp_path / "own", home)
    before = rows(home)
    own.run(*pictures, "clusterer.eps=0.3", "tracking=none").ok()
    assert rows(home) == before
    assert len(before) >= len(list(small_folder.rglob("*.png")))
    assert (home.stat().st_mode | (home / "embeddings.sqlite").stat().st_mode) & 0o077 == 0
    assert len(list(home.glob("portraits-*/*/*"))) == 59


def test_of_what_is_not_there_nothing_is_read(tmp_path: Path) -> None:
    assert runs(tmp_path) == results(tmp_path) == []
    assert scores(tmp_path) == {}
    assert rows(tmp_path) == {}
    assert trials(tmp_path) == set()
    assert list(tmp_path.iterdir()) == []


def test_portraits_are_copied_flat_or_by_person(warm_home: Path, tmp_path: Path) -> None:
    drawn = portraits(warm_home)
    flat = photos(tmp_path / "a", warm_home, 7)
    assert {path.name for path in flat.iterdir()} == {one.path.name for one in drawn[:7]}
    by_person = people(tmp_path / "b", warm_home, 2)
    of_two = [one for one in drawn if one.person in ("Ada", "Alma")]
    found = {str(path.relative_to(by_person)) for path in by_person.rglob("*.png")}
    assert found == {one.name for one in of_two}
