"""What a study searches."""

import pytest
from hydra import compose, initialize_config_dir

from facetrack.core.errors import UserError
from facetrack.system.shipped import CONF
from facetrack.tasks.tune.run import read_space
from facetrack.tasks.tune.space import Range, find_ranges


def _ranges(*overrides: str) -> list[Range]:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return find_ranges(read_space(compose("config", ["task=tune", *overrides])))


def test_distances_are_in_units_of_the_embedders_radius() -> None:
    (dlib,) = _ranges()
    assert (dlib.name, dlib.integer) == ("eps", False)
    assert (dlib.low, dlib.high) == pytest.approx((0.075, 0.6))
    (facenet,) = _ranges("embedder=facenet", "clusterer=meanshift")
    assert facenet.name == "bandwidth"
    assert (facenet.low, facenet.high) == pytest.approx((0.175, 1.4))


def test_the_command_lines_ranges_are_the_distances_themselves() -> None:
    assert _ranges("task.space.eps=[0.05,0.6]") == [Range("eps", 0.05, 0.6, False)]
    # The one distance knob.
    both = _ranges("clusterer=meanshift", "task.space.eps=[0.05,0.6]")
    assert both == [Range("bandwidth", 0.05, 0.6, False)]


def test_whole_numbers_stay_whole_and_more_settings_can_be_searched() -> None:
    found = _ranges("task.space.min_samples=[1,5]")
    assert [one.name for one in found] == ["eps", "min_samples"]
    assert found[1] == Range("min_samples", 1, 5, True)
    assert _ranges("clusterer=kmeans", "task.space.n_clusters=[2,50]")[0].integer


def test_a_setting_the_clusterer_has_not_is_left_out_and_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert [one.name for one in _ranges("task.space.min_cluster_size=[2,5]")] == ["eps"]
    assert "min_cluster_size has no meaning" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["task.space.eps=[0.6,0.05]"], "lower end first"),
        (["task.space.eps=[0.3,0.3]"], "nothing to search"),
        (["task.space.eps=[0,0.3]"], "above 0"),
        (["task.space.eps=[-1,0.3]"], "above 0"),
        (["task.space.eps=0.3"], "expected two numbers"),
        (["task.space.eps=[0.1,0.2,0.3]"], "expected two numbers"),
        (["task.space.eps=[a,b]"], "expected two numbers"),
        (["task.space.eps=[0.1,.inf]"], "expected two numbers"),
        (["clusterer=kmeans"], "nothing to search"),
    ],
)
def test_an_impossible_space_is_told(overrides: list[str], told: str) -> None:
    with pytest.raises(UserError, match=told):
        _ranges(*overrides)
