"""The files in conf/, read without Hydra as Hydra reads them."""

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from facetrack.core.errors import UserError
from facetrack.core.scale import SETTINGS
from facetrack.system.choices import choose, make_default
from facetrack.system.shipped import CONF

_GROUPS = ("dataset", "detector", "embedder", "clusterer", "sampling", "tracking")
_CHOICES = [
    (group, path.stem)
    for group in _GROUPS
    for path in sorted((CONF / group).glob("*.yaml"))
    if path.stem not in ("none", "vectors", "folder", "personal_faces")
]


@pytest.mark.parametrize(("group", "name"), _CHOICES)
def test_settings_are_those_that_hydra_composes(
    group: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "mine")
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", [f"{group}={name}"])
    OmegaConf.resolve(config)
    composed = dict(OmegaConf.to_container(config[group]))  # type: ignore[arg-type]
    choice = choose(group, name)
    assert choice.target == composed.pop("_target_", "")
    composed.pop("space", None)
    facts = {key: composed.pop(key) for key in ("share", *SETTINGS) if key in composed}
    assert choice.facts == facts
    assert choice.fill({}, {"embedder.radius": config.embedder.radius}) == composed


def test_a_default_follows_what_is_given() -> None:
    meanshift = choose("clusterer", "meanshift")
    filled = meanshift.fill({"eps": 0.7}, {"embedder.radius": 0.3})
    assert (filled["eps"], filled["bandwidth"]) == (0.7, 0.7)
    filled = meanshift.fill({"bandwidth": 0.8}, {"embedder.radius": 0.3})
    assert (filled["eps"], filled["bandwidth"]) == (0.3, 0.8)
    # What is given is a value, whatever it looks like.
    assert meanshift.fill({"eps": "${a.b}"}, {})["bandwidth"] == "${a.b}"


def test_a_choice_that_is_not_complete_says_what_it_needs() -> None:
    with pytest.raises(UserError) as told:
        make_default("embedder", "onnx")
    assert str(told.value) == (
        "onnx needs weights: give facetrack.embedder.AlignedOnnx(weights=…, …) instead"
    )
