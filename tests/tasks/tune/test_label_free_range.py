"""Where the label-free objective is searched."""

import numpy as np
import pytest
from hydra import compose, initialize_config_dir

from facetrack.core.faces import Embeddings
from facetrack.system.shipped import CONF
from facetrack.tasks.tune.planning import narrow_to_expected
from facetrack.tasks.tune.run import read_space
from facetrack.tasks.tune.space import Range, find_ranges, narrow


def _narrowed(smallest: float, largest: float, *overrides: str) -> list[Range]:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", ["task=tune", *overrides])
    space = read_space(config)
    given = [name for name, ends in space.asked.items() if ends]
    return narrow(find_ranges(space), given, smallest, largest)


def test_a_radius_is_searched_where_it_can_be_right() -> None:
    assert _narrowed(0.31, 0.38) == [Range("eps", 0.31, 0.38, False)]
    assert _narrowed(0.31, 0.38, "clusterer=meanshift") == [Range("bandwidth", 0.31, 0.38, False)]


def test_other_settings_keep_their_range() -> None:
    both = _narrowed(0.31, 0.38, "task.space.min_samples=[1,5]")
    assert both == [Range("eps", 0.31, 0.38, False), Range("min_samples", 1, 5, True)]
    (one, other) = _narrowed(0.31, 0.38, "clusterer=hdbscan")
    assert (one, other) == (
        Range("min_cluster_size", 2, 10, True),
        Range("min_samples", 1, 5, True),
    )


def test_a_range_that_was_asked_for_is_searched() -> None:
    asked = "task.space.eps=[0.05,0.6]"
    assert _narrowed(0.31, 0.38, asked) == [Range("eps", 0.05, 0.6, False)]
    mean_shift = _narrowed(0.31, 0.38, asked, "clusterer=meanshift")
    assert mean_shift == [Range("bandwidth", 0.05, 0.6, False)]


def test_a_range_elsewhere_is_left_alone() -> None:
    found = _narrowed(0.31, 0.38, "clusterer.space.eps=[1.5,2]")
    assert found == [Range("eps", 0.3 * 1.5, 0.6, False)]


def test_a_graph_methods_radius_is_searched_about_that_of_so_many_faces() -> None:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", ["task=tune", "clusterer=infomap"])
    space = read_space(config)
    vectors = np.eye(900, 4, dtype=np.float32)
    faces = Embeddings(vectors, np.zeros((900, 4), np.int64), [], [], 900, [])
    (found,) = narrow_to_expected(find_ranges(space), space, faces)
    expected = space.scale.find_distance_for(900)
    assert found.low == pytest.approx(0.85 * expected, rel=1e-3)
    assert found.high == pytest.approx(1.15 * expected, rel=1e-3)
