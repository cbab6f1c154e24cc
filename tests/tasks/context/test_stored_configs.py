"""Configs section by section are what OmegaConf makes of the whole."""

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from facetrack.core.errors import UserError
from facetrack.system.shipped import CONF
from facetrack.tasks.context.missing import refuse_missing
from facetrack.tasks.context.stored_configs import resolve, write_masked

_JOBS = (
    ["clusterer=dbscan", "clusterer.eps=0.1"],
    ["clusterer=meanshift", "+clusterer.more='say: \"{a: 1}\"'", "sweep_id=1"],
    ["clusterer=kmeans", "+dataset.names=[yes, null, '1', 1.0, true]", "sweep_id='1'"],
    ["clusterer=dbscan", "clusterer.eps=0.1"],
)


def _compose(*overrides: str) -> DictConfig:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("config", list(overrides))


@pytest.mark.parametrize("overrides", _JOBS)
def test_a_config_is_resolved_and_written_as_a_whole(overrides: list[str]) -> None:
    config, whole = _compose(*overrides), _compose(*overrides)
    content = resolve(config)
    OmegaConf.resolve(whole)
    assert content == OmegaConf.to_container(whole) == OmegaConf.to_container(config)
    assert write_masked(config) == OmegaConf.to_yaml(whole)


def test_a_reference_at_the_top_is_resolved() -> None:
    config = OmegaConf.create({"a": {"b": 1, "c": "${d}"}, "d": "${a.b}"})
    assert resolve(config) == {"a": {"b": 1, "c": 1}, "d": 1}


def test_a_password_is_hidden_in_a_section_alone() -> None:
    config = _compose("tracking.uri='postgresql://me:hunter22x@host/db'")
    resolve(config)
    written = OmegaConf.create(write_masked(config))
    assert written.tracking.uri == "postgresql://me:***@host/db"
    assert written.dataset == config.dataset


def test_what_is_missing_is_told_by_name() -> None:
    refuse_missing(_compose())
    with pytest.raises(UserError, match=r"dataset\.root has no value"):
        refuse_missing(_compose("dataset=folder"))
