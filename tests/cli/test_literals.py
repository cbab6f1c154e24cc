"""Paths on the command line mean what they say."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from omegaconf import DictConfig, OmegaConf

from facetrack.cli.command_line import prepare
from facetrack.cli.literals import quote_path, quote_paths
from facetrack.core.errors import UserError
from facetrack.system.files import user_path
from facetrack.system.shipped import CONF

NASTY = "n #%20?é ü😀&;'\"${} ${a}=,:[]\\\nx b"


def _config(*arguments: str) -> DictConfig:
    """The config of a single command."""
    overrides = prepare(arguments, CONF)
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("config", overrides)


def _values(argument: str) -> list[object]:
    """The values of a sweep over paths."""
    values = OverridesParser.create().parse_override(argument).sweep_string_iterator()
    parse = OverridesParser.create().parse_override
    return [parse(f"x={value}").value() for value in values]


@pytest.mark.parametrize(
    "name", [NASTY, "a,b", "2019_20", "1e3", "true", "[a]", "a b", "é", "it's", "a\\", "${seed}"]
)
def test_a_path_that_exists_is_taken_literally(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    for given_ in (name, str(tmp_path / name)):
        config = _config("dataset=folder", f"dataset.root={given_}")
        OmegaConf.resolve(config)  # as a job does
        assert user_path(config.dataset.root) == tmp_path / name


@pytest.mark.parametrize("name", [NASTY, "a,b", "2019_20", "a b", "it's", "${a}", "$HOME", "[x"])
def test_a_folder_to_make_is_taken_literally(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").mkdir()
    config = _config("task=organise", "dataset.root=x", f"task.out={name}")
    OmegaConf.resolve(config)
    assert user_path(config.task.out) == tmp_path / name


def test_what_is_meant_for_hydra_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").mkdir()
    monkeypatch.setenv("PLACE", str(tmp_path / "x"))
    config = _config("task=organise", "dataset.root=${oc.env:PLACE}", "task.out='my out'")
    assert config.dataset.root == str(tmp_path / "x")
    assert config.task.out == "my out"
    assert _config("task=organise", "dataset.root=x", "task.out=${dataset.name}").task.out == (
        "folder"
    )
    assert _config("dataset=lfw", "dataset.archive=null").dataset.archive is None


def test_names_are_taken_literally() -> None:
    config = _config("task=forget", "dataset.root=x", "person=Müller, ${A} (2)")
    assert config.person == "Müller, ${A} (2)"


def test_a_comma_is_a_list_where_no_such_path_exists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("é 1", "a,b", "c", "#2"):
        (tmp_path / name).mkdir()

    def swept(value: str) -> str:
        return quote_paths(f"dataset.root={value}", lambda key: None, multirun=True)

    assert _values(swept("é 1,a,b,#2")) == ["é 1", "a,b", "#2"]
    assert _values(swept("c,gone")) == ["c", "gone"]
    # One that exists wins over a list, in a sweep as well.
    assert swept("a,b") == "dataset.root='a,b'"
    archives = quote_paths("dataset.archives=[é 1,a,b]", lambda key: None, multirun=False)
    assert OverridesParser.create().parse_override(archives).value() == ["é 1", "a,b"]


@given(
    st.text(
        st.sampled_from("ab /\\'\"${},=:[]#%?é😀\n;&") | st.characters(exclude_categories=["Cs"]),
        min_size=1,
    ).filter(lambda text: "\0" not in text and text.strip(" \t"))
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example("~0")  # the home of a user that there is not
@example("~\x1f${x}")
def test_any_path_goes_through_hydra_and_a_resolved_config(path: str) -> None:
    def read() -> Path:
        value = OverridesParser.create().parse_override(f"x={quote_path(path)}").value()
        config = OmegaConf.create({"x": value})
        OmegaConf.resolve(config)
        return user_path(OmegaConf.create(OmegaConf.to_yaml(config)).x)

    try:
        expected = user_path(path)
    except UserError:
        with pytest.raises(UserError, match="is not a path: nobody has that home folder"):
            read()
    else:
        assert read() == expected
