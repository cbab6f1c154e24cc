"""Single changes of people.yaml: what is wanted is said then, and all else is as it was."""

import difflib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facetrack.core.errors import UserError
from facetrack.organiser.people_editing import add, drop, remove, set_hidden, set_name
from facetrack.organiser.people_file import understand

TEXT = """\
# Who is who: "mine".
person-001:   # my aunt
    # her names
    name: no   # not a truth value
    not:
      - a.jpg  # blurry
      # the next
      - 'b.jpg'
      - c.jpg
    # before merge
    merge: [4, 007, 1e3]
    split: [a, b]
    also: [x.jpg@1,2, ~]
# of Bob
2: Bob  # a friend
person-003:
  name:

person-004: {name: X}
1:
  different: [2]
  # the end
"""
Change = Callable[[str], str]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda text: set_name(text, 2, "Jo: x"),
            ["-2: Bob  # a friend", '+2: "Jo: x" # a friend'],
        ),
        (lambda text: set_name(text, 2, None), ["-2: Bob  # a friend", "+2:      # a friend"]),
        (lambda text: set_name(text, 3, "null"), ["-  name:", '+  name: "null"']),
        (lambda text: set_name(text, 3, None), []),
        (
            lambda text: set_name(text, 4, "Ü 👨‍👩‍👧"),
            ["-person-004: {name: X}", '+person-004: {name: "Ü 👨‍👩‍👧"}'],
        ),
        (lambda text: set_hidden(text, 3, True), ["+  hide: true"]),
        (lambda text: set_hidden(set_hidden(text, 3, True), 3, True), ["+  hide: true"]),
        (lambda text: set_hidden(set_hidden(text, 3, True), 3, False), []),
        (lambda text: add(text, 3, "merge", ["person-009"]), ["+  merge: [person-009]"]),
        (lambda text: add(text, 1, "different", ["person-002"]), []),
        (
            lambda text: add(text, 1, "different", ["person-003"]),
            ["-  different: [2]", "+  different: [2, person-003]"],
        ),
        (lambda text: remove(text, 1, "different", ["person-002"]), ["-  different: [2]"]),
        (
            lambda text: add(text, 3, "also", ["q@3,4", "z"]),
            ["+  also:", '+    - "q@3,4"', "+    - z"],
        ),
        (lambda text: remove(add(text, 3, "also", ["q@3,4", "z"]), 3, "also", ["z", "q@3,4"]), []),
        (lambda text: add(text, 3, "split", ["q", "z"]), ["+  split:", "+    - [q, z]"]),
        (
            lambda text: remove(
                add(add(text, 3, "split", ["q"]), 3, "split", ["z"]), 3, "split", ["q"]
            ),
            ["+  split:", "+    - [z]"],
        ),
        (lambda text: add(text, 0, "nobody", ["s.jpg"]), ["+", "+nobody:", "+  - s.jpg"]),
        (
            lambda text: add(text, 7, "also", ["s"]),
            ["+", "+person-007:", "+  name:", "+  also:", "+    - s"],
        ),
    ],
)
def test_what_changes(change: Change, told: list[str]) -> None:
    changed = change(TEXT)
    lines = difflib.unified_diff(TEXT.splitlines(), changed.splitlines(), n=0)
    found = [one for one in lines if not one.startswith(("@", "---", "+++"))]
    assert found == told


def test_comments_survive_what_they_stood_beside() -> None:
    changed = remove(TEXT, 1, "not", ["a.jpg", "c.jpg"])
    assert understand(changed, Path("x")).bar == [(1, understand(changed, Path("x")).bar[0][1])]
    assert changed.count("b.jpg") == 1
    for comment in ("my aunt", "her names", "not a truth", "blurry", "the next", "before merge"):
        assert changed.count(f"# {comment}") == 1
    assert changed.endswith(TEXT[TEXT.index("# of Bob") :])
    assert changed.startswith(TEXT[: TEXT.index("person-001")])


def test_a_split_of_several_photos_gets_another_beside_it() -> None:
    changed = add(TEXT, 1, "split", ["n@1,2", "m"])
    said = understand(changed, Path("x"))
    assert [[photo.name for photo in photos] for _, photos in said.split] == [
        ["a", "b"],
        ["n@1,2", "m"],
    ]
    changed = remove(changed, 1, "split", ["a", "b", "n@1,2"])
    assert [[photo.name for photo in some] for _, some in understand(changed, Path("x")).split] == [
        ["m"]
    ]


def test_a_name_counts_for_a_person_who_is_there_twice() -> None:
    text = "1: Ann\n2:\n1:\n  name: Ann\n  merge: [3]\n"
    assert set_name(text, 1, "Bea") == "1: Bea\n2:\n1:\n  name:\n  merge: [3]\n"


def test_a_point_without_quotes_is_found() -> None:
    changed = remove(TEXT, 1, "also", ["x.jpg@1,2"])
    assert understand(changed, Path("x")).also == []
    assert add(TEXT, 1, "also", ["x.jpg@1,2"]) == TEXT


def test_line_ends_stay() -> None:
    for text in (TEXT, TEXT.replace("  # the end\n", "").rstrip("\n")):
        crlf = text.replace("\n", "\r\n")
        changes: tuple[Change, ...] = (
            lambda one: set_name(one, 1, "Jo"),
            lambda one: add(one, 1, "not", ["n.jpg"]),
            lambda one: add(one, 9, "also", ["n.jpg"]),
            lambda one: add(one, 0, "", ["n.jpg"]),
        )
        for change in changes:
            assert change(crlf) == change(text).replace("\n", "\r\n")


@pytest.mark.parametrize(
    "text",
    [
        '1: "Ann\n  2: x"\n2: Bob\n',
        "'1': Ann\n\"2\":\n  name: Bob\n",
        "---\n1: D'Arcy\n2: {name: Bob}\n",
        "1:\n  not: [a,\nb]\n2: Bob\n",
        "? 1\n: Ann\n2: Bob\n",
        "1: Anna\u2028  Bea\n2: Bob\n",
        "1: 'It''s\n\n2: x'\n2: 'Bob'\n",
    ],
)
def test_texts_that_are_laid_out_otherwise(text: str) -> None:
    before = understand(text, Path("x"))
    said = understand(add(set_name(text, 2, "Zoe"), 2, "merge", ["person-003"]), Path("x"))
    assert said.names == before.names | {2: "Zoe"}
    assert said.merge == {3: 2}
    assert [photo.name for _, photo in said.bar] == [photo.name for _, photo in before.bar]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: set_name(text, 1, "x" * 101), "expected a name of at most 100"),
        (lambda text: set_name(text, 1, "\u200b"), "expected a name of at most 100"),
        (lambda text: set_name(text, 1, "\x7f"), "expected a name of at most 100"),
        (lambda _: set_name("{1: Ann}", 1, "x"), "cannot be changed here: edit it by hand"),
        (lambda _: set_name("{1: Ann}", 2, "x"), "cannot be changed here: edit it by hand"),
        (lambda _: set_name("1: Ann\n...\n", 2, "x"), "cannot be changed"),
        (lambda _: add("1:\n  not: [&a b]\n", 1, "not", ["x"]), "line 2: what begins with"),
    ],
)
def test_what_cannot_be_changed_is_told(change: Change, told: str) -> None:
    with pytest.raises(UserError, match=told):
        change(TEXT)


_NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 1, 2, 3, 9]),
            st.sampled_from(["name", "merge", "also", "split", "not"]),
            _NAMES,
            st.booleans(),
        ),
        max_size=4,
    )
)
@settings(max_examples=40, deadline=None)
def test_what_is_added_is_said_and_what_is_removed_is_not(
    steps: list[tuple[int, str, str, bool]],
) -> None:
    text = TEXT
    for number, setting, item, away in steps:
        try:
            if setting == "name" and number:
                text = set_name(text, number, item)
                assert understand(text, Path("x")).called[number][0]
                continue
            changed = add(text, number, setting, [item])
        except UserError:
            continue
        said = understand(changed, Path("x"))
        listed = {"not": said.bar, "also": said.also, "nobody": said.bar}
        if (setting in listed or not number) and item.strip():
            assert (number, item) in [
                (who, face.name) for who, face in listed.get(setting if number else "nobody", [])
            ]
        if away and changed != text:
            again = understand(remove(changed, number, setting, [item]), Path("x"))
            before = understand(text, Path("x"))
            assert [(who, face.name) for who, face in again.bar] == [
                (who, face.name) for who, face in before.bar
            ]
            assert (again.merge, again.called.keys()) == (before.merge, before.called.keys())
        else:
            text = changed
    for line in TEXT.splitlines():
        if line.startswith("#"):
            assert line in text
    assert text.count("# of Bob\n") == 1


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(("number", "setting"), [(99, "also"), (0, "")])
def test_who_came_by_an_answer_goes_with_it(number: int, setting: str, end: str) -> None:
    text = TEXT.replace("\n", end)
    there = add(text, number, setting, ["a.jpg@1,2"])
    assert drop(there, number) == there
    assert drop(remove(there, number, setting, ["a.jpg@1,2"]), number) == text


def test_whoever_has_a_remark_stays() -> None:
    text = TEXT + "\nperson-099:\n  name:  # who is this?\n"
    assert drop(text, 99) == text
