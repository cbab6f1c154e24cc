"""Every YAML in conf composes and instantiates, so that YAML and signatures cannot drift."""

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import get_method, instantiate
from omegaconf import DictConfig, OmegaConf

from facetrack.core.faces import Dataset, Detector, Embedder, Sampling
from facetrack.dataset import Folder, Lfw, Muct, Portraits, Vectors
from facetrack.detector import DlibHog, Haar, NoDetector, Whole, YuNet
from facetrack.embedder import AlignedOnnx, DlibResNet, FaceNet, NoEmbedder
from facetrack.evaluation.resampling import Bootstrap, Subsample
from facetrack.system.shipped import CONF
from facetrack.tasks.context.estimators import build_estimator
from facetrack.tasks.context.settling import of_class, settle

GROUPS = (
    "dataset",
    "detector",
    "embedder",
    "clusterer",
    "sampling",
    "task",
    "tracking",
    "experiment",
)
CHOICES = [(group, path.stem) for group in GROUPS for path in sorted((CONF / group).glob("*.yaml"))]
NEEDED = {"folder": ["dataset.root=pictures"], "personal_faces": ["dataset.root=pictures"]}
NEEDED["vectors"] = ["dataset.file=faces.npz"]
NEEDED["onnx"] = ["embedder.weights=model.onnx"]


def _compose(group: str, choice: str) -> DictConfig:
    chosen = f"+{group}={choice}" if group == "experiment" else f"{group}={choice}"
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", [chosen, *NEEDED.get(choice, [])])
    OmegaConf.resolve(config)
    return config


@pytest.mark.parametrize(("group", "choice"), CHOICES)
def test_composes_and_instantiates(group: str, choice: str) -> None:
    if group == "experiment":
        # Its sweep is run in test_study.py; here, that each choice it sweeps is there.
        text = (CONF / group / f"{choice}.yaml").read_text()
        assert _compose(group, choice).seed == 0
        if "hydra:" not in text:  # a job alone
            return
        swept = OmegaConf.create(text).hydra.sweeper.params
        assert set(swept.clusterer.split(",")) < {path.stem for path in CONF.glob("clusterer/*")}
        return
    config = _compose(group, choice)
    node = config[group]
    if group == "clusterer":
        settle(config)
        assert hasattr(build_estimator(node), "fit_predict")
    elif group == "task":
        assert callable(get_method(node._target_))
    elif group == "tracking":
        assert set(node) - {"system_metrics"} == {"uri", "experiment"}
    else:
        made = instantiate(of_class(node) if group == "embedder" else node)
        methods = {
            "dataset": ("load",),
            "detector": ("identity", "detect"),
            "embedder": ("identity", "embed"),
            "sampling": ("draw",),
        }[group]
        assert all(callable(getattr(made, name)) for name in methods)


def test_all_groups_are_covered() -> None:
    # conf/hydra holds the launchers: see test_launchers.py.
    assert {path.name for path in CONF.iterdir() if path.is_dir()} == {*GROUPS, "hydra"}
    assert len(CHOICES) >= 24


def test_the_first_line_says_what_it_is() -> None:
    for group, choice in CHOICES:
        text = (CONF / group / f"{choice}.yaml").read_text()
        lines = [line for line in text.splitlines() if not line.startswith("# @package")]
        assert lines[0].startswith("# "), f"{group}/{choice}"


def test_the_article_rule() -> None:
    detector = _compose("detector", "haar_article").detector
    assert (detector.choose, detector.border) == ("first", 10)
    assert (detector.scale_factor, detector.min_neighbors) == (1.1, 3)


def test_radius_methods_follow_the_embedder() -> None:
    for clusterer, key in (("dbscan", "eps"), ("meanshift", "bandwidth")):
        for embedder in ("dlib", "facenet"):
            with initialize_config_dir(str(CONF), version_base="1.3"):
                config = compose("config", [f"clusterer={clusterer}", f"embedder={embedder}"])
            assert config.clusterer[key] == config.embedder.radius


def test_one_distance_knob() -> None:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        swept = compose("config", ["clusterer=meanshift", "clusterer.eps=0.7"])
        own = compose("config", ["clusterer=meanshift", "clusterer.bandwidth=0.8"])
    assert swept.clusterer.bandwidth == 0.7
    assert own.clusterer.bandwidth == 0.8


def test_classes_fit_the_seams() -> None:
    # mypy does the checking: each list admits only what satisfies the protocol.
    datasets: list[Dataset] = [Folder("x"), Lfw(), Muct(), Portraits(), Vectors("x")]
    detectors: list[Detector] = [Haar(), DlibHog(), Whole(), NoDetector()]
    detectors.append(YuNet(None, [], "yunet.onnx", "ab" * 32))
    embedders: list[type[Embedder]] = [AlignedOnnx, DlibResNet, FaceNet, NoEmbedder]
    samplings: list[Sampling] = [Bootstrap(), Subsample()]
    assert [len(one) for one in (datasets, detectors, embedders, samplings)] == [5, 5, 4, 2]
