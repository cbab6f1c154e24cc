"""What the arguments become before Hydra reads them."""

import subprocess
import sys
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from facetrack.cli.command_line import prepare
from facetrack.core.errors import UserError
from facetrack.system.shipped import CONF


def _prepared(*arguments: str) -> list[str]:
    return [one for one in prepare(arguments, CONF) if not one.startswith("sweep_id=")]


def test_a_range_on_a_number_is_written_out() -> None:
    assert _prepared("-m", "clusterer=dbscan,meanshift", "clusterer.eps=0.1:0.4") == [
        "-m",
        "clusterer=dbscan,meanshift",
        "clusterer.eps=0.1,0.2,0.3,0.4",
    ]


@pytest.mark.parametrize(
    "argument",
    [
        "tracking.uri=http://127.0.0.1:5000",
        "dataset.name=10:30",
        "sweep_id=1:2",
    ],
)
def test_other_colons_stay(argument: str) -> None:
    assert prepare(["-m", argument], CONF)[1] == argument


def test_whole_numbers_step_by_one_and_known_counts_as_one() -> None:
    assert _prepared("-m", "seed=1:3")[1] == "seed=1,2,3"
    assert _prepared("-m", "clusterer=kmeans", "clusterer.n_clusters=5:7")[2].endswith("=5,6,7")


def test_the_type_is_that_of_the_chosen_groups() -> None:
    assert _prepared("-m", "clusterer=meanshift", "clusterer.bandwidth=0.1:0.2")[2].endswith(
        "0.1,0.2"
    )
    with pytest.raises(UserError, match="clusterer=dbscan has no bandwidth"):
        _prepared("-m", "clusterer.bandwidth=0.1:0.2")


def test_a_setting_counts_where_any_swept_choice_has_it() -> None:
    swept = _prepared("-m", "clusterer=kmeans,dbscan", "clusterer.eps=0.1:0.2")
    assert swept[2] == "clusterer.eps=0.1,0.2"
    swept = _prepared("-m", "clusterer=dbscan,meanshift", "clusterer.bandwidth=0.1:0.2")
    assert swept[2] == "clusterer.bandwidth=0.1,0.2"


def test_a_setting_of_a_swept_group_becomes_a_sweep_over_one_value(tmp_path: Path) -> None:
    archive = tmp_path / "b.tgz"
    archive.touch()
    swept = _prepared(
        "-m", "dataset=portraits,lfw", f"dataset.archive={archive}", "tracking.uri=sqlite:///x.db"
    )
    assert swept[2:] == [f"dataset.archive=choice({archive})", "tracking.uri=sqlite:///x.db"]
    assert _prepared("+experiment=table1", "dataset.name=x")[1] == "dataset.name=choice(x)"
    alone = f"dataset.archive={archive}"
    assert _prepared("-m", "dataset=lfw", alone)[2] == alone


def test_flags_may_stand_anywhere() -> None:
    swept = ["clusterer=dbscan,meanshift", "seed=1,2"]
    for flag in ("-m", "--multirun", "--multi"):
        for place in range(3):
            assert _prepared(*swept[:place], flag, *swept[place:]) == ["-m", *swept]
    assert _prepared("seed=1", "--cfg", "job", "n_resamples=3", "--resolve") == [
        *("--resolve", "--cfg=job"),
        *("seed=1", "n_resamples=3"),
    ]
    assert _prepared("seed=1", "-c", "job", "-p", "clusterer") == [
        *("--cfg=job", "--package=clusterer"),
        "seed=1",
    ]


@pytest.mark.parametrize("path", sorted(CONF.glob("experiment/*.yaml")), ids=lambda one: one.stem)
def test_an_experiment_is_a_sweep_where_its_file_says_so(path: Path) -> None:
    arguments = prepare([f"+experiment={path.stem}"], CONF)
    assert arguments[-1].startswith("sweep_id=") == ("MULTIRUN" in path.read_text())
    swept = prepare(["-m", f"+experiment={path.stem}", "seed=1,2"], CONF)
    assert swept[-1].startswith("sweep_id=")


def test_a_range_without_m_says_what_to_add() -> None:
    with pytest.raises(UserError, match="add -m"):
        prepare(["clusterer.eps=0.1:1.2"], CONF)


def test_a_sweep_gets_an_id_of_its_own_unless_it_has_one() -> None:
    first, second = (prepare(["-m", "seed=1,2"], CONF)[-1] for _ in range(2))
    assert first.startswith("sweep_id=")
    assert first != second
    assert prepare(["-m", "sweep_id=mine"], CONF) == ["-m", "sweep_id=mine"]
    assert prepare(["seed=1"], CONF) == ["seed=1"]


@pytest.mark.parametrize("path", ["~/Fotos é", "/a/(b)", "/it's", 'C:\\a "b" é', "/x{1}", "/plain"])
def test_any_path_can_be_given(path: str) -> None:
    # To be shown: to be worked on, the folder would have to be there.
    argument = prepare(["--cfg", "job", "dataset=folder", f"dataset.root={path}"], CONF)[-1]
    assert OverridesParser.create().parse_override(argument).value() == path


@pytest.mark.parametrize("arguments", [["--cfg", "job"], ["clusterer.radius=1"]])
def test_what_needs_no_faces_imports_nothing_heavy(arguments: list[str]) -> None:
    """Most of what a job takes to start: users wait for it."""
    code = (
        "import sys\n"
        "from facetrack.cli.command import main\n"
        "try:\n  main()\n"
        "finally: print('heavy:', {'mlflow', 'scipy', 'sklearn'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == (0 if "--cfg" in arguments else 2), done.stderr
    assert "heavy: set()" in done.stdout
