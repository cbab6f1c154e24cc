"""Studies without MLflow: scoring, sampling, pruning, continuing."""

import contextlib
import sqlite3
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from numpy.typing import NDArray
from optuna.trial import TrialState
from sklearn.base import BaseEstimator

from facetrack.clusterer import DBSCAN, MeanShift
from facetrack.core.errors import UserError
from facetrack.core.faces import Embeddings, Picture, Vectors
from facetrack.evaluation.experiment import Experiment, evaluate
from facetrack.evaluation.label_free import distinct, separation
from facetrack.evaluation.resampling import Bootstrap
from facetrack.system.processes import mine
from facetrack.tasks.tune import study
from facetrack.tasks.tune.living import close_dead
from facetrack.tasks.tune.objectives import choose_objectives
from facetrack.tasks.tune.scoring import Scorer
from facetrack.tasks.tune.space import Range

Faces = tuple[Vectors, NDArray[np.int64]]


def _embeddings(faces: Faces) -> Embeddings:
    vectors, people = faces
    pictures = [Picture(Path(f"{i}"), f"{i}", f"{person:04d}") for i, person in enumerate(people)]
    boxes = np.zeros((len(vectors), 4), np.int64)
    return Embeddings(vectors, boxes, pictures, (), len(vectors), [""] * len(vectors))


def _scorer(
    faces: Faces, estimator: BaseEstimator, *names: str, dataset: str = "orl", n_resamples: int = 30
) -> Scorer:
    objective = names or ("ari",)
    experiment = Experiment(
        _embeddings(faces), estimator, Bootstrap(), dataset, seed=0, n_resamples=n_resamples
    )
    return Scorer(experiment, objective, 0.3)


@contextlib.contextmanager
def _no_run(trial: Any, settings: Mapping[str, float]) -> Iterator[study.TrialRun]:
    yield study.TrialRun({}, {})


def _plan(folder: Path, **other: Any) -> study.Plan:
    usual: dict[str, Any] = {
        "name": "s",
        "storage": f"sqlite:///{folder / 'studies.db'}",
        "ranges": [Range("eps", 0.075, 0.6, False)],
        "names": ["ari"],
        "sampler": "tpe",
        "pruner": "median",
        "n_trials": 12,
        "timeout": None,
    }
    return study.Plan(**usual | other)


def _searched(plan: study.Plan, scorer: Scorer) -> optuna.Study:
    opened = study.open_study(plan)
    study.search(plan, opened, scorer, _no_run, study.Hooks())
    return opened


@pytest.fixture
def some_lfw(lfw: Faces) -> Faces:
    return lfw[0][:1500], lfw[1][:1500]


@pytest.fixture
def few(half_orl: Faces) -> Faces:
    return half_orl[0][:100], half_orl[1][:100]


def test_blocks_end_at_the_score_of_evaluate(few: Faces) -> None:
    scorer = _scorer(few, DBSCAN(0.3, min_samples=1), "ari", "bcubed_f", "ami")
    lengths = []
    for values in scorer.blocks({"eps": 0.3}):
        lengths.append([len(one) for one in values.values()])
    assert lengths == [[n] * 3 for n in (6, 12, 18, 24, 30)]
    expected = evaluate(scorer.experiment)
    for name, one in values.items():
        assert one == expected.column(name)


def test_label_free_is_one_value_of_the_distinct_faces(few: Faces) -> None:
    scorer = _scorer(few, DBSCAN(0.3, min_samples=1), "label_free")
    (values,) = scorer.blocks({"eps": 0.3})
    labels = DBSCAN(0.3, min_samples=1).fit_predict(few[0])
    rows = distinct(few[0], 0.15)
    assert 10 < len(rows) < len(few[0])
    assert values == {"label_free": [separation(few[0][rows], labels[rows])]}


@pytest.mark.parametrize(
    ("faces", "estimator", "name"),
    [
        ("half_orl", DBSCAN(0.3, min_samples=1), "eps"),
        pytest.param("half_orl", MeanShift(0.3), "bandwidth", marks=pytest.mark.long),
        pytest.param("some_lfw", DBSCAN(0.3, min_samples=1), "eps", marks=pytest.mark.long),
    ],
)
def test_forty_trials_are_as_good_as_a_fine_grid(
    request: pytest.FixtureRequest, home: Path, faces: str, estimator: BaseEstimator, name: str
) -> None:
    scorer = _scorer(request.getfixturevalue(faces), estimator, dataset=faces, n_resamples=12)
    plan = _plan(home, ranges=[Range(name, 0.075, 0.6, False)], n_trials=40)
    found = _searched(plan, scorer)
    assert len(study.list_finished(found)) == 40
    grid = []
    for radius in np.arange(0.2, 0.4, 0.01):  # all else is far from the best
        *_, values = scorer.blocks({name: float(radius)})
        grid.append(np.mean(values["ari"]))
    assert study.choose_best(found).values[0] >= max(grid) - 0.01
    assert 0 < int(np.argmax(grid)) < len(grid) - 1


def test_the_same_seed_gives_the_same_trials_and_another_one_others(
    few: Faces, home: Path, tmp_path: Path
) -> None:
    scorer = _scorer(few, DBSCAN(0.3, min_samples=1), n_resamples=12)
    first = _searched(_plan(tmp_path / "a", n_trials=14), scorer)
    second = _searched(_plan(tmp_path / "b", n_trials=14), scorer)
    params = [[trial.params for trial in one.trials] for one in (first, second)]
    assert params[0] == params[1]
    assert len({trial["eps"] for trial in params[0]}) == 14


def test_pruning_keeps_the_best_and_scores_it_on_all_resamples(few: Faces, tmp_path: Path) -> None:
    scorer = _scorer(few, DBSCAN(0.3, min_samples=1))
    found = _searched(_plan(tmp_path, n_trials=20), scorer)
    states = [trial.state for trial in found.trials]
    assert states.count(TrialState.PRUNED) > 3
    best = study.choose_best(found)
    *_, values = scorer.blocks(best.params)
    assert len(values["ari"]) == 30
    assert best.values[0] == pytest.approx(np.mean(values["ari"]))
    everything = _searched(_plan(tmp_path / "all", n_trials=20, pruner="none"), scorer)
    assert all(trial.state is TrialState.COMPLETE for trial in everything.trials)
    assert best.values[0] >= study.choose_best(everything).values[0] - 0.01


@pytest.mark.parametrize(
    "sampler",
    [
        "tpe",
        pytest.param("grid", marks=pytest.mark.long),
        pytest.param("random", marks=pytest.mark.long),
    ],
)
def test_after_trials_that_died_the_study_is_the_one_that_was_not_interrupted(
    few: Faces, tmp_path: Path, sampler: str
) -> None:
    scorer = _scorer(few, DBSCAN(0.3, min_samples=1), n_resamples=6)
    whole, interrupted = (
        _plan(tmp_path / name, n_trials=14, sampler=sampler) for name in ("whole", "interrupted")
    )
    expected = study.list_finished(_searched(whole, scorer))

    class Died(BaseException):
        pass

    begun = 0

    @contextlib.contextmanager
    def dies(trial: Any, settings: Mapping[str, float]) -> Iterator[study.TrialRun]:
        nonlocal begun
        begun += 1
        if begun in (1, 6, 7, 16):
            trial.set_user_attr("worker", mine() + "0")  # a process that is gone
            raise Died
        yield study.TrialRun({}, {})

    for _ in range(5):
        opened = study.open_study(interrupted)
        with contextlib.suppress(Died):
            study.search(interrupted, opened, scorer, dies, study.Hooks())
    assert len(opened.trials) == 18
    found = study.list_finished(opened)
    assert [(one.params, one.values) for one in found] == [
        (one.params, one.values) for one in expected
    ]


def test_more_trials_go_on_where_the_study_was(few: Faces, tmp_path: Path) -> None:
    scorer = _scorer(few, DBSCAN(0.3, min_samples=1), n_resamples=6)
    before = _searched(_plan(tmp_path, n_trials=5), scorer).trials
    after = _searched(_plan(tmp_path, n_trials=9), scorer).trials
    assert [trial.params for trial in after[:5]] == [trial.params for trial in before]
    assert len(after) == 9


@pytest.mark.parametrize("sampler", ["qmc", "grid", "random"])
def test_other_samplers(few: Faces, tmp_path: Path, sampler: str) -> None:
    scorer = _scorer(few, DBSCAN(0.3, min_samples=1), n_resamples=6)
    trials = _searched(_plan(tmp_path, sampler=sampler, n_trials=8), scorer).trials
    values = sorted(trial.params["eps"] for trial in trials)
    assert len(set(values)) == 8
    if sampler == "grid":
        assert values == pytest.approx(np.linspace(0.075, 0.6, 8))
    if sampler == "qmc":
        shares = [0, 1 / 2, 3 / 4, 1 / 4, 3 / 8, 7 / 8, 5 / 8, 1 / 8]
        drawn = [trial.params["eps"] for trial in trials]
        assert drawn == pytest.approx([0.075 + 0.525 * share for share in shares])
    assert all(0.075 <= value <= 0.6 for value in values)


def test_two_objectives_have_a_front_and_a_compromise(few: Faces, tmp_path: Path) -> None:
    names = ["bcubed_precision", "bcubed_recall"]
    scorer = _scorer(few, DBSCAN(0.3, min_samples=1), *names, n_resamples=6)
    found = _searched(_plan(tmp_path, names=names, n_trials=15), scorer)
    front = found.best_trials
    for one in front:
        assert not any(
            all(a >= b for a, b in zip(other.values, one.values, strict=True))
            and other.values != one.values
            for other in found.trials
        )
    best = study.choose_best(found)
    assert best.number in {one.number for one in front}
    assert min(best.values) > 0.8


def test_a_journal_file_is_a_storage(few: Faces, tmp_path: Path) -> None:
    scorer = _scorer(few, DBSCAN(0.3, min_samples=1), n_resamples=6)
    plan = _plan(tmp_path, storage=str(tmp_path / "a" / "studies.log"), n_trials=4)
    assert len(_searched(plan, scorer).trials) == 4
    assert len(study.open_study(plan).trials) == 4


def test_another_search_under_the_same_name_is_refused(few: Faces, tmp_path: Path) -> None:
    study.open_study(_plan(tmp_path))
    for other in ({"ranges": [Range("eps", 0.1, 0.6, False)]}, {"names": ["ami"]}):
        with pytest.raises(UserError, match=r"task\.study="):
            study.open_study(_plan(tmp_path, **other))
    with pytest.raises(UserError, match=r"task\.study="):
        study.open_study(_plan(tmp_path, names=["ari", "ami"]))


def test_a_trial_of_a_dead_process_is_closed(few: Faces, tmp_path: Path) -> None:
    opened = study.open_study(_plan(tmp_path))
    host, boot, number, _ = mine().split(" ")
    again = " ".join((host, boot, number, "1"))  # whose number another process has now
    elsewhere = f"elsewhere {boot} 999999 1"
    for worker in (again, mine(), elsewhere):
        opened.ask().set_user_attr("worker", worker)
    close_dead(opened)
    states = [one.state for one in opened.trials]
    assert states == [TrialState.FAIL, TrialState.RUNNING, TrialState.RUNNING]


@pytest.mark.parametrize("days", [-1, 1])
def test_a_trial_of_nobody_is_closed_though_the_clock_was_set(tmp_path: Path, days: int) -> None:
    opened = study.open_study(_plan(tmp_path))
    trial = optuna.trial.create_trial(state=TrialState.RUNNING)
    assert trial.datetime_start is not None
    trial.datetime_start += timedelta(days=days)
    opened.add_trial(trial)
    opened.ask()  # has only just begun
    close_dead(opened)
    assert [one.state for one in opened.trials] == [TrialState.FAIL, TrialState.RUNNING]


def test_two_at_once_do_not_run_one_trial_too_many(
    few: Faces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = _plan(tmp_path, n_trials=1)
    scorer = _scorer(few, DBSCAN(0.3, min_samples=1), n_resamples=1)
    opened = [study.open_study(plan) for _ in range(2)]
    begun = study._list_begun

    def slowly(of: optuna.Study) -> Any:
        found = begun(of)
        time.sleep(0.5)  # both have counted before either begins
        return found

    monkeypatch.setattr(study, "_list_begun", slowly)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: study.search(plan, one, scorer, _no_run, study.Hooks()), opened))
    assert len(opened[0].trials) == 1


def test_a_trial_that_ends_while_trials_are_counted_counts(
    few: Faces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = _plan(tmp_path, n_trials=1)
    opened = study.open_study(plan)
    others = opened.ask()
    look = opened.get_trials

    def ends_after(*arguments: Any, **settings: Any) -> Any:
        found = look(*arguments, **settings)
        with contextlib.suppress(ValueError, RuntimeError):  # it has ended
            opened.tell(others, 0.5)
        return found

    monkeypatch.setattr(opened, "get_trials", ends_after)
    scorer = _scorer(few, DBSCAN(0.3, min_samples=1), n_resamples=1)
    study.search(plan, opened, scorer, _no_run, study.Hooks())
    assert len(look()) == 1


def test_a_study_without_a_trial_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no finished trial"):
        study.choose_best(study.open_study(_plan(tmp_path)))


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"sampler": "magic"}, "task.sampler is one of tpe, gp, qmc, grid, random"),
        ({"pruner": "magic"}, "task.pruner is one of"),
        ({"n_trials": 0}, "n_trials is a whole number above 0"),
        ({"timeout": -1}, "timeout is in seconds"),
    ],
)
def test_an_impossible_plan_is_told(tmp_path: Path, other: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=told):
        _plan(tmp_path, **other)


def test_objectives_by_name() -> None:
    def found(asked: Any, labelled: bool = True) -> list[str]:
        return choose_objectives(asked, labelled=labelled, dataset="x")

    assert found(None) == found("ari_mean") == found("ari") == ["ari"]
    assert found(None, labelled=False) == ["label_free"]
    assert found(["bcubed_precision", "bcubed_recall_mean"]) == [
        "bcubed_precision",
        "bcubed_recall",
    ]
    with pytest.raises(UserError, match="ari_mean, ami_mean"):
        found("accuracy")
    with pytest.raises(UserError, match="has no labels"):
        found("ari", labelled=False)
    with pytest.raises(UserError, match="different objectives"):
        found(["ari", "ari_mean"])


@pytest.mark.parametrize(
    ("storage", "told"),
    [
        ("postgresql://me:secret@127.0.0.1:9/none", "does not answer .*see that it runs"),
        ("studies", "task.storage is a URL"),
        ("sqlite:////proc/nothing/studies.db", "cannot be used"),
    ],
)
def test_a_storage_that_cannot_be_used(tmp_path: Path, home: Path, storage: str, told: str) -> None:
    with pytest.raises(UserError, match=told) as caught:
        study.open_study(_plan(tmp_path, storage=storage))
    assert "secret" not in str(caught.value)


def test_a_storage_of_another_version(tmp_path: Path, home: Path) -> None:
    study.open_study(_plan(tmp_path))
    with sqlite3.connect(tmp_path / "studies.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'v0.9.0.a'")
    with pytest.raises(UserError, match="optuna storage upgrade"):
        study.open_study(_plan(tmp_path))
