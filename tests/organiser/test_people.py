"""people.yaml as users write it."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facetrack.core.errors import UserError
from facetrack.organiser import people_file, people_writing
from facetrack.organiser.people import Photo

_ALL = "expected name, merge, different, split, not, also or hide"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.yaml"


def test_everything_a_person_can_have(path: Path) -> None:
    path.write_text(
        "person-001:\n  name: no\n  merge: [4, person-007]\n"
        "2:\n  split: [a.jpg, trip/b.jpg]\n  not: c.jpg\n"
        "person-003:\n  name:\n  split: [[x], [y, z]]\n"
        "person-005:\n"
    )
    _, said = people_file.read(path)
    assert said.names == {1: "no"}  # a name, not a truth value
    assert said.merge == {4: 1, 7: 1}
    assert said.split == [
        (2, [Photo("a.jpg", 5), Photo("trip/b.jpg", 5)]),
        (3, [Photo("x", 9)]),
        (3, [Photo("y", 9), Photo("z", 9)]),
    ]
    assert said.bar == [(2, Photo("c.jpg", 6))]
    assert said.persons == {1, 2, 3, 5}


def test_a_person_may_be_there_twice(path: Path) -> None:
    path.write_text("1:\n  name: Ann\n2:\n1:\n  name:\n  merge: [2]\nperson-001:\n  merge: [3]\n")
    _, said = people_file.read(path)
    assert said.names == {1: "Ann"}
    assert said.merge == {2: 1, 3: 1}


def test_merges_are_followed(path: Path) -> None:
    path.write_text("1:\n  merge: [2]\n2:\n  merge: [3]\n")
    _, said = people_file.read(path)
    assert [said.person(number) for number in (1, 2, 3, 4)] == [1, 1, 1, 4]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("person-001: [", "line 1: not YAML"),
        ("person-001:\n\tname: x", "line 2: not YAML"),
        ("- person-001", "line 1: expected persons"),
        ("person-001:\nanna:\n", "line 2: expected a person such as person-001, got 'anna'"),
        ("person-000:\n", "line 1: expected a person"),
        ("1:\n  name: a\n1:\n  name: b\n", "line 4: person-001 has two names"),
        ("person-001:\n  name: a\n  name: b\n", "line 3: 'name' is there twice"),
        (
            "person-001: [Anna]",
            f"line 1: {_ALL} below pers",
        ),
        (
            "person-001:\n  nmae: a\n",
            f"line 2: {_ALL}, got",
        ),
        ("person-001:\n  name: [a]\n", "line 2: expected a name of at most"),
        ("person-001:\n  name: " + "x" * 101, "line 2: expected a name of at most"),
        ("person-001:\n  merge: [[x]]\n", "line 2: expected a list of persons"),
        ("1:\n  merge: [2]\n2:\n  merge: [1]\n", "line 4: person-001 would be merged into itself"),
        ("1:\n  merge: [3]\n2:\n  merge: [3]\n", "line 4: person-003 is merged into two persons"),
        ("1:\n  not: [[a]]\n", "line 2: expected a list of photos"),
        ("1:\n  split: [[a], b]\n", "line 2: expected a list of photos"),
        ("[" * 5000, "line 1: not YAML"),
    ],
)
def test_mistakes_name_their_line(path: Path, text: str, told: str) -> None:
    path.write_text(text)
    with pytest.raises(UserError) as error:
        people_file.read(path)
    assert told in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_what_is_no_list_of_people_is_not_added_to(path: Path) -> None:
    path.write_text("person-001: [")
    told = people_writing.add(path, {9})
    assert told is not None
    assert "no new persons are in people.yaml" in told
    assert "line 1: not YAML" in told
    assert path.read_text() == "person-001: ["


def test_what_is_no_text_or_too_much_is_refused(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="is not UTF-8 text"):
        people_file.read(path)
    path.write_bytes(b"#" * (5 << 20))
    with pytest.raises(UserError, match="larger than 4 MB"):
        people_file.read(path)


def test_aliases_do_not_multiply(path: Path) -> None:
    laughs = "a0: &a0 [x, x]\n" + "".join(
        f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 60)
    )
    path.write_text(laughs)
    with pytest.raises(UserError, match="line 1: what begins with"):
        people_file.read(path)


def test_persons_are_added_and_nothing_else_changes(path: Path) -> None:
    assert people_writing.add(path, {2, 1}) is None
    assert people_file.read(path)[1].persons == {1, 2}
    written = path.read_text() + "# my own remark\nperson-003:   {name: 'Ann'}"  # no newline
    path.write_text(written)
    assert people_writing.add(path, {1, 3, 4}) is None
    assert path.read_text() == written + "\n\nperson-004:\n  name:\n"
    assert people_file.read(path)[1].names == {3: "Ann"}
    assert people_writing.add(path, {4}) is None
    assert path.read_text() == written + "\n\nperson-004:\n  name:\n"


def test_a_file_that_cannot_be_appended_to_stays(path: Path) -> None:
    path.write_text("{person-001: {name: Ann}}\n")
    told = people_writing.add(path, {1, 2})
    assert told is not None
    assert "is written such that nothing can be added" in told
    assert path.read_text() == "{person-001: {name: Ann}}\n"


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(text.encode("utf-8", "replace"))
    told = ""
    try:
        people_file.read(path)
    except UserError as error:
        told = str(error)
    assert "\n" not in told
