"""Each setting has a rule, the value it has in conf keeps to it, and what is no such value not."""

import math

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from facetrack.cli.arguments import values
from facetrack.cli.arguments.catalogue import Catalogue
from facetrack.cli.command_line import prepare
from facetrack.core.errors import UserError
from facetrack.core.given import LARGEST_SEED, is_seed
from facetrack.system.shipped import CONF

CATALOGUE = Catalogue([CONF])
# Names of what a sweep is, of classes, and lists that classes check themselves.
UNRULED = {"sweep_id", "reproduces"}
NUMBERS = [key for key, rule in values.RULES.items() if rule.takes(3) and not rule.takes("x")]


def test_every_setting_in_conf_has_a_rule() -> None:
    keys = {key for key in CATALOGUE.owners if not key.endswith("_target_")} - UNRULED
    assert keys - set(values.RULES) == set()


def test_no_rule_is_of_a_setting_that_is_gone() -> None:
    arguments = {key for key in values.RULES if key.startswith("clusterer.space.")}
    assert set(values.RULES) - set(CATALOGUE.owners) - arguments == {"hydra.launcher.num_cpus"}


@pytest.mark.parametrize(
    "owner",
    [f"{group}={one}" for group, options in CATALOGUE.groups.items() for one in options],
)
def test_the_values_in_conf_keep_to_their_rules(owner: str) -> None:
    group, _, choice = owner.partition("=")
    plain = CATALOGUE.plain(group, choice)
    if group in CATALOGUE.defaults and plain is not None:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            base = OmegaConf.to_container(compose("config"))
        assert isinstance(base, dict)
        job = OmegaConf.create({**base, group: dict(plain)})
        assert isinstance(job, DictConfig)
        values.check([job], [])


@pytest.mark.parametrize("key", NUMBERS)
@pytest.mark.parametrize("value", [True, False, math.nan, math.inf, -math.inf, -1, "3", [3], ""])
def test_a_number_is_a_number(key: str, value: object) -> None:
    with pytest.raises(UserError, match=f"^{key} is "):
        values.RULES[key].refuse(key, value)


def test_numbers_are_many() -> None:
    assert {"seed", "n_resamples", "n_people", "clusterer.eps", "task.timeout"} <= set(NUMBERS)
    assert len(NUMBERS) >= 20


@pytest.mark.parametrize(
    "key", [key for key, rule in values.RULES.items() if rule.what == "true or false"]
)
@pytest.mark.parametrize("value", [0, 1, "true", "yes", None, []])
def test_a_switch_is_true_or_false(key: str, value: object) -> None:
    with pytest.raises(UserError, match=f"^{key} is true or false"):
        values.RULES[key].refuse(key, value)


def test_seeds() -> None:
    assert [is_seed(one) for one in (0, LARGEST_SEED)] == [True, True]
    wrong = (-1, LARGEST_SEED + 1, True, 1.0, "1", None)
    assert [is_seed(one) for one in wrong] == [False] * len(wrong)
    assert prepare([f"seed={LARGEST_SEED}"], CONF) == ["seed=4294967295"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["+experiment=table1", "clusterer.bandwidth=0.3"],
        ["-m", "clusterer=kmeans,dbscan", "clusterer.eps=0.1,0.2", "hydra/launcher=joblib"],
        ["hydra/launcher=submitit_slurm", "+hydra.launcher.slurm_qos=high", "-m"],
        ["clusterer=kmeans", "+clusterer.tol=0.1"],
        ["clusterer=kmeans", "++clusterer.tol=0.1"],
        ["++clusterer.eps=0.3"],
        ["clusterer={eps:0.4}"],
        ["clusterer=hdbscan", "~clusterer.copy"],
        ["~clusterer.space"],
        ["task=tune", "+clusterer.space.min_samples=[1,4]"],
        ["task=tune", "task.space.eps=[0.1,0.5]", "task.objective=[ari_mean,bcubed_f]"],
        ["task=forget", "person='3'"],
        ["clusterer.eps=${embedder.radius}"],
        ["embedder._target_=facetrack.embedder.DlibResNet"],
        ["+hydra.job.env_set.A=1", "hydra.run.dir=elsewhere"],
        ["dataset=lfw", "dataset.archive=null"],
        ["seed=1", "seed=2"],
        ["-m", "seed=range(1,3)", "clusterer=glob(*means*)"],
        ["--cfg=job", "dataset=folder"],
    ],
)
def test_what_is_meant_goes_through(arguments: list[str]) -> None:
    if "hydra/launcher=submitit_slurm" in arguments:
        pytest.importorskip("submitit")
    if "hydra/launcher=joblib" in arguments:
        pytest.importorskip("hydra_plugins.hydra_joblib_launcher")
    kept = [one for one in prepare(arguments, CONF) if not one.startswith("sweep_id=")]
    assert {one.replace("choice(0.3)", "0.3") for one in kept} == set(arguments)


def test_a_class_of_ones_own_has_settings_of_its_own(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("own")
    (folder / "own_detector.py").write_text(
        "class Mine:\n    def __init__(self, choose='best', threshold=0.5):\n        pass\n"
    )
    (folder / "detector").mkdir()
    (folder / "detector/mine.yaml").write_text("_target_: own_detector.Mine\nchoose: best\n")
    monkeypatch.syspath_prepend(str(folder))
    given = ["-cd", str(folder), "detector=mine"]
    added = f"--config-dir={folder}"
    assert prepare([*given, "detector.choose=any"], CONF) == [
        added,
        *("detector=mine", "detector.choose=any"),
    ]
    assert prepare([*given, "+detector.threshold=1"], CONF)[-1] == "+detector.threshold=1"
    with pytest.raises(UserError, match=r"did you mean \+detector\.threshold\?"):
        prepare([*given, "detector.treshold=1"], CONF)
    with pytest.raises(UserError, match="did you mean detector=mine"):
        prepare([*given[:2], "detector=mime"], CONF)
