"""What people.yaml says, carried out on given faces: every line that does nothing is told."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facetrack.core.errors import UserError
from facetrack.core.faces import Picture
from facetrack.organiser import corrections, people_file
from facetrack.organiser.corrections import carry_out
from facetrack.organiser.given import find_given
from facetrack.organiser.people import Corrections
from facetrack.organiser.photos import Photos
from facetrack.organiser.state import File, State

# Who is on which photo: persons 1 to 4, 3 on a.jpg too; nobody on e.jpg.
_ON = [(1, "a.jpg"), (1, "trip/b.jpg"), (1, "c.jpg"), (2, "d.jpg"), (3, "a.jpg"), (4, "f.jpg")]


def _photos(on: Sequence[tuple[int, str]] = _ON) -> Photos:
    names = dict.fromkeys([*(name for _, name in on), "e.jpg"])
    nothing: dict[str, Any] = {field.name: () for field in dataclasses.fields(Photos)}
    these = {
        "vectors": np.zeros((len(on), 2), dtype=np.float32),
        "boxes": np.zeros((len(on), 4), dtype=np.int32),
        "sharpness": np.full(len(on), np.nan, np.float32),
        "contents": [f"#{name}" for _, name in on],
        "keys": [f"#{name}:{person}" for person, name in on],
        "pictures": {f"#{name}": Picture(Path(name), name, None) for name in names},
        "names": {f"#{name}": [name] for name in names},
    }
    return Photos(**{**nothing, **these})


def _state(on: Sequence[tuple[int, str]] = _ON) -> State:
    faces = {f"#{name}:{person}": person for person, name in on}
    return State(faces=faces, following=max(faces.values()) + 1)


class _Run:
    """One run over the faces after another, with what each leaves to the next."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "people.yaml"
        self.state = _state()
        self.said = Corrections()

    def run(self, text: str, on: Sequence[tuple[int, str]] = _ON) -> list[str]:
        """What is told, without the file's name."""
        self.path.write_text(text)
        _, self.said = people_file.read(self.path)
        photos, before = _photos(on), self.state
        found = find_given(photos, before, self.said)
        earlier = corrections.recall_earlier(photos, before, self.said, found, True)
        numbers = earlier.numbers.copy()
        now = State(
            pinned=list(before.pinned),
            barred=corrections.bars(before, self.said),
            parted=dict(before.parted),
            following=found.following,
        )
        told = carry_out(numbers, photos, before, now, self.said, found)
        given = dict(zip(photos.keys, numbers.tolist(), strict=True))
        now.faces = {**before.faces, **given}
        self.state = now
        return [one.removeprefix("people.yaml, ") for one in told]

    def photos_of(self, person: int) -> set[str]:
        """Names of the photos a person is on, merges followed."""
        return {
            key.partition(":")[0].removeprefix("#")
            for key, number in self.state.faces.items()
            if number and self.said.person(number) == person
        }


@pytest.fixture
def runs(tmp_path: Path) -> _Run:
    return _Run(tmp_path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        # Nobody of that number, or of that name
        ("person-999:\n", ["line 1: there is no person-999, so what is below does nothing"]),
        (
            "1:\n999:\n  name: A\n  not: [x]\n  split: [y]\n  different: [1]\n",
            ["line 2: there is no person-999, so what is below does nothing"],
        ),
        ("1:\n  merge: [999]\n", ["line 2: there is no person-999, so nothing was done"]),
        (
            "1:\n  merge:\n    - 2\n    - 998\n    - person-999\n",
            [
                "line 4: there is no person-998, so nothing was done",
                "line 5: there is no person-999, so nothing was done",
            ],
        ),
        ("1:\n  different: 999\n", ["line 2: there is no person-999, so nothing was done"]),
        ("1:\n  merge: [Bo]\n", ["line 2: nobody has the name Bo, so nothing was done"]),
        ("1:\n  different: [Bo]\n", ["line 2: nobody has the name Bo, so nothing was done"]),
        # Photos
        (
            "1:\n  not: nowhere.jpg\n",
            [
                "line 2: person-001 is on no photo nowhere.jpg, and no photo has that name, "
                "so nothing was done"
            ],
        ),
        ("1:\n  not: [d.jpg]\n", ["line 2: person-001 is on no photo d.jpg, so nothing was done"]),
        ("1:\n  not: [e.jpg]\n", ["line 2: person-001 is on no photo e.jpg, so nothing was done"]),
        (
            "1:\n  split:\n    - a.jpg\n    - d.jpg\n    - b.jpg\n    - e.jpg\n",
            [
                "line 4: person-001 is on no photo d.jpg, so nothing was done",
                "line 6: person-001 is on no photo e.jpg, so nothing was done",
            ],
        ),
        ("1:\n  split: [a.jpg, a.jpg]\n", ["line 2: a.jpg is on line 2 already"]),
        (
            "1:\n  not: [a.jpg]\n1:\n  not: [b.jpg, a.jpg]\n",
            ["line 4: a.jpg is on line 2 already"],
        ),
        (
            "1:\n  not: [a.jpg]\n  split: [a.jpg]\n",
            ["line 3: person-001 is on no photo a.jpg, so nothing was done"],
        ),
        (
            "1:\n  split: [a.jpg, b.jpg, c.jpg]\n",
            ["line 2: these are all photos of person-001, so there is nobody to split off"],
        ),
        # Nothing said
        ("1:\n  merge: []\n  not: []\n", ["line 2: an empty list", "line 3: an empty list"]),
        ("1:\n  split: [[a.jpg], []]\n", ["line 2: an empty list"]),
        ("1:\n  not:\n    - a.jpg\n    -\n", ["line 4: nothing is written there"]),
        ("1:\n  merge: ['', 2]\n", ["line 2: nothing is written there"]),
        ("1:\n  name: null\n", ["line 2: null is no name; in quotes it is"]),
        (
            '1: "\\u200d \\u200b"\n',
            ["line 1: a name of which nothing can be seen is none"],
        ),
        # The same twice, or against itself
        ("1:\n  merge: [1]\n", ["line 2: person-001 is merged into itself, so nothing was done"]),
        (
            "1:\n  name: A\n  merge: [A]\n",
            ["line 3: A is person-001 already, so nothing was done"],
        ),
        (
            "1:\n  merge: [2]\n1:\n  merge: [3, 2]\n",
            ["line 4: person-002 is merged into person-001 on line 2 already"],
        ),
        ("1: A\n2:\n1: A\n", ["line 3: that name is on line 1 already"]),
        (
            "1:\n  different: [1]\n",
            ["line 2: person-001 is not different from themselves, so nothing was done"],
        ),
        (
            "1:\n  different: [2]\n2:\n  different: [1]\n",
            ["line 4: that they are different is on line 2 already"],
        ),
        (
            "1:\n  merge: [2]\n3:\n  merge: [1]\n  different: [2]\n",
            [
                "line 5: person-003 and person-002 are merged by line 4: take out one of the two",
            ],
        ),
        # Names
        (
            "1:\n  name: Anna\n  merge: [2]\n2: Bea\n",
            ["line 4: person-002 is merged into person-001, whose name Anna stays"],
        ),
        (
            "1:\n  merge: [2, 3]\n2: Bea\n3: Anna\n",
            ["line 4: person-003 is merged into person-001, whose name Bea stays"],
        ),
        (
            "1: Anna\n2:\n3: Anna\n",
            [
                "line 3: person-003 has the name of person-001 (line 1), Anna: write merge: "
                "[person-003] below person-001 if they are one, else different: [person-003]"
            ],
        ),
        ("1: Anna\n3:\n  name: Anna\n  different: [1]\n", []),
        (
            "1: A\n2: A\n3:\n  merge: [A]\n",
            [
                "line 2: person-002 has the name of person-001 (line 1), A: write merge: "
                "[person-002] below person-001 if they are one, else different: [person-002]",
                "line 4: person-001 and person-002 have the name A: give a number",
            ],
        ),
        # All of it in order
        ("", []),
        ("1: Anna\n2:\n  name:\n3:\n4:\n", []),
        ("1:\n  name: A\n  merge: [2]\n  different: [3]\n  not: [a.jpg]\n  split: [b.jpg]\n", []),
    ],
)
def test_what_has_no_effect_is_told_with_its_line(runs: _Run, text: str, told: list[str]) -> None:
    assert runs.run(text) == told


def test_the_right_photos_of_a_split_are_split_off_all_the_same(runs: _Run) -> None:
    text = "1:\n  split: [a.jpg, d.jpg]\n"
    assert len(runs.run(text)) == 1
    assert runs.photos_of(1) == {"trip/b.jpg", "c.jpg"}
    assert runs.photos_of(5) == {"a.jpg"}
    assert runs.photos_of(3) == {"a.jpg"}
    # Again: what was done is not told, what was not is.
    assert runs.run(text) == ["line 2: person-001 is on no photo d.jpg, so nothing was done"]
    assert runs.photos_of(5) == {"a.jpg"}


def test_what_is_carried_out_is_not_told_again(runs: _Run) -> None:
    text = "1:\n  name: A\n  not: [b.jpg]\n  split: [[c.jpg]]\n  merge: [2]\n"
    for _ in range(3):
        assert runs.run(text) == []
        assert runs.photos_of(1) == {"a.jpg", "d.jpg"}
        assert runs.photos_of(5) == {"c.jpg"}


def test_a_split_that_a_merge_undoes_is_told(runs: _Run) -> None:
    runs.run("1:\n  split: [c.jpg]\n")
    told = runs.run("1:\n  split: [c.jpg]\n  merge: [5]\n")
    assert told == [
        "line 2: person-005, who was split off, is merged with person-001 again (line 3): "
        "take out one of the two"
    ]
    assert runs.photos_of(1) == {"a.jpg", "trip/b.jpg", "c.jpg"}


def test_who_is_split_off_can_be_named_in_the_same_run(runs: _Run) -> None:
    assert runs.run("1:\n  split: [c.jpg]\n5: Zoe\n") == []
    assert runs.said.names == {5: "Zoe"}


def test_persons_without_faces_are_told_unless_nothing_is_said_of_them(runs: _Run) -> None:
    del runs.state.faces["#d.jpg:2"], runs.state.faces["#f.jpg:4"]
    on = [one for one in _ON if one[0] in (1, 3)]
    told = runs.run("1:\n  merge: [2]\n  different: [4]\n2: B\n3:\n4: D\n", on)
    assert told == [
        "line 2: person-002 has no faces any more, so nothing was done",
        "line 3: person-004 has no faces any more, so nothing was done",
        "line 6: person-004 has no faces any more, so the name does nothing",
    ]
    assert runs.run("1:\n2:\n  name:\n4:\n", on) == []


def test_persons_whose_photos_may_come_back_are_not_told(runs: _Run) -> None:
    on = [one for one in _ON if one[0] != 2]
    assert runs.run("1:\n  merge: [2]\n  different: [4]\n2: B\n", on) == []


def test_nobody_is_merged_into_a_person_who_never_was(runs: _Run) -> None:
    told = runs.run("999:\n  merge: [4]\n1:\n  merge: [999, 2]\n4: D\n")
    assert told == [
        "line 1: there is no person-999, so what is below does nothing",
        "line 2: there is no person-999, so nothing was done",
        "line 4: there is no person-999, so nothing was done",
    ]
    assert [runs.said.person(number) for number in (1, 2, 4)] == [1, 1, 4]
    assert runs.said.names[4] == "D"


def test_merging_keeps_the_name_that_there_is(runs: _Run) -> None:
    assert runs.run("1:\n  merge: [2]\n2:\n  merge: [4]\n4: Anna\n") == []
    assert runs.said.names == {1: "Anna"}
    assert runs.photos_of(1) == {"a.jpg", "trip/b.jpg", "c.jpg", "d.jpg", "f.jpg"}


def test_the_nearest_name_in_a_chain_stays(runs: _Run) -> None:
    told = runs.run("4: Anna\n1:\n  merge: [2]\n2:\n  name: Bea\n  merge: [4]\n")
    assert runs.said.names == {1: "Bea"}
    assert told == ["line 1: person-004 is merged into person-001, whose name Bea stays"]


def test_persons_are_merged_by_name(runs: _Run) -> None:
    assert runs.run("1: Anna\n2:\n  merge: [Anna]\n") == []
    assert runs.said.person(1) == 2
    assert runs.said.names == {2: "Anna"}
    # Two of one name: below one of them the other one is meant.
    assert runs.run("1:\n  name: Anna\n  merge: [Anna]\n4: Anna\n") == []
    assert runs.said.person(4) == 1
    # A name is the same however its letters are put together.
    assert runs.run("1: Ame\u0301lie\n3:\n  merge: ['Am\u00e9lie']\n") == []
    assert runs.said.person(1) == 3


def test_a_name_of_digits_is_one_only_where_nobody_has_the_number(runs: _Run) -> None:
    assert runs.run("1:\n  merge: [1984]\n2: 1984\n") == []
    assert runs.said.merge == {2: 1}
    assert runs.run("1:\n  merge: [3]\n2: 3\n3:\n") == []
    assert runs.said.merge == {3: 1}


def test_who_is_different_stays_apart_through_merges(runs: _Run) -> None:
    assert runs.run("1:\n  different: [3]\n4:\n  merge: [3]\n2:\n  different: [Di]\n4: Di\n") == []
    assert runs.said.apart() == {frozenset((1, 4)), frozenset((2, 4))}


def test_who_is_different_goes_on_though_clusters_join_them(runs: _Run, tmp_path: Path) -> None:
    runs.path.write_text("1:\n  different: [2]\n3:\n4: D\n")
    _, said = people_file.read(runs.path)
    found = find_given(_photos(), runs.state, said)
    known = corrections.recall_earlier(_photos(), runs.state, said, found, False)
    assert known.named == {1, 2, 4}


def test_photos_go_by_the_names_that_are_seen(runs: _Run) -> None:
    on = [
        (1, "e\u0301te\u0301.jpg"),
        (1, "new\nline.jpg"),
        (1, "x.jpg"),
        (1, "y.jpg"),
        (2, "z.jpg"),
    ]
    runs.state = _state(on)
    runs.state.files = {"person-001/y (2).jpg": File("#y.jpg", "person-001", "copy", 1, 1)}
    text = '1:\n  not: ["\u00e9t\u00e9.jpg", new line.jpg, y (2).jpg]\n'
    assert runs.run(text, on) == []
    assert runs.photos_of(1) == {"x.jpg"}


def test_hundreds_of_corrections(runs: _Run) -> None:
    on = [(1 + row % 200, f"{row}.jpg") for row in range(2000)]
    runs.state = _state(on)
    text = "".join(
        f"{n}:\n  not: [{n - 1}.jpg, none.jpg]\n  split: [{n + 199}.jpg]\n" for n in range(1, 201)
    )
    assert len(runs.run(text, on)) == 200
    assert runs.state.following == 401
    assert list(runs.state.faces.values()) == [
        *([0] * 200),
        *range(201, 401),
        *(1 + row % 200 for row in range(400, 2000)),
    ]


_WORDS = st.sampled_from(
    [
        *("1", "2", "person-003", "4", "999", "Anna", "Bea", "null", "''", "''", "x y", "true"),
        *("a.jpg", "b.jpg", "c.jpg", "b.jpg@0,0"),
    ]
)
_LISTS = st.lists(_WORDS, max_size=3).map(lambda words: f"[{', '.join(words)}]")
_VALUES = st.one_of(
    _WORDS,
    _LISTS,
    st.just(""),
    st.lists(_LISTS, max_size=2).map(lambda lists: f"[{', '.join(lists)}]"),
)
_SAID = st.dictionaries(
    st.sampled_from(["name", "merge", "different", "split", "not", "also", "hide"]),
    _VALUES,
    max_size=4,
)


@given(
    st.lists(
        st.tuples(st.sampled_from([*range(1, 7), "nobody"]), st.one_of(_WORDS, _SAID)), max_size=8
    )
)
@settings(max_examples=100, deadline=None)
def test_whatever_is_said_is_carried_out_or_refused(
    tmp_path_factory: pytest.TempPathFactory, sections: list[tuple[int | str, str | dict[str, str]]]
) -> None:
    text = ""
    for number, below in sections:
        text += f"{number}:"
        text += f" {below}\n" if isinstance(below, str) else "\n"
        if isinstance(below, dict):
            text += "".join(f"  {key}: {value}\n" for key, value in below.items())
    path = tmp_path_factory.getbasetemp() / "said.yaml"
    path.write_text(text)
    try:
        _, said = people_file.read(path)
    except UserError:  # two names, say
        return
    photos = _photos(
        [(1, "a.jpg"), (1, "b.jpg"), (2, "a.jpg"), (3, "b.jpg"), (4, "a.jpg"), (4, "c.jpg")]
    )
    keys = photos.keys
    before = State(faces=dict(zip(keys, [1, 1, 2, 3, 4, 4], strict=True)), following=5)
    found = find_given(photos, before, said)
    now, numbers = State(following=found.following), found.numbers
    told = carry_out(numbers, photos, before, now, said, found)
    assert told == sorted(told, key=lambda one: int(one.split("line ")[1].split(":")[0]))
    assert set(numbers.tolist()) <= set(range(now.following))
    # Whoever was named and has faces still has a name.
    for number, (name, _) in said.called.items():
        if number < now.following:
            assert said.names[said.person(number)]
            assert name
    # Again, with what came of it: nothing else happens.
    after = numbers.copy()
    now.faces = dict(zip(keys, numbers.tolist(), strict=True))
    _, again = people_file.read(path)
    found = find_given(photos, now, again)
    assert found.numbers.tolist() == after.tolist()
    assert found.following == now.following
    later, numbers = dataclasses.replace(now), found.numbers
    carry_out(numbers, photos, now, later, again, found)
    assert numbers.tolist() == after.tolist()
    assert later.following == now.following
