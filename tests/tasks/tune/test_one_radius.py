"""A study of one radius, as one run: every radius at once."""

import csv
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hydra import compose, initialize_config_dir
from hydra.utils import get_method
from made_faces import embeddings_of
from omegaconf import OmegaConf

from facetrack.clusterer import DBSCAN, AverageLinkage
from facetrack.evaluation import metrics
from facetrack.evaluation.experiment import Experiment
from facetrack.evaluation.resampling import Bootstrap, Subsample
from facetrack.system.shipped import CONF
from facetrack.tasks.context.stored_configs import contain
from facetrack.tasks.tune import planning
from facetrack.tasks.tune.objectives import choose_objectives
from facetrack.tasks.tune.planning import Request
from facetrack.tasks.tune.run import read_space
from facetrack.tasks.tune.space import find_ranges
from facetrack.testing import Workspace, artifacts, ended, portrait_faces


def _csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("arguments", "method", "settings"),
    [
        (["n_resamples=6"], DBSCAN, {}),
        (
            ["n_resamples=4", "clusterer=average_linkage", "task.objective=bcubed_f_mean"],
            AverageLinkage,
            {},
        ),
        (["n_resamples=4", "clusterer.min_samples=2"], DBSCAN, {"min_samples": 2}),
    ],
)
def test_it_is_one_run_with_all_that_a_study_leaves(
    workspace: Workspace, arguments: list[str], method: Any, settings: dict[str, Any]
) -> None:
    done = workspace.run("task=tune", *arguments)
    done.ok()
    assert "of all radii from 0.075 to 0.6: the mean changes at " in done.stdout
    assert "of 0.8 of the faces, none twice" in done.stdout
    (run,) = workspace.runs()
    assert (run.data.tags["kind"], run.info.status) == ("study", "FINISHED")
    assert set(artifacts(run)) == {
        *("best.yaml", "capsule.json", "config.yaml", "report.html", "requirements.lock"),
        *("study.html", "study.png", "trials.csv"),
    }
    assert not (workspace.folder / "outputs/studies.db").exists()
    score = run.data.tags["objective"]
    rows = _csv(artifacts(run)["trials.csv"])
    means = {float(row["eps"]): float(row[f"{score}_mean"]) for row in rows}
    best = run.data.metrics["best_eps"]
    assert len(rows) == 122
    assert means[best] == max(means.values())
    # What the study says of radii is what each clustering by itself says.
    faces = portrait_faces(workspace.home)
    assert faces.people is not None
    n = int(arguments[0].partition("=")[2])
    for eps in (best, *list(means)[20:100:20]):
        values = []
        for i in range(n):
            drawn = Subsample().draw(len(faces.vectors), 0, "portraits", i)
            labels = method(eps, **settings).fit_predict(faces.vectors[drawn])
            values.append(metrics.scores(faces.people[drawn], labels)[score])
        assert means[eps] == pytest.approx(np.mean(values), abs=1e-12)

    told = yaml.safe_load(artifacts(run)["best.yaml"].read_text())
    assert told["settings"] == {"clusterer.eps": best}
    assert told["chosen_on"] == f"{n} subsamples of 0.8 of the faces, none twice"
    assert told["others_lost"] == run.data.metrics["others_lost"] >= 0
    (path,) = workspace.folder.glob("outputs/*/best.yaml")
    used = workspace.run(f"tuned={path}", *(one for one in arguments if "task" not in one))
    used.ok()
    (job,) = workspace.runs("job")
    assert job.data.metrics["ari_mean"] == run.data.metrics["ari_mean"]


@pytest.mark.parametrize(
    ("arguments", "enough"),
    [
        ([], True),
        (["clusterer=average_linkage", "task.objective=bcubed_f_mean"], True),
        (["clusterer.min_samples=3", "task.space.eps=[0.1,0.2]", "task.n_trials=null"], True),
        (["task.n_trials=9"], False),
        (["task.timeout=9"], False),
        (["task.sampler=tpe"], False),
        (["task.pruner=none"], False),
        (["task.workers=1"], False),
        (["task.storage=studies.log"], False),
        (["task.study=mine"], False),
        (["task.objective=[ari_mean,bcubed_f]"], False),
        (["task.objective=ami_mean"], False),
        (["task.objective=label_free"], False),
        (["task.space.min_samples=[1,3]"], False),
        (["clusterer.neighbors=faiss"], False),
        *(([f"clusterer={name}"], False) for name in ("infomap", "chinese_whispers", "meanshift")),
    ],
)
def test_what_needs_no_search(arguments: list[str], enough: bool) -> None:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", ["task=tune", *arguments])
    config.clusterer.eps = 0.3
    OmegaConf.resolve(config)
    settings = contain(config)
    faces = embeddings_of(np.eye(6), np.arange(6) % 2)
    own = {key: one for key, one in settings["clusterer"].items() if key not in ("share", "space")}
    estimator = get_method(own.pop("_target_"))(**own)
    experiment = Experiment(faces, estimator, Bootstrap(), "made", 0, 2)
    names = choose_objectives(settings["task"]["objective"], labelled=True, dataset="made")
    searched = find_ranges(read_space(config))
    job: Any = None  # which is not asked
    request = Request(job, settings, experiment, searched, names, 0.3)
    assert planning.needs_no_search(request) is enough


def test_a_setting_of_the_search_means_optuna(workspace: Workspace) -> None:
    done = workspace.run("task=tune", "n_resamples=2", "task.n_trials=1")
    done.ok()
    assert "after 1 trial" in done.stdout
    assert "chosen on 2 subsamples of 0.8 of the faces, none twice: ari 0." in done.stdout
    assert len(workspace.runs("trial")) == 1
    (run,) = workspace.runs("study")
    assert run.data.tags["task.n_trials"] == "1"
    assert run.data.params["task.sampler"] == "tpe"
    assert (workspace.folder / "outputs/studies.db").exists()


def test_it_has_the_numbers_of_a_search_of_the_same_radii(workspace: Workspace) -> None:
    searched = ("task.sampler=grid", "task.n_trials=5", "task.pruner=none")
    tables = []
    for arguments in (searched, ()):
        workspace.run("task=tune", "n_resamples=4", *arguments).ok()
    for run in workspace.runs("study"):
        rows = _csv(artifacts(run)["trials.csv"])
        tables.append({round(float(row["eps"]), 9): float(row["ari_mean"]) for row in rows})
    few, many = sorted(tables, key=len)
    assert (len(few), len(many)) == (5, 122)
    for eps, mean in few.items():
        assert many[eps] == pytest.approx(mean, abs=1e-12)


def test_studies_of_a_sweep_lie_below_it_and_end_in_one_table(workspace: Workspace) -> None:
    done = workspace.run("-m", "task=tune", "clusterer=dbscan,average_linkage", "n_resamples=3")
    done.ok()
    (parent,) = workspace.runs("sweep")
    studies = workspace.runs("study")
    assert {one.data.tags["mlflow.parentRunId"] for one in studies} == {parent.info.run_id}
    assert workspace.runs("trial") == []
    rows = _csv(artifacts(parent)["studies.csv"])
    by_method = {one.data.tags["clusterer"]: one.data.metrics for one in studies}
    for row in rows:
        found = by_method[row["clusterer"]]
        assert float(row["low"]) <= found["best_eps"] <= float(row["high"])
        assert float(row["ari_mean"]) == found["ari_mean"]


def test_one_that_was_killed_is_done_again_and_comes_to_the_same(workspace: Workspace) -> None:
    command = ["task=tune", "n_resamples=400"]
    with workspace.fork(*command) as process:
        deadline = time.monotonic() + 300  # of a machine with other work
        while not workspace.runs("study"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.kill()
    done = ended(workspace.fork("task=tune", "n_resamples=5"))
    done.ok()
    other = workspace.run("task=tune", "n_resamples=5")
    other.ok()
    states = [run.info.status for run in workspace.runs("study")]
    assert sorted(states) == ["FINISHED", "FINISHED", "KILLED"]
    first, second = (run.data.metrics for run in workspace.runs("study", "FINISHED"))
    first.pop("fit_seconds_mean"), second.pop("fit_seconds_mean")
    assert first == second
