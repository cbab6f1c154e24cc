"""A class names its own argument, the command line its group."""

import pickle

import pytest
from omegaconf import OmegaConf

from facetrack.core.errors import SettingError, UserError
from facetrack.dataset import Folder
from facetrack.detector import Haar
from facetrack.evaluation.resampling import Bootstrap
from facetrack.tasks.context.groups import name_group

_CONFIG = OmegaConf.create(
    {
        "dataset": {"root": "/photos", "roots": None, "url": None},
        "detector": {"choose": "first"},
        "embedder": {"url": "…", "filename": "…"},
        "clusterer": {"eps": 0.3},
        "sampling": {"fraction": 0.8},
    }
)


def test_names_are_the_classs_own_until_somebody_knows_the_group() -> None:
    error = SettingError("{choose} is one of {known}; got {came!r}", known="a, b", came="{c}")
    assert str(error) == "choose is one of a, b; got '{c}'"
    assert error.settings == {"choose"}
    assert str(error.within("detector")) == "detector.choose is one of a, b; got '{c}'"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{choose} is wrong", "detector.choose is wrong"),
        ("{fraction} is wrong", "sampling.fraction is wrong"),
        ("{root} and {roots} are wrong", "dataset.root and dataset.roots are wrong"),
        ("{url} and {filename} are wrong", "embedder.url and embedder.filename are wrong"),
        ("{nowhere} is wrong", "nowhere is wrong"),
    ],
)
def test_the_group_is_the_one_that_has_the_settings(text: str, told: str) -> None:
    with pytest.raises(UserError) as raised, name_group(_CONFIG):
        raise SettingError(text)
    assert str(raised.value) == told


def test_it_says_the_same_in_another_process() -> None:
    error = pickle.loads(pickle.dumps(SettingError("{root} is {came}", came="{x}")))
    assert isinstance(error, UserError)
    assert str(error) == "root is {x}"


def test_the_classes_name_their_own_arguments() -> None:
    with pytest.raises(UserError, match=r"^choose is one of first, .*; got 'x'$"):
        Haar(choose="x")
    with pytest.raises(UserError, match=r"^fraction is the share of the faces"):
        Bootstrap(2)
    with pytest.raises(UserError, match=r"^neither root nor roots is given: root=PATH takes"):
        Folder().load()
