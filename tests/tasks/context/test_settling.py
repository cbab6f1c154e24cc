"""What a config leaves open is settled by its embedder, and by a file of vectors."""

from pathlib import Path

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from facetrack.core.errors import UserError
from facetrack.core.scale import Scale
from facetrack.system.shipped import CONF
from facetrack.tasks.context.parameters import flatten
from facetrack.tasks.context.settling import of_class, read_scale, settle

SHARES = {"infomap": 1e-4, "chinese_whispers": 1e-4, "average_linkage": 1e-3}


def _settled(*overrides: str) -> DictConfig:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", list(overrides))
    settle(config)
    return config


@pytest.mark.parametrize("embedder", ["dlib", "facenet512"])
@pytest.mark.parametrize("clusterer", SHARES)
def test_a_method_has_a_radius_of_its_own(clusterer: str, embedder: str) -> None:
    config = _settled(f"clusterer={clusterer}", f"embedder={embedder}")
    assert config.clusterer.eps == read_scale(config).find_distance(SHARES[clusterer])
    assert config.clusterer.eps > config.embedder.radius


def test_one_that_is_given_stays() -> None:
    assert _settled("clusterer=infomap", "clusterer.eps=0.2").clusterer.eps == 0.2


def test_what_a_radius_follows_from_is_no_parameter_of_its_own() -> None:
    params, _ = flatten(_settled("clusterer=infomap"))
    others, _ = flatten(_settled("clusterer=infomap", "clusterer.eps=0.344", "clusterer.share=0.1"))
    assert params == others
    assert not [
        key
        for key in params
        if key.endswith(("strangers", "false_neighbors", "likelihood", "share"))
    ]


def _save(folder: Path, **arrays: object) -> str:
    path = folder / "faces.npz"
    np.savez(path, embeddings=np.eye(4), **arrays)  # type: ignore[arg-type]
    return f"dataset.file={path}"


def test_a_file_of_vectors_says_how_far_apart_strangers_are(tmp_path: Path) -> None:
    pairs = [[1e-5, 0.5], [1e-3, 0.7]]
    file = _save(tmp_path, strangers=np.array(pairs))
    config = _settled("dataset=vectors", file, "clusterer=infomap")
    assert read_scale(config) == Scale(None, ((1e-5, 0.5), (1e-3, 0.7)))
    assert config.clusterer.eps == 0.6


def test_of_a_radius_alone_it_is_guessed(tmp_path: Path) -> None:
    file = _save(tmp_path, radius=np.array(0.5))
    config = _settled("dataset=vectors", file, "clusterer=infomap")
    assert config.clusterer.eps == Scale(0.5).find_distance(1e-4)


def test_nobody_knows(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"add clusterer.eps=NUMBER, or embedder.radius=NUMBER"):
        _settled("dataset=vectors", _save(tmp_path), "clusterer=infomap")


@pytest.mark.parametrize(
    ("pairs", "told"),
    [
        (np.zeros(3), r"`strangers` is expected to be numbers, \(m, 2\)"),
        (np.array([[1e-3, 0.5], [1e-4, 0.7]]), "`strangers` is a list of pairs"),
    ],
)
def test_a_file_that_says_what_cannot_be(pairs: object, told: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=told):
        _settled("dataset=vectors", _save(tmp_path, strangers=pairs), "embedder.radius=0.3")


def test_a_class_is_not_told_what_is_for_others() -> None:
    embedder = of_class(_settled("clusterer=infomap").embedder)
    assert set(embedder) == {"_target_", "normalize", "radius"}
