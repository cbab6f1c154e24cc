"""What was scored by the first version of the protocol is read, gone on with, and told apart."""

import sqlite3
from pathlib import Path

import pytest
from made_records import job_record, study_record

import facetrack
from facetrack.cli.tuned import replace_tuned
from facetrack.core.protocol import name_method
from facetrack.tasks.sweep import article_tables
from facetrack.tasks.tune import study_identity, summary
from facetrack.testing import Workspace

_FIXTURE = Path(__file__).resolve().parents[2] / "fixtures/hdbscan_by_protocol_1"
_SWEEP = "2026-11-28_22-39-41-27d7"
_COMMAND = ("-m", "clusterer=hdbscan,kmeans", "clusterer.min_cluster_size=2,3", "n_resamples=3")
_STUDY = ("task=tune", "clusterer=hdbscan", "n_resamples=3", "task.n_trials=4")


@pytest.fixture
def before(workspace: Workspace) -> Workspace:
    """A folder with a sweep of which the first of three jobs is finished, and two studies."""
    outputs = workspace.folder / "outputs"
    outputs.mkdir()
    for database, file in (("mlflow.db", "runs.sql"), ("outputs/studies.db", "studies.sql")):
        stored = (_FIXTURE / file).read_text().replace("@HERE@", str(workspace.folder))
        with sqlite3.connect(workspace.folder / database) as connection:
            connection.executescript(stored)
    return workspace


def _scored(workspace: Workspace) -> list[tuple[str, str, str]]:
    """Of each finished job method, class and version, sorted."""
    return sorted(
        (
            job.data.params["method"],
            job.data.tags["clusterer._target_"],
            job.data.tags.get("protocol_version", "-"),
        )
        for job in workspace.runs("job")
    )


def test_a_resumed_sweep_goes_on_as_it_was_begun(before: Workspace) -> None:
    done = before.run("resume=last")
    done.ok()
    assert done.stdout.count("finished before") == 1
    assert "3 of 3 jobs finished" in done.stdout
    assert _scored(before) == [
        ("hdbscan", "sklearn.cluster.HDBSCAN", "-"),
        ("hdbscan", "sklearn.cluster.HDBSCAN", "1"),
        ("kmeans", "sklearn.cluster.KMeans", "1"),
    ]
    assert done.stdout.count("  hdbscan (protocol 1)  min_cluster_size=") == 2
    assert "over hdbscan (protocol 1) min_cluster_size=3" in done.stdout


def test_the_same_command_in_the_new_way_counts_nothing_as_finished(
    before: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = before.run(*_COMMAND, f"sweep_id={_SWEEP}")
    done.ok()
    assert "finished before" not in done.stdout
    assert _scored(before) == [
        ("hdbscan", "facetrack.clusterer.HDBSCAN", "2"),
        ("hdbscan", "facetrack.clusterer.HDBSCAN", "2"),
        ("hdbscan", "sklearn.cluster.HDBSCAN", "-"),
        ("kmeans", "sklearn.cluster.KMeans", "2"),
    ]
    results = (before.folder / f"outputs/{_SWEEP}/results.csv").read_text()
    assert results.count(",hdbscan (protocol 1),") == 1
    assert results.count(",hdbscan,") == 2
    monkeypatch.chdir(before.folder)
    runs = facetrack.runs()
    assert runs["protocol_version"].tolist() == [1, 2, 2, 2]


def test_a_study_is_not_mixed_with_trials_of_another_version(
    before: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The study knows its pictures by what they hold, and portraits were drawn otherwise then.
    monkeypatch.setattr(study_identity, "digest_faces", lambda faces: "a279602f71b26553")
    refused = before.run(*_STUDY, "task.study=mine")
    refused.refused("clusterer class was sklearn HDBSCAN, now facetrack HDBSCAN")
    new = before.run(*_STUDY)
    new.ok()
    assert "kept" not in new.stdout
    (best,) = (before.folder / "outputs").glob("*/best.yaml")
    assert "\nprotocol_version: 2\n" in best.read_text()
    old = before.run(*_STUDY, "protocol_version=1")
    old.ok()
    assert "portraits-hdbscan-35ce6b45: 3 finished trials are kept" in old.stdout


def test_settings_of_a_study_before_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    best = _FIXTURE / "best.yaml"
    assert replace_tuned([f"tuned={best}"])[-2:] == [
        *("clusterer.min_cluster_size=2", "clusterer.min_samples=1"),
    ]
    assert "found by protocol version 1, in which hdbscan counted copies" in capsys.readouterr().out


def test_settings_of_now_and_of_other_methods_say_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    best = tmp_path / "best.yaml"
    old = (_FIXTURE / "best.yaml").read_text()
    for text in (f"{old}protocol_version: 2\n", old.replace("hdbscan", "dbscan")):
        best.write_text(text)
        replace_tuned([f"tuned={best}"])
    assert capsys.readouterr().out == ""


def test_a_sweep_has_one_version(workspace: Workspace) -> None:
    workspace.run("-m", "protocol_version=1,2").refused("is one number for a whole sweep")
    workspace.run("protocol_version=3").refused("protocol_version is 1 or 2; got 3")
    assert not workspace.runs("job")


def test_a_typed_class_that_counts_copies_is_of_the_first_version(workspace: Workspace) -> None:
    target = "clusterer._target_=sklearn.cluster.HDBSCAN"
    workspace.run("clusterer=hdbscan", target, "n_resamples=2").ok()
    (job,) = workspace.runs("job")
    assert job.data.tags["protocol_version"] == "1"


def test_tables_tell_two_versions_apart() -> None:
    choices = {"dataset": "d", "embedder": "e", "clusterer": "hdbscan"}
    jobs = [
        job_record(choices, {}, 0.2, protocol_version=1),
        job_record(choices, {}, 0.9, protocol_version=2),
    ]
    table = article_tables.make_table1(jobs, [])
    assert table.rows == [("hdbscan (protocol 1)", ""), ("hdbscan", "")]
    curve = [(2.0, 0.2), (3.0, 0.3)]
    studies = [
        study_record({**choices, "dataset": dataset}, curve, protocol_version=version)
        for dataset, version in (("d", 1), ("other", 2))
    ]
    assert summary.choose_common(studies) == []  # of one dataset each


def test_only_what_changed_is_told() -> None:
    assert name_method("hdbscan", 1) == "hdbscan (protocol 1)"
    assert name_method("hdbscan", 2) == "hdbscan"
    assert name_method("dbscan", 1) == "dbscan"


def test_no_study_of_now_has_the_name_of_one_before() -> None:
    def name(target: str) -> str:
        settings = {
            "clusterer": {"_target_": target, "min_cluster_size": 2},
            "sampling": {"_target_": "facetrack.resample.Bootstrap"},
            **{"seed": 0, "n_resamples": 3},
        }
        choices, words = {"clusterer": "hdbscan", "sampling": "bootstrap"}, ("d", "hdbscan")
        return study_identity.make_earlier_name(settings, choices, words, "", ["ari"], "x")

    assert name("facetrack.clusterer.HDBSCAN") != name("sklearn.cluster.HDBSCAN")
