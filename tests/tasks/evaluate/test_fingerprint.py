"""A job's fingerprint, by which a resumed sweep finds what it has, lasts over versions."""

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from facetrack.system.shipped import CONF
from facetrack.tasks.context.parameters import fingerprint, flatten
from facetrack.tasks.context.settling import settle

FOLDER = ("dataset=folder", "dataset.root=/x", "detector=dlib_hog", "clusterer.eps=0.3")


def _fingerprint(*overrides: str) -> str:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", list(overrides))
    settle(config)
    OmegaConf.resolve(config)
    return fingerprint(flatten(config)[0])


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [(("detector=haar",), "517836035b29e77f"), (FOLDER, "4c381a06a606e708")],
)
def test_what_the_version_before_has_finished_is_found(
    overrides: tuple[str, ...], expected: str
) -> None:
    assert _fingerprint(*overrides) == expected


def test_hdbscan_that_counted_copies_is_another_job() -> None:
    old, dbscan = ("clusterer=hdbscan", "n_resamples=3"), ("detector=haar",)
    assert _fingerprint(*old, "protocol_version=1") == "da1267e516ddba20"
    assert _fingerprint(*old) != _fingerprint(*old, "protocol_version=1")
    assert _fingerprint(*dbscan) == _fingerprint(*dbscan, "protocol_version=1")


def test_what_came_later_counts_where_it_is_used() -> None:
    known = _fingerprint(*FOLDER)
    assert _fingerprint(*FOLDER, "detector.megapixels=20") != known
    assert _fingerprint(*FOLDER, "dataset.exclude=[drafts]") != known


def test_one_start_of_k_means_is_what_it_had_before_that_was_a_setting() -> None:
    assert _fingerprint("clusterer=kmeans") == "9b3caf9a5598752c"
    assert _fingerprint("clusterer=kmeans", "clusterer.n_init=10") == "8b92c0b89511d43b"
