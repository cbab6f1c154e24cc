"""Records of runs: all that others see of MLflow, whatever a run tells."""

import ast
import math

import pytest
from rooms import modules

from facetrack.core.artifacts import mark_people
from facetrack.tracking import keys
from facetrack.tracking.reading import read_job, read_run
from facetrack.tracking.records import JobRecord, StudyRecord, SweepRecord
from facetrack.tracking.store import MlflowStore

# Of MLflow's runs, behind `.info`, `.data` and `.inputs`.
_ATTRIBUTES = {
    *("tags", "params", "metrics", "status", "run_id", "artifact_uri", "lifecycle_stage"),
    "dataset_inputs",
}


# Tags that MLflow gives a meaning to.
_MLFLOWS = {value for value in vars(keys).values() if str(value).startswith("mlflow.")}


def test_a_job_says_all_that_the_tables_need(tracking: MlflowStore) -> None:
    tags = {
        **{keys.KIND: "job", keys.SWEEP: "s", keys.NUMBER: 3, keys.OVERRIDES: "dbscan eps=0.3"},
        **{keys.DATASET: "lfw", keys.CLUSTERER: "dbscan", "dataset.root": "~/lfw"},
    }
    scores = {"ari_mean": 0.9, "ari_std": 0.05, "ari_ci_low": 0.88, "ari_ci_high": 0.92}
    with tracking.run("eps=0.3 dbscan", tags) as run:
        run.params({"clusterer.eps": 0.3}, {"clusterer.metric": "l2", keys.PEOPLE: 12})
        run.metrics(scores, {"ari": [0.85, 0.95]})
        run.dataset("lfw", "abc", "{}")
        run.artifacts(mark_people({"faces.csv": ""}))
    (job,) = tracking.jobs("s")
    assert type(job) is JobRecord
    assert (job.run_id, job.name, job.kind, job.status) == (
        *(run.run_id, "eps=0.3 dbscan", "job", "FINISHED"),
    )
    assert (job.sweep_id, job.number, job.overrides, job.people) == ("s", 3, "dbscan eps=0.3", 12)
    assert job.choices == {"dataset": "lfw", "clusterer": "dbscan"}
    assert job.parameters == {"clusterer.eps": "0.3"}
    assert job.quiet == {"clusterer.metric": "l2", "dataset.root": "~/lfw"}
    assert job.ari is not None
    assert (job.ari.mean, job.ari.std, job.ari.two_std) == (0.9, 0.05, 0.1)
    assert (job.ari.ci_low, job.ari.ci_high) == (0.88, 0.92)
    assert job.metrics == {**scores, "ari": 0.95}
    assert job.digests == ("abc",)
    assert job.showing == frozenset({"faces.csv"})
    assert tracking.kept(run.run_id) == job


def test_a_job_that_got_nowhere_tells_so(tracking: MlflowStore) -> None:
    tracking.start("a job", {keys.KIND: "job", keys.SWEEP: "s", keys.NUMBER: "many", "people": "-"})
    (job,) = tracking.jobs("s")
    assert (job.status, job.number, job.people, job.ari) == ("RUNNING", None, None, None)
    assert (dict(job.metrics), job.digests, job.showing) == ({}, (), frozenset())


def test_a_study_has_its_curve(tracking: MlflowStore) -> None:
    tags = {keys.KIND: "study", keys.SWEEP: "s"}
    with tracking.run("a study", tags) as run:
        run.metrics({keys.ARI_MEAN: 0.5, keys.WIDTH_LOW: 0.2, keys.WIDTH_HIGH: 0.4})
        run.tags({keys.AXIS: "eps", keys.OBJECTIVE: "ari", keys.BEST: "eps=0.3"})
        run.tags({keys.CURVE: "[[0.2, 0.4], [3, 0.5]]"})
    (study,) = tracking.jobs("s")
    assert isinstance(study, StudyRecord)
    assert (study.axis, study.objective, study.best) == ("eps", "ari", "eps=0.3")
    assert (study.curve, study.width) == (((0.2, 0.4), (3, 0.5)), (0.2, 0.4))
    assert study.ari is not None
    assert math.isnan(study.ari.std)


@pytest.mark.parametrize("curve", ["[", "{}", "[1]", "[[1, 2, 3]]", '[["a", 1]]', "null"])
def test_a_curve_that_is_none_is_empty(tracking: MlflowStore, curve: str) -> None:
    tracking.start("a study", {keys.KIND: "study", keys.SWEEP: "s", keys.CURVE: curve})
    (study,) = tracking.jobs("s")
    assert isinstance(study, StudyRecord)
    assert (study.curve, study.best, study.width) == ((), None, None)


def test_a_sweep_has_its_command(tracking: MlflowStore) -> None:
    tracking.start_sweep("s", ["clusterer.eps=0.2,0.3"], ["hydra/launcher=joblib"])
    tracking.start("a sweep", {keys.KIND: "sweep", keys.SWEEP: "t"})
    first, second = map(read_run, tracking.experiment.search(f"tags.{keys.KIND} = 'sweep'"))
    assert isinstance(first, SweepRecord)
    assert first.command == ("hydra/launcher=joblib", "clusterer.eps=0.2,0.3")
    assert (first.sweep_id, first.number) == ("s", 1)
    assert isinstance(second, SweepRecord)
    assert (second.command, second.number) == (None, 0)


def test_a_run_of_the_version_before_has_no_mark(tracking: MlflowStore) -> None:
    run = tracking.start("a job", {keys.KIND: "job", keys.SWEEP: "s"})
    tracking.experiment.client.delete_tag(run.run_id, f"{keys.SHOWING}.0")
    (job,) = tracking.jobs("s")
    assert job.showing is None
    (found,) = tracking.experiment.search("")
    assert read_job(found) == job


def test_nobody_else_looks_into_mlflows_entities_or_names_its_tags() -> None:
    """Outside of the room that knows MLflow, and of what tests read it with."""
    wrong = []
    for module in modules():
        if module.room in ("tracking", "testing"):
            continue
        for node in ast.walk(ast.parse(module.path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
                inner = node.value.attr
                if inner in ("info", "data", "inputs") and node.attr in _ATTRIBUTES:
                    wrong.append(f"{module.place}:{node.lineno}")
            if isinstance(node, ast.Constant) and node.value in _MLFLOWS:
                wrong.append(f"{module.place}:{node.lineno}")
    assert wrong == []
