"""Jobs composed from what they share are those that Hydra composes one by one."""

import copy
from typing import Any

import pytest
from hydra import initialize_config_dir
from hydra._internal import config_loader_impl
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import OmegaConf

from facetrack.cli.multirun.composing import composed_once
from facetrack.system.shipped import CONF

_JOBS = [
    ["clusterer=dbscan", "clusterer.eps=0.1"],
    ["clusterer=dbscan", "clusterer.eps=0.2", "seed=3"],
    ["clusterer=meanshift", "clusterer.bandwidth=0.2", "+dataset.more={a: [1, 2]}"],
    ["clusterer=dbscan", "~clusterer.neighbors", "n_people=5"],
    ["+experiment=table1", "clusterer=kmeans"],
    ["clusterer=dbscan", "clusterer.eps=0.1"],
]


def test_configs_are_those_that_hydra_composes() -> None:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        master = loader.load_configuration("config", [], RunMode.MULTIRUN)
        alone = [loader.load_sweep_config(master, list(job)) for job in _JOBS]
        with composed_once():
            shared = [loader.load_sweep_config(master, list(job)) for job in _JOBS]
            shared[0].clusterer.eps = 9  # what is done to one does not show in another
            again = loader.load_sweep_config(master, list(_JOBS[0]))
            with pytest.raises(HydraException, match="nothing"):
                loader.load_sweep_config(master, ["clusterer.nothing=1"])
        shared[0] = again
        for one, other in zip(alone, shared, strict=True):
            assert OmegaConf.to_yaml(one) == OmegaConf.to_yaml(other)


def test_arguments_are_parsed_once_and_are_nobody_elses() -> None:
    texts = ["clusterer=dbscan,meanshift", "clusterer.eps=0.1,0.2", "+a={b: 'c d'}", "~x", "y="]
    parser = OverridesParser.create()
    alone = parser.parse_overrides(texts)
    with composed_once():
        first = parser.parse_overrides(texts)
        first[1]._value.list.append(9)  # type: ignore[union-attr]
        again = parser.parse_overrides(texts)
        with pytest.raises(HydraException, match="="):
            parser.parse_overrides(["==="])
    assert again == alone != first


def test_copies_share_nothing_that_can_be_changed() -> None:
    config = OmegaConf.create({"a": {"b": 1, "c": [1, {"d": "${.e}", "e": 2}]}})
    OmegaConf.set_struct(config, True)
    with composed_once():
        made = copy.deepcopy(config)
        assert made == config
        made.a.c[1].e = 3
        OmegaConf.set_struct(made, False)
        made.a.new = 1
    assert OmegaConf.to_container(config, resolve=True) == {
        "a": {"b": 1, "c": [1, {"d": 2, "e": 2}]}
    }
    assert config._metadata.flags == {"struct": True}  # what it says is kept elsewhere as well
    assert copy.deepcopy(config) == config


def test_hydra_is_as_it_was_afterwards() -> None:
    hydras: Any = config_loader_impl
    before = hydras.create_defaults_list
    with composed_once():
        assert hydras.create_defaults_list is not before
    assert hydras.create_defaults_list is before
