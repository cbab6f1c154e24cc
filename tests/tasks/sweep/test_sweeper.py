"""Which jobs a sweep has where choices differ in their settings."""

import pytest
from hydra import initialize_config_dir
from hydra._internal.callbacks import Callbacks
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig

from facetrack.cli.multirun import plan
from facetrack.core.errors import UserError
from facetrack.system.shipped import CONF
from hydra_plugins import facetrack_sweeper

SETTINGS = {
    "clusterer=kmeans": {"clusterer.n_clusters"},
    "clusterer=dbscan": {"clusterer.eps", "clusterer.min_samples"},
    "clusterer=meanshift": {"clusterer.eps"},
    "dataset=lfw": {"dataset.archive"},
}


class Choices(plan.Choices):
    """The two questions the sweeper asks of Hydra, answered by SETTINGS."""

    def __init__(self) -> None:
        pass

    def is_group(self, override: Override) -> bool:
        return override.key_or_group in ("clusterer", "dataset", "experiment")

    def have(self, groups: tuple[str, ...], key: str) -> bool:
        return any(key in SETTINGS.get(group, ()) for group in groups)


def jobs(*overrides: str) -> tuple[list[str], dict[str, list[str]]]:
    parsed = OverridesParser.create().parse_overrides(list(overrides))
    found = plan.plan_jobs(parsed, Choices())
    return [" ".join(job) for job in found.jobs], found.left_out


def test_a_setting_goes_to_the_choices_that_have_it() -> None:
    found, left_out = jobs("clusterer=kmeans,dbscan,meanshift", "clusterer.eps=0.1,0.2")
    assert found == [
        "clusterer=kmeans",
        "clusterer=dbscan clusterer.eps=0.1",
        "clusterer=dbscan clusterer.eps=0.2",
        "clusterer=meanshift clusterer.eps=0.1",
        "clusterer=meanshift clusterer.eps=0.2",
    ]
    assert left_out == {"clusterer.eps": ["kmeans"]}


def test_a_setting_nobody_has_stays_for_hydra_to_refuse() -> None:
    found, left_out = jobs("clusterer=kmeans,dbscan", "clusterer.nothing=1")
    assert found == [f"clusterer={one} clusterer.nothing=1" for one in ("kmeans", "dbscan")]
    assert left_out == {}


def test_an_experiments_own_setting_goes_to_those_that_have_it_or_to_nobody() -> None:
    typed = OverridesParser.create().parse_overrides(
        ["clusterer.eps=0.1", "clusterer.n_clusters=5"]
    )
    for chosen, expected in (
        ("kmeans", ["clusterer.n_clusters=5 clusterer=kmeans"]),
        ("dbscan", ["clusterer.eps=0.1 clusterer=dbscan"]),
        (
            "dbscan,kmeans",
            [
                "clusterer.eps=0.1 clusterer=dbscan",
                "clusterer.n_clusters=5 clusterer=kmeans",
            ],
        ),
    ):
        (choice,) = OverridesParser.create().parse_overrides([f"clusterer={chosen}"])
        found = plan.plan_jobs([*typed, choice], Choices(), untyped=2)
        assert [" ".join(job) for job in found.jobs] == expected
        assert found.left_out == {}


def test_jobs_of_one_dataset_follow_each_other() -> None:
    found, _ = jobs("clusterer=kmeans,dbscan", "dataset=lfw,muct", "dataset.archive=x")
    assert found == [
        "dataset=lfw clusterer=kmeans dataset.archive=x",
        "dataset=lfw clusterer=dbscan dataset.archive=x",
        "dataset=muct clusterer=kmeans",
        "dataset=muct clusterer=dbscan",
    ]


def test_a_later_override_replaces_an_earlier_one() -> None:
    found, _ = jobs("clusterer.eps=1,2", "clusterer=dbscan", "clusterer.eps=0.5")
    assert found == ["clusterer.eps=0.5 clusterer=dbscan"]


def test_additions_and_deletions_pass_through() -> None:
    found, _ = jobs("+experiment=table1", "~clusterer.max_iter", "seed=1,2")
    assert found == [f"+experiment=table1 ~clusterer.max_iter seed={one}" for one in (1, 2)]


def test_a_continuous_sweep_is_refused() -> None:
    with pytest.raises(UserError, match="expected single values"):
        jobs("clusterer.eps=interval(0,1)")


def test_each_kind_of_job_is_composed_before_the_first_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, _ = jobs("clusterer=kmeans,dbscan", "clusterer.eps=0.1,0.2,0.3", "seed=1,2")
    batch = [job.split(" ") for job in found]
    impossible = ["clusterer=dbscan", "clusterer.eps=0.1", "clusterer.nothing=1"]
    composed: list[list[str]] = []
    real = ConfigLoaderImpl.load_sweep_config

    def load(loader: ConfigLoaderImpl, master: DictConfig, overrides: list[str]) -> DictConfig:
        composed.append(overrides)
        return real(loader, master, overrides)

    with initialize_config_dir(str(CONF), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        sweeper = facetrack_sweeper.FacetrackSweeper(max_batch_size=None)
        sweeper.hydra_context = HydraContext(config_loader=loader, callbacks=Callbacks())
        sweeper.config = loader.load_configuration("config", [], RunMode.MULTIRUN)
        monkeypatch.setattr(
            ConfigLoaderImpl,
            "load_sweep_config",
            lambda self, master_config, sweep_overrides: load(self, master_config, sweep_overrides),
        )
        sweeper.validate_batch_is_legal(batch)
        assert composed == [
            ["clusterer=kmeans", "seed=1"],
            ["clusterer=dbscan", "clusterer.eps=0.1", "seed=1"],
        ]
        with pytest.raises(HydraException, match=r"clusterer\.nothing"):
            sweeper.validate_batch_is_legal([*batch, impossible])


def test_all_people_are_not_drawn_several_times() -> None:
    found, _ = jobs("n_people=10,null", "people_draw=0,1", "clusterer=kmeans")
    assert found == [
        "n_people=10 people_draw=0 clusterer=kmeans",
        "n_people=10 people_draw=1 clusterer=kmeans",
        "n_people=null clusterer=kmeans",
    ]
