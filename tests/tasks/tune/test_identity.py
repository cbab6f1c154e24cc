"""What a study is, and that another one under its name is refused."""

import sqlite3
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from hydra import compose, initialize_config_dir
from made_faces import embeddings_of
from omegaconf import DictConfig, OmegaConf

from facetrack.clusterer import DBSCAN
from facetrack.core.errors import UserError
from facetrack.core.faces import Embeddings, Picture
from facetrack.evaluation.experiment import Experiment
from facetrack.evaluation.resampling import Bootstrap, Subsample
from facetrack.system.shipped import CONF
from facetrack.tasks.context.parameters import flatten, select_distinguishing
from facetrack.tasks.context.stored_configs import contain
from facetrack.tasks.tune import planning, study, study_identity
from facetrack.tasks.tune.space import Range
from facetrack.tasks.tune.whole_folder import CHOSEN_ON, identify_choice, tell_choice

CHOICES = {
    "dataset": "portraits",
    "detector": "haar",
    "embedder": "dlib",
    "clusterer": "dbscan",
    "sampling": "bootstrap",
}


def _config(*overrides: str) -> DictConfig:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", ["task=tune", *overrides])
    OmegaConf.resolve(config)
    return config


def _identity(*overrides: str, faces: str = "f", **choices: str) -> dict[str, str]:
    params = select_distinguishing(flatten(_config(*overrides))[0])
    return study_identity.identify(
        params, CHOICES | choices, ["eps"], faces, study_identity.name_with_source
    )


def test_it_is_the_choices_by_name_with_their_arguments() -> None:
    assert _identity() == {
        "dataset": "portraits",
        "faces": "f",
        "detector": "haar",
        "detector class": "facetrack Haar",
        "detector.border": "0",
        "detector.choose": "central",
        "detector.min_neighbors": "3",
        "detector.scale_factor": "1.1",
        "embedder": "dlib",
        "embedder class": "facetrack DlibResNet",
        "embedder.normalize": "True",
        "embedder.radius": "0.3",
        "clusterer": "dbscan",
        "clusterer class": "facetrack DBSCAN",
        "clusterer.min_samples": "1",
        "clusterer.neighbors": "exact",
        "sampling": "bootstrap",
        "sampling class": "facetrack Bootstrap",
        "sampling.fraction": "0.8",
        "seed": "0",
        "n_resamples": "30",
    }


def test_what_no_score_depends_on_does_not_count() -> None:
    same = ("task.n_trials=3", "clusterer.eps=0.2", "extract.engine=ray", "task.sampler=random")
    assert _identity(*same, "tracking.uri=sqlite:///x.db") == _identity()


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("seed=1", "seed"),
        ("n_resamples=31", "n_resamples"),
        ("detector.border=3", "detector.border"),
        ("detector.megapixels=20", "detector.megapixels"),
        ("embedder.normalize=false", "embedder.normalize"),
        ("embedder.radius=0.4", "embedder.radius"),
        ("clusterer.min_samples=2", "clusterer.min_samples"),
        ("clusterer._target_=sklearn.cluster.DBSCAN", "clusterer class"),
        ("sampling.fraction=0.7", "sampling.fraction"),
    ],
)
def test_what_a_score_depends_on_counts(override: str, key: str) -> None:
    before, now = _identity(), _identity(override)
    assert {one for one in before | now if before.get(one) != now.get(one)} == {key}


def test_a_class_of_ones_own_counts_by_its_name_and_its_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    source = tmp_path / "of_my_own.py"

    def named(text: str) -> str:
        source.write_text(text)
        sys.modules.pop("of_my_own", None)
        return _identity("embedder._target_=of_my_own.Mine")["embedder class"]

    first = named("class Mine:\n    size = 1\n")
    assert first.startswith("of_my_own.Mine ")
    assert named("class Mine:\n    size = 2\n") != first
    assert named("class Mine:\n    size = 1\n") == first


def test_faces_are_known_by_content_and_person_not_by_name_or_vector() -> None:
    def digest(contents: str, people: str, names: str, value: float = 1.0) -> str:
        pictures = [Picture(Path(n), n, p) for n, p in zip(names, people, strict=True)]
        vectors = np.full((2, 2), value, dtype=np.float32)
        boxes = np.zeros((2, 4), np.int64)
        return study_identity.digest_faces(
            Embeddings(vectors, boxes, pictures, (), 2, list(contents))
        )

    known = digest("ab", "xy", "12")
    assert digest("ab", "xy", "34", 0.9999999) == known
    assert len({known, digest("ac", "xy", "12"), digest("ab", "xx", "12")}) == 3


def test_own_weights_count_by_their_content(tmp_path: Path) -> None:
    weights = tmp_path / "mine.h5"
    found = set[str]()
    for content in (b"1", b"2"):
        weights.write_bytes(content)
        config = _config("embedder=facenet", f"embedder.weights={weights}")
        found.add(study_identity.digest_weights(config.embedder)["embedder.weights"])
    assert len(found) == 2
    assert study_identity.digest_weights(_config("embedder=facenet").embedder) == {}


def test_names_of_the_version_before_are_known() -> None:
    name = study_identity.make_earlier_name(
        contain(_config("n_resamples=6")),
        CHOICES,
        ("portraits", "dbscan"),
        "eps=[0.075,0.6]",
        ["ari"],
        "9875b65146d2c313",
    )
    assert name == "portraits-dbscan-498553da"


def _plan(folder: Path, **other: Any) -> study.Plan:
    ranges = [Range("eps", 0.1, 0.6, False)]
    url = f"sqlite:///{folder / 'studies.db'}"
    plan = study.Plan("s", url, ranges, ["ari"], "tpe", "none", 9, None, {"seed": "0", "a": "x"})
    return replace(plan, **other)


def _with_a_trial(plan: study.Plan) -> optuna.Study:
    opened = study.open_study(plan)
    trial = opened.ask()
    trial.suggest_float("eps", 0.1, 0.6)
    opened.tell(trial, 0.5)
    return opened


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ({"seed": "1", "a": "x"}, r"\(seed was 0, now 1\): go on with it as it was started, or"),
        ({"seed": "1", "b": "y"}, r"\(seed was 0, now 1; b was not set, now y; a was x, now not"),
    ],
)
def test_another_study_of_that_name_is_refused_with_what_differs(
    tmp_path: Path, home: Path, now: Mapping[str, str], told: str
) -> None:
    _with_a_trial(_plan(tmp_path))
    with pytest.raises(UserError, match=told):
        study.open_study(_plan(tmp_path, identity=now))
    assert len(study.open_study(_plan(tmp_path)).trials) == 1


def test_one_under_its_earlier_name_is_taken_up(tmp_path: Path, home: Path) -> None:
    before = _with_a_trial(_plan(tmp_path, name="before", identity={}))
    opened = study.open_study(_plan(tmp_path, name="now", earlier=("newer", "before")))
    assert (opened.study_name, len(opened.trials)) == ("before", 1)
    assert study.IDENTITY not in before.user_attrs  # who calls finds out, and says it


def test_one_that_was_begun_on_bootstraps_goes_on_with_them(tmp_path: Path, home: Path) -> None:
    rng = np.random.default_rng(0)
    faces = embeddings_of(rng.normal(size=(20, 3)), np.arange(20) % 4)
    experiment = Experiment(faces, DBSCAN(0.3), Bootstrap(0.7), "made", 0, 2)
    now = {"seed": "0", "a": "x", **identify_choice(experiment.sampling)}
    assert now[CHOSEN_ON] == "subsamples"
    before = _with_a_trial(_plan(tmp_path))
    opened = study.open_study(_plan(tmp_path, identity=now))
    assert len(opened.trials) == 1
    scorer = planning.make_scorer(experiment, opened, ["ari"], 0.3)
    assert scorer.experiment.sampling == Bootstrap(0.7)
    assert "too large for all faces" in tell_choice(scorer.experiment.sampling, 2)
    assert before.user_attrs[study.IDENTITY] == {"seed": "0", "a": "x"}

    new = study.open_study(_plan(tmp_path, name="new", identity=now))
    scorer = planning.make_scorer(experiment, new, ["ari"], 0.3)
    assert scorer.experiment.sampling == Subsample(0.7)
    assert identify_choice(Subsample(0.7)) == {}


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("UPDATE study_directions SET direction = 'MINIMIZE'", "made to minimize"),
        ("DELETE FROM study_directions", "made to nothing"),
        ("DELETE FROM trial_values", "trial 0 of study s has no value of ari"),
        ("DELETE FROM trial_params", "trial 0 of study s has no eps within"),
        ("UPDATE trial_params SET param_value = 7", "no eps within"),
        ("UPDATE trials SET state = 'ODD'", "is damaged"),
        ("DELETE FROM study_user_attributes", "was started to search something else"),
    ],
)
def test_a_damaged_database_gives_no_best(
    tmp_path: Path, home: Path, damage: str, told: str
) -> None:
    _with_a_trial(_plan(tmp_path))
    with sqlite3.connect(tmp_path / "studies.db") as connection:
        connection.execute(damage)
    with pytest.raises(UserError, match=told) as caught:
        study.open_study(_plan(tmp_path))
    assert "\n" not in str(caught.value)
