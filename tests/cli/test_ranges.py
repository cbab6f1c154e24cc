from decimal import Decimal

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from facetrack.cli.ranges import expand, is_multirun
from facetrack.core.errors import UserError

SETTINGS: dict[str, object] = {
    "clusterer.eps": 0.3,
    "detector.min_neighbors": 3,
    "clusterer.n_clusters": "known",
    "clusterer.copy": True,
    "dataset.path": "/photos",
    "detector": {"border": 0},
}
GRID = "0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,1.0,1.1,1.2"


def expand_one(argument: str) -> str:
    [expanded] = expand([argument], SETTINGS.get, multirun=True)
    return expanded


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0.1:1.2", GRID),
        ("0.1:1.2:0.1", GRID),
        ("0.1:0.3", "0.1,0.2,0.3"),
        ("0.24:0.3:0.02", "0.24,0.26,0.28,0.30"),
        ("0.1:1:0.4", "0.1,0.5,0.9"),  # the last value is not hit
        ("0.3:0.3", "0.3"),
        ("0.1:0.3,0.5", "0.1,0.2,0.3,0.5"),
        ("0.5,0.1:0.2,1:1.1", "0.5,0.1,0.2,1.0,1.1"),
        ("0.1:0.2, 0.5", "0.1,0.2,0.5"),
        ("1:3:1", "1,2,3"),
        (".1:.3:.1", "0.1,0.2,0.3"),
        ("+0.1:0.2", "0.1,0.2"),
        ("-0.1:0.1", "-0.1,0.0,0.1"),
        ("1e-7:3e-7:1e-7", "0.0000001,0.0000002,0.0000003"),
        ("1e3:2e3:1e3", "1000,2000"),
        ("1e20:100000000000000000000.00000000002:1e-11",
         "100000000000000000000.00000000000,100000000000000000000.00000000001,"
         "100000000000000000000.00000000002"),
    ],
)  # fmt: skip
def test_range_becomes_its_values(value: str, expected: str) -> None:
    assert expand_one(f"clusterer.eps={value}") == f"clusterer.eps={expected}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2:5", "2,3,4,5"),
        ("2:6:2", "2,4,6"),
        ("2.0:4.0:1.0", "2,3,4"),
        ("1:2:0.5", "1,1.5,2"),
        ("1e1:3e1:1e1", "10,20,30"),
        ("1,3:4", "1,3,4"),
    ],
)
def test_range_of_an_integer_setting_steps_by_one(value: str, expected: str) -> None:
    key = "detector.min_neighbors"
    assert expand_one(f"{key}={value}") == f"{key}={expected}"


@pytest.mark.parametrize("prefix", ["+", "++"])
def test_prefix_stays(prefix: str) -> None:
    assert expand_one(f"{prefix}clusterer.eps=0.1:0.2") == f"{prefix}clusterer.eps=0.1,0.2"


@pytest.mark.parametrize(
    "argument",
    [
        "dataset.path=10:30",
        "dataset.path=127.0.0.1:5000",
        "dataset.path=./a:b",
        "clusterer.n_clusters=5:20",
        "clusterer.copy=0:1",
        "detector=1:2",
        "no.such.key=0.1:0.3",
        "+no.such.key=0.1:0.3",
    ],
)
def test_other_settings_keep_their_colons(argument: str) -> None:
    assert expand_one(argument) == argument


@pytest.mark.parametrize(
    "argument",
    [
        "clusterer.eps=0.3",
        "clusterer.eps=0.1,0.2",
        "clusterer.eps=range(0.1,0.3,step=0.1)",
        "clusterer.eps=choice(0.1,0.2)",
        "clusterer.eps=interval(0.1,0.3)",
        "clusterer.eps=glob(*)",
        "clusterer.eps='0.1:0.3'",
        'clusterer.eps="0.1:0.3"',
        "clusterer.eps={a:1}",
        "clusterer.eps=${oc.env:EPS}",
        "clusterer.eps=",
        "dataset.path=C:\\photos",
        "dataset.path=https://host:80/x",
        "hydra/launcher@a:b=joblib",
        "~clusterer.eps=0.1:0.3",
        "--config-name=1:2",
        "-m",
        "~clusterer",
        "",
    ],
)
def test_what_cannot_be_a_range_costs_no_composing(argument: str) -> None:
    def composes(key: str) -> object:
        raise AssertionError(f"composed for {key}")

    assert expand([argument], composes, multirun=False) == [argument]


def test_composes_once_for_each_possible_range_by_its_bare_key() -> None:
    asked: list[str] = []

    def value_of(key: str) -> object:
        asked.append(key)
        return 0.3

    arguments = ["-m", "++a=0.1:0.2,0.4:0.5", "dataset=lfw", "b=0.1:0.2"]
    assert expand(arguments, value_of, multirun=True) == [
        "-m",
        "++a=0.1,0.2,0.4,0.5",
        "dataset=lfw",
        "b=0.1,0.2",
    ]
    assert asked == ["a", "b"]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("0.1:abc", "'abc' is not a number"),
        ("0.1:", "'' is not a number"),
        ("127.0.0.1:5000", "'127.0.0.1' is not a number"),
        ("0.1:0.3,known", "'known' is not a number"),
        ("0.1:inf", "'inf' is not a finite number"),
        ("-inf:1", "'-inf' is not a finite number"),
        ("0.1:nan", "'nan' is not a finite number"),
        ("0.1:sNaN", "cannot convert signaling NaN"),
        ("0:1:1e-999999999999", "'1e-999999999999' is not a finite number"),
        ("0:1e999999999999", "'1e999999999999' is not a finite number"),
        ("1.2:0.1", "1.2 is above 0.1"),
        ("0.1:1.2:0", "step 0 is not above 0"),
        ("0.1:1.2:-0.1", "step -0.1 is not above 0"),
        ("1.2:0.1:-0.1", "step -0.1 is not above 0"),
        ("0.1:0.2:0.3:0.4", "too many colons"),
        ("0:1000.0", "more than 10000 values"),
        ("0:1:1e-300", "more than 10000 values"),
        ("0:600,0:600", "more than 10000 values"),
    ],
)
@pytest.mark.parametrize("multirun", [True, False])
def test_malformed_range_is_refused_in_one_line(value: str, problem: str, multirun: bool) -> None:
    with pytest.raises(UserError) as refused:
        expand([f"clusterer.eps={value}"], SETTINGS.get, multirun=multirun)
    message = str(refused.value)
    assert problem in message
    assert "\n" not in message
    assert f"got {value!r}" in message
    assert "such as clusterer.eps=0.1:1.2:0.1" in message


def test_example_for_an_integer_setting_works() -> None:
    with pytest.raises(UserError, match=r"such as detector\.min_neighbors=1:10:1;"):
        expand_one("detector.min_neighbors=1:b")
    assert expand_one("detector.min_neighbors=1:10:1").endswith("=1,2,3,4,5,6,7,8,9,10")


def test_ten_thousand_values_are_allowed() -> None:
    assert expand_one("clusterer.eps=0.1:1000").count(",") == 9_999


def test_range_without_multirun_gives_the_corrected_command() -> None:
    with pytest.raises(UserError) as refused:
        expand(
            ["dataset=lfw", "clusterer.eps=0.1:1.2", "dataset.path=my photos"],
            SETTINGS.get,
            multirun=False,
        )
    assert str(refused.value).endswith(
        "add -m: facetrack -m dataset=lfw clusterer.eps=0.1:1.2 'dataset.path=my photos'"
    )


@given(
    st.decimals(-1000, 1000, places=4),
    st.integers(0, 40),
    st.decimals("0.0001", 100, places=4),
    st.decimals(0, "0.99", places=2),
)
def test_values_are_exact_and_read_as_the_closest_floats(
    first: Decimal, steps: int, step: Decimal, beyond: Decimal
) -> None:
    last = first + steps * step + step * beyond  # less than one step further
    expanded = expand_one(f"clusterer.eps={first:f}:{last:f}:{step:f}")
    texts = expanded.removeprefix("clusterer.eps=").split(",")
    assert [Decimal(text) for text in texts] == [first + i * step for i in range(steps + 1)]
    assert not any("e" in text.lower() for text in texts)
    # What Hydra itself makes of the argument.
    override = OverridesParser.create().parse_override(expanded)
    if steps:
        values = [float(str(value)) for value in override.sweep_string_iterator()]
    else:
        values = [float(str(override.value()))]
    assert values == [float(first + i * step) for i in range(steps + 1)]


@pytest.mark.parametrize(
    "arguments",
    [
        ["-m"],
        ["dataset=lfw", "--multirun"],
        ["--multi", "seed=1"],
        ["-rm"],
        ["-mcjob"],
        ["hydra.mode=MULTIRUN"],
    ],
)
def test_multirun_is_recognised(arguments: list[str]) -> None:
    assert is_multirun(arguments)


@pytest.mark.parametrize(
    "arguments",
    [[], ["m"], ["dataset=-m"], ["-cn", "muct"], ["-cnm"], ["--cfg", "job"], ["--", "x"], ["-"]],
)
def test_other_arguments_are_no_multirun(arguments: list[str]) -> None:
    assert not is_multirun(arguments)
