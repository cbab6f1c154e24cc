"""Targets that have moved are found by the names under which the version before stored them."""

from pathlib import Path

import pytest
from hydra.utils import get_object
from omegaconf import OmegaConf

from facetrack.core.errors import UserError
from facetrack.evaluation.resampling import Bootstrap
from facetrack.tasks.context import names, targets
from facetrack.tasks.context.estimators import build_estimator
from facetrack.tasks.context.faces import embed
from facetrack.tasks.context.instances import make
from facetrack.tasks.context.parameters import flatten
from facetrack.tasks.context.stored_configs import read_logged
from facetrack.tasks.evaluate.run import evaluate
from facetrack.testing import portrait_faces

_LOGGED = Path(__file__).resolve().parents[2] / "fixtures/studied_by_version_1/config.yaml"


def test_a_config_that_the_version_before_has_logged_is_as_good_as_a_new_one(
    warm_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACETRACK_HOME", str(warm_home))
    config = read_logged(_LOGGED.read_bytes())
    assert embed(config).digest == portrait_faces(warm_home).digest
    assert make(config.sampling) == Bootstrap(0.8)
    assert build_estimator(config.clusterer).get_params()["bandwidth"] == 0.2
    assert get_object(targets.of_task(config.task)) is evaluate


def test_what_is_stored_goes_on_being_called_what_it_was() -> None:
    config = read_logged(_LOGGED.read_bytes())
    now = config.copy()
    now.sampling._target_ = "facetrack.evaluation.resampling.Bootstrap"
    now.task._target_ = "facetrack.tasks.evaluate.run.evaluate"
    assert flatten(now) == flatten(config)
    assert flatten(now)[0]["sampling._target_"] == "facetrack.resample.Bootstrap"


def test_every_name_leads_to_something_and_back() -> None:
    for target, name in names._STORED.items():
        assert callable(get_object(target))
        assert names.name_as_stored(target) == name
        assert names.find_present(name) == target
    assert names.find_present("mymodule.Mine") == "mymodule.Mine"


def test_a_name_is_no_way_around_what_may_be_run() -> None:
    with pytest.raises(UserError, match="is none of facetrack's choices"):
        make(OmegaConf.create({"_target_": "facetrack.forget.forget", "config": {}}))
