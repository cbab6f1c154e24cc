"""What an argument says by itself, and what it says of the choices there are."""

import pytest

from facetrack.cli.arguments.overrides import (
    MOST,
    parse_override,
    read_said_texts,
    read_said_values,
    read_values,
)


@pytest.mark.parametrize(
    ("argument", "found", "said"),
    [
        ("seed=1", [1], [1]),
        ("seed=1,2", [1, 2], [1, 2]),
        ("dataset.name='a,b','c'", ["a,b", "c"], ["a,b", "c"]),
        ("seed=range(3)", [0, 1, 2], []),
        ("~clusterer.space", [None], []),
        ("clusterer=glob(*means)", ["kmeans"], None),
        ("seed=interval(0,1)", [], None),
    ],
)
def test_values(argument: str, found: list[object], said: list[object] | None) -> None:
    override = parse_override(argument)
    assert override is not None
    assert read_values(override, ["dbscan", "kmeans"]) == found
    assert read_said_values(override) == said


def test_a_range_is_listed_as_far_as_anybody_needs_it() -> None:
    override = parse_override("seed=range(1,1000000000)")
    assert override is not None
    assert read_values(override) == list(range(1, MOST + 1))


def test_texts_are_those_typed_and_those_read() -> None:
    assert read_said_texts(["a='x y'", "b={c: [d, e]}", "f=glob(g)", "-m"]) == [
        *("'x y'", "x y", "x y"),
        *("{c: [d, e]}", "{c: [d, e]}", "d", "e"),
        *("glob(g)", "glob(g)"),
        *("", ""),
    ]
