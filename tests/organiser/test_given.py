"""Faces that people.yaml gives to somebody or to nobody: in every run, whatever is made anew."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facetrack.clusterer import DBSCAN
from facetrack.core.errors import UserError
from facetrack.core.faces import Picture
from facetrack.core.scale import Scale
from facetrack.detector import Haar
from facetrack.embedder import DlibResNet
from facetrack.organiser import people_file, state
from facetrack.organiser.groups import Clusterer, Grouping, begin_state, group_faces
from facetrack.organiser.lookalikes import suggest_pairs
from facetrack.organiser.people import Corrections
from facetrack.organiser.photos import Photos, Stages
from facetrack.organiser.references import find_at, refer_to, split_point
from facetrack.organiser.state import State

# Photos, and the faces on each: where its box begins, 20 pixels wide, and who it looks like.
_TAKEN = {
    "a.jpg": [(0, 1), (100, 2)],
    "b.jpg": [(0, 1)],
    "c.jpg": [(0, 1)],
    "d.jpg": [(0, 2)],
    "trip/e.jpg": [(0, 2), (100, 7)],
    "f.jpg": [(0, 2)],
    "g.jpg": [(0, 8), (100, 9)],
    "e.jpg": [(0, 1)],
}


# What each looks like; the last one like the fifth and the sixth.
_LOOKS = np.vstack([np.eye(10), (np.eye(10)[5] + np.eye(10)[6]) / 2]).astype(np.float32)
_BOTH = 10


class _Runs:
    """Runs of the organiser over faces that are 0 apart from their like, and 1 from others."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "people.yaml"
        self.taken = {name: list(faces) for name, faces in _TAKEN.items()}
        self.contents = {name: f"{name}#" for name in _TAKEN}
        self.state = State()
        self.radius = 0.3
        self.said = Corrections()
        self.known_as: dict[str, str] = {}

    def run(self, text: str, *, regroup: bool = False, embedder: Any = None) -> list[str]:
        """What is told, without the file's name."""
        self.path.write_text(text)
        _, self.said = people_file.read(self.path)
        photos = self.photos()
        before = state.rename_faces(self.state, self.known_as, photos.keys, ())
        estimator = DBSCAN(self.radius, min_samples=1)
        clusterer = Clusterer("dbscan", {}, lambda: estimator, radius_is_given=True)
        stages = Stages(Haar(), embedder or DlibResNet(), "local", Scale(0.3))
        how = Grouping(stages, clusterer, regroup)
        now = begin_state(how, photos, before, self.said, prune=False)
        groups = group_faces(how, estimator, photos, before, now, self.said)
        now.faces = {**before.faces, **dict(zip(photos.keys, groups.numbers.tolist(), strict=True))}
        self.state = state.from_json(state.to_json(now))
        return [one.removeprefix("people.yaml, ") for one in groups.remarks]

    def photos(self) -> Photos:
        listed = [(name, x, like) for name, faces in self.taken.items() for x, like in faces]
        nothing: dict[str, Any] = {field.name: () for field in dataclasses.fields(Photos)}
        these = {
            "vectors": _LOOKS[[like for _, _, like in listed]],
            "boxes": np.array([[x, 0, 20, 20] for _, x, _ in listed]),
            "contents": [self.contents[name] for name, _, _ in listed],
            "keys": [f"{self.contents[name]}:{x},0,20,20" for name, x, _ in listed],
            "pictures": {
                self.contents[name]: Picture(Path(name), name, None) for name in self.taken
            },
            "names": {content: [name] for name, content in self.contents.items()},
            "looks": {},
            "sharpness": np.full(len(listed), np.nan, np.float32),
        }
        return Photos(**{**nothing, **these})

    def of(self, person: int) -> set[str]:
        """The faces of a person, merges followed, as photos' names and where they begin."""
        names = {content: name for name, content in self.contents.items()}
        return {
            f"{names[content]} {box.partition(',')[0]}"
            for key, number in self.state.faces.items()
            for content, _, box in [key.partition(":")]
            if content in names and self.said.person(number) == person
        }


@pytest.fixture
def runs(tmp_path: Path) -> _Runs:
    made = _Runs(tmp_path)
    assert made.run("") == []
    assert made.of(1) == {"a.jpg 0", "b.jpg 0", "c.jpg 0", "e.jpg 0"}
    assert made.of(2) == {"a.jpg 100", "d.jpg 0", "trip/e.jpg 0", "f.jpg 0"}
    assert made.of(0) == {"trip/e.jpg 100", "g.jpg 0", "g.jpg 100"}
    return made


def test_a_face_is_given_wherever_it_was_and_stays(runs: _Runs) -> None:
    text = "1:\n  also: [d.jpg, 'g.jpg@105,3']\n"
    for anew in ({}, {"regroup": True}, {"embedder": DlibResNet(normalize=True)}, {}):
        assert runs.run(text, **anew) == []
        assert runs.of(1) >= {"d.jpg 0", "g.jpg 100"}
        assert runs.of(2) == {"a.jpg 100", "trip/e.jpg 0", "f.jpg 0"}
    # The line is taken out: it is whose it was, or unknown again.
    assert runs.run("") == []
    assert "d.jpg 0" in runs.of(2)
    assert "g.jpg 100" in runs.of(0)
    assert runs.state.given == {}


def test_what_has_no_comma_in_brackets_is_put_together(runs: _Runs) -> None:
    assert runs.run("1:\n  also: [g.jpg@105,3, d.jpg]\nnobody: [a.jpg@110, 10]\n") == []
    assert runs.of(1) >= {"d.jpg 0", "g.jpg 100"}
    assert "a.jpg 100" in runs.of(0)


def test_somebody_is_founded_before_new_persons_get_numbers(runs: _Runs) -> None:
    runs.taken["new.jpg"] = runs.taken["newer.jpg"] = [(0, 5)]
    runs.contents |= {"new.jpg": "new", "newer.jpg": "newer"}
    for regroup in (False, True):
        assert runs.run("5:\n  name: Zoe\n  also: [g.jpg@10,10]\n", regroup=regroup) == []
        assert runs.of(5) == {"g.jpg 0"}
        assert runs.of(6) == {"new.jpg 0", "newer.jpg 0"}
        assert runs.state.following == 7


def test_a_named_person_of_one_given_face_takes_nobody_along(runs: _Runs) -> None:
    text = "9:\n  name: Zoe\n  also: [b.jpg]\n"
    for regroup in (False, True, True):
        assert runs.run(text, regroup=regroup) == []
        assert runs.of(9) == {"b.jpg 0"}
        assert runs.of(1) == {"a.jpg 0", "c.jpg 0", "e.jpg 0"}


def test_nobody_is_in_no_group_draws_nobody_and_comes_back(runs: _Runs) -> None:
    runs.taken["new.jpg"] = [(0, 8)]
    runs.contents["new.jpg"] = "new"
    text = "nobody: [g.jpg@10,10, d.jpg]\n"
    for regroup in (False, True, False):
        assert runs.run(text, regroup=regroup) == []
        assert runs.of(0) == {"g.jpg 0", "d.jpg 0", "trip/e.jpg 100", "g.jpg 100", "new.jpg 0"}
        assert {key: of for key, of in runs.state.barred.items() if 0 in of} == {
            "g.jpg#:0,0,20,20": {0: "g.jpg@10,10"},
            "d.jpg#:0,0,20,20": {0: "d.jpg"},
        }
    assert runs.run("") == []
    assert runs.of(3) == {"g.jpg 0", "new.jpg 0"}
    assert "d.jpg 0" in runs.of(2)
    assert runs.state.barred == {}


def test_all_faces_may_be_nobodys(runs: _Runs) -> None:
    listed = [refer_to(name, (x, 0, 20, 20)) for name, faces in _TAKEN.items() for x, _ in faces]
    text = "nobody:\n" + "".join(f"  - {one}\n" for one in listed)
    assert runs.run(text, regroup=True) == []
    assert len(runs.of(0)) == len(listed)


def test_a_face_that_is_known_again_stays_given(runs: _Runs) -> None:
    text = "1:\n  also: [d.jpg, 'a.jpg@110,10']\n  not: ['e.jpg@10,10']\nnobody: [f.jpg]\n"
    assert runs.run(text) == []
    # Renamed, edited and turned: neither the name nor the place is what the lines say.
    for old, new in (("d.jpg", "x.jpg"), ("a.jpg", "y.jpg"), ("f.jpg", "z.jpg"), ("e.jpg", "v")):
        faces = runs.taken.pop(old)
        runs.taken[new] = [(x + 500, like) for x, like in faces]
        content = runs.contents.pop(old)
        runs.contents[new] = f"edited {content}"
        for x, _ in faces:
            runs.known_as[f"edited {content}:{x + 500},0,20,20"] = f"{content}:{x},0,20,20"
    for regroup in (False, True):
        assert runs.run(text, regroup=regroup) == []
        runs.known_as = {}
        assert runs.of(1) == {"y.jpg 500", "y.jpg 600", "b.jpg 0", "c.jpg 0", "x.jpg 500"}
        assert "z.jpg 500" in runs.of(0)
        assert "v 500" in runs.of(0)


def test_a_line_means_the_face_that_it_has_meant(runs: _Runs) -> None:
    text = "1:\n  also: [d.jpg]\nnobody: [f.jpg]\n"
    runs.run(text)
    # Other photos get the names.
    for old, new in (("d.jpg", "x.jpg"), ("f.jpg", "y.jpg")):
        runs.taken[new], runs.contents[new] = runs.taken[old], runs.contents[old]
        runs.taken[old], runs.contents[old] = [(0, 2)], f"another {old}"
    assert runs.run(text) == []
    assert "x.jpg 0" in runs.of(1)
    assert "y.jpg 0" in runs.of(0)
    assert runs.of(2) >= {"d.jpg 0", "f.jpg 0"}


def test_nobody_joins_no_two_persons(runs: _Runs) -> None:
    for name, like in (
        ("5.jpg", 5),
        ("5b.jpg", 5),
        ("6.jpg", 6),
        ("6b.jpg", 6),
        ("both.jpg", _BOTH),
    ):
        runs.taken[name], runs.contents[name] = [(0, like)], name
    runs.radius = 0.8
    assert runs.run("nobody: [both.jpg]\n", regroup=True) == []
    assert {frozenset(runs.of(3)), frozenset(runs.of(4))} == {
        frozenset({"5.jpg 0", "5b.jpg 0"}),
        frozenset({"6.jpg 0", "6b.jpg 0"}),
    }


def test_a_photo_that_is_not_there_now_comes_back_to_whom_it_was_given(runs: _Runs) -> None:
    text = "1:\n  also: [d.jpg]\nnobody: [f.jpg]\n"
    runs.run(text)
    gone = {name: (runs.taken.pop(name), runs.contents.pop(name)) for name in ("d.jpg", "f.jpg")}
    assert runs.run(text) == []
    for name, (faces, content) in gone.items():
        runs.taken[name], runs.contents[name] = faces, content
    assert runs.run(text, regroup=True) == []
    assert "d.jpg 0" in runs.of(1)
    assert "f.jpg 0" in runs.of(0)


def test_whom_a_face_is_given_to_may_be_merged(runs: _Runs) -> None:
    assert runs.run("1:\n  merge: [2]\n2:\n  also: [g.jpg@10,10]\n") == []
    assert "g.jpg 0" in runs.of(1)
    # The same line below the other one is the same; parted again it is of whom the line says.
    assert runs.run("1:\n  merge: [2]\n  also: [g.jpg@10,10]\n2:\n") == []
    assert runs.state.given["g.jpg#:0,0,20,20"].was == 0
    assert runs.run("1:\n  also: [g.jpg@10,10]\n2:\n") == []
    assert "g.jpg 0" in runs.of(1)


def test_also_beats_not_and_split_of_that_very_face(runs: _Runs) -> None:
    runs.taken["b.jpg"].append((100, 1))  # a collage: twice on one photo
    assert runs.run("1:\n  not: [b.jpg]\n  also: [b.jpg@10,10]\n") == []
    assert "b.jpg 0" in runs.of(1)
    assert "b.jpg 100" not in runs.of(1)
    text = "1:\n  not: [c.jpg]\n  split: [b.jpg@10,10]\n  also: [b.jpg@10,10, c.jpg]\n"
    for _ in range(2):
        assert runs.run(text) == [
            "line 2: c.jpg is person-001's by line 4: take out one of the two",
            "line 3: b.jpg@10,10 is person-001's by line 4: take out one of the two",
        ]
        assert runs.state.following == 3


def test_not_of_one_and_also_of_another_say_the_same(runs: _Runs) -> None:
    text = "1:\n  not: [b.jpg]\n2:\n  also: [b.jpg]\n"
    for regroup in (False, True):
        assert runs.run(text, regroup=regroup) == []
        assert "b.jpg 0" in runs.of(2)
    assert runs.run("1:\n  not: [b.jpg]\n", regroup=True) == []
    assert "b.jpg 0" in runs.of(0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1:\n  also: [z.jpg]\n", "line 2: no photo has the name z.jpg, so nothing was done"),
        ("nobody: [z@1,2]\n", "line 1: no photo has the name z, so nothing was done"),
        (
            "1:\n  also: [g.jpg]\n",
            "line 2: g.jpg has 2 faces: say which, such as g.jpg@10,10, so nothing was done",
        ),
        (
            "1:\n  also:\n  - d.jpg\n  - a.jpg@60,300\n",
            "line 4: a.jpg has no face at 60,300, so nothing was done",
        ),
        (
            "1:\n  not: [d.jpg@1,1]\n",
            "line 2: person-001 is not on d.jpg at 1,1, so nothing was done",
        ),
        ("1:\n  also: [d.jpg, d.jpg]\n", "line 2: d.jpg is on line 2 already"),
        (
            "1:\n  also: [d.jpg, 'd.jpg@9,9']\n",
            "line 2: d.jpg@9,9 is person-001's by line 2 already",
        ),
        (
            "1:\n  also: [d.jpg]\n2:\n  also: [d.jpg]\n",
            "line 4: d.jpg is person-001's by line 2: take out one of the two",
        ),
        (
            "nobody: [d.jpg]\n1:\n  also: [d.jpg]\n",
            "line 1: d.jpg is person-001's by line 3: take out one of the two",
        ),
        ("nobody: [d.jpg, 'd.jpg@9,9']\n", "line 1: d.jpg@9,9 is on line 1 already"),
        ("nobody: []\n", "line 1: an empty list"),
        (
            "999999999:\n  also: [d.jpg]\n",
            "line 2: person-999999999 is far from the last number: take person-003",
        ),
        (
            "1:\n  hide: true\n1:\n  hide: yes\n",
            "line 4: that they are hidden is on line 2 already",
        ),
        (
            "1:\n  merge: [2]\n2:\n  hide: true\n",
            "line 4: person-002 is merged into person-001, who is not hidden",
        ),
    ],
)
def test_a_line_without_effect_is_told(runs: _Runs, text: str, told: str) -> None:
    for _ in range(2):
        assert told in runs.run(text)


def test_the_only_unknown_face_is_meant(runs: _Runs) -> None:
    for _ in range(2):
        assert runs.run("1:\n  also: [trip/e.jpg]\n") == []
        assert runs.of(1) >= {"trip/e.jpg 100"}
        assert "trip/e.jpg 0" in runs.of(2)


def test_photos_of_one_name_need_their_folder(runs: _Runs) -> None:
    runs.taken["rome/g.jpg"], runs.contents["rome/g.jpg"] = [(0, 8)], "rome"
    runs.taken["oslo/g.jpg"], runs.contents["oslo/g.jpg"] = [(0, 9)], "oslo"
    del runs.taken["g.jpg"], runs.contents["g.jpg"]
    told = runs.run("1:\n  also: [g.jpg]\n")
    assert told == [
        "line 2: 2 photos have the name g.jpg: write such as oslo/g.jpg, so nothing was done"
    ]


def test_a_photo_that_is_called_like_a_point_is_that_photo(runs: _Runs) -> None:
    runs.taken["a.jpg@110,10"], runs.contents["a.jpg@110,10"] = [(0, 9)], "odd"
    assert runs.run("1:\n  also: ['a.jpg@110,10']\n") == []
    assert "a.jpg@110,10 0" in runs.of(1)
    assert "a.jpg 100" in runs.of(2)


def test_a_face_is_split_off_or_barred_by_its_point(runs: _Runs) -> None:
    runs.taken["b.jpg"].append((100, 1))
    runs.taken["c.jpg"].append((100, 1))
    text = "1:\n  not: [b.jpg@110,10]\n  split: [c.jpg@110,10]\n"
    for _ in range(2):
        assert runs.run(text) == []
        assert runs.of(1) == {"a.jpg 0", "b.jpg 0", "c.jpg 0", "e.jpg 0"}
        assert runs.of(3) == {"c.jpg 100"}
        assert "b.jpg 100" in runs.of(0)


def test_who_is_hidden_is_in_no_suggestion(runs: _Runs) -> None:
    runs.run("1:\n  hide: no\n2:\n")
    photos, persons = runs.photos(), np.array([*runs.state.faces.values()])
    unlike = dataclasses.replace(photos, contents=photos.keys)  # nobody is on one photo with others
    assert len(suggest_pairs(unlike, persons, 2, runs.state, runs.said, None)) == 1
    runs.run("1:\n2:\n  hide: true\n")
    assert runs.said.hidden == {2}
    assert suggest_pairs(unlike, persons, 2, runs.state, runs.said, None) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1:\n  hide: maybe\n", "line 2: expected hide: true"),
        ("1:\n  hide: [true]\n", "line 2: expected hide: true"),
        ("nobody:\n  a: b\n", "line 2: expected a list of photos"),
        ("1:\n  also: [[a]]\n", "line 2: expected a list of photos"),
    ],
)
def test_mistakes_name_their_line(runs: _Runs, text: str, told: str) -> None:
    with pytest.raises(UserError, match=f"people.yaml, {told}"):
        runs.run(text)


def test_references() -> None:
    assert refer_to("trip/a.jpg", (400, 100, 25, 31)) == "trip/a.jpg@412,115"
    assert split_point("trip/a@b.jpg@412,115") == ("trip/a@b.jpg", (412, 115))
    assert split_point("a.jpg") == ("a.jpg", None)
    boxes = [(0, 0, 10, 10), (5, 5, 10, 10), (100, 0, 10, 10)]
    assert find_at((6, 6), boxes) == 0  # around both, nearer the middle of the first
    assert find_at((9, 9), boxes) == 1
    assert find_at((101, 14), boxes) == 2  # within its own size
    assert find_at((101, 40), boxes) is None
