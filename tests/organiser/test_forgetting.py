"""What an organised folder's states, thumbnails and page lose when photos are forgotten."""

import json
from pathlib import Path
from typing import Any

import pytest

from facetrack.core.errors import UserError
from facetrack.organiser import forgetting, state

ANNA, BOTH, BEN = "aa" * 32, "ab" * 32, "bb" * 32
HEAD = "# Who is who.\n\n"
SECTIONS = (
    "person-001:\n  name: Anna\n\n"
    "# Anna's brother\n"
    "person-002:\n  name: Ben\n  merge: [Anna, 'person-004']\n  not: [Anna]\n"
)


def stored(faces: dict[str, int], people: str = "", **more: Any) -> dict[str, Any]:
    """A state of version 2, as JSON."""
    contents = {face.partition(":")[0] for face in faces}
    return {
        "version": 2,
        "faces": faces,
        "photos": {one: {"names": [f"{one[:2]}.jpg"], "look": one} for one in contents},
        "pinned": list(faces),
        "barred": {face: {"7": "x.jpg"} for face in faces},
        "files": {f"person-001/{one}.jpg": {"content": one} for one in contents},
        "people": people,
        **more,
    }


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / ".facetrack/faces").mkdir(parents=True)
    return tmp_path


def keep(out: Path, name: str, value: object) -> None:
    (out / ".facetrack" / name).write_text(json.dumps(value))


def kept(out: Path, name: str) -> Any:
    return json.loads((out / ".facetrack" / name).read_text())


def test_every_state_loses_faces_photos_and_the_name(out: Path) -> None:
    faces = {f"{ANNA}:1": 1, f"{BOTH}:1": 1, f"{BOTH}:2": 2, f"{BEN}:1": 2}
    whole = stored(faces, HEAD + SECTIONS)
    older = {key: value for key, value in stored(faces, HEAD).items() if key != "photos"}
    keep(out, "state.json", whole)
    keep(out, "previous.json", {**older, "version": 1})
    keep(out, "restoring.json", {"back": whole, "forth": whole})
    # Of each state: three faces three times, two photos, one text.
    counts = forgetting.count(out, {ANNA, BOTH}, {1})
    assert {path.name: n for path, n in counts.items()} == {
        "previous.json": 9,
        "restoring.json": 24,
        "state.json": 12,
    }
    assert list(counts)[-1].name == "state.json"
    assert kept(out, "state.json") == whole  # counted, not changed

    forgetting.clean(out, {ANNA, BOTH}, {1})
    assert forgetting.count(out, {ANNA, BOTH}, {1}) == {}
    rest = "person-002:\n  name: Ben\n  merge: [person-001, 'person-004']\n  not: [Anna]\n"
    expected = {
        **stored({f"{BEN}:1": 2}),
        "people": HEAD + rest,
        "files": whole["files"],  # they stay, and facetrack's
    }
    assert kept(out, "state.json") == expected
    assert kept(out, "restoring.json") == {"back": expected, "forth": expected}
    assert kept(out, "previous.json")["faces"] == {f"{BEN}:1": 2}
    assert kept(out, "previous.json")["people"] == HEAD
    assert (out / ".facetrack/state.json").stat().st_mode & 0o077 == 0


def test_what_people_yaml_gave_is_forgotten_with_its_face(out: Path) -> None:
    given = {"person": 2, "name": "x.jpg", "was": 1}
    faces = {f"{ANNA}:1": 2, f"{BEN}:1": 2}
    keep(out, "state.json", stored(faces, given=dict.fromkeys(faces, given)))
    forgetting.clean(out, {ANNA}, set())
    assert kept(out, "state.json")["given"] == {f"{BEN}:1": given}


def test_what_is_no_json_any_more_is_removed_where_it_has_one_of_the_photos(out: Path) -> None:
    (out / ".facetrack/previous.json").write_text(f'{{"faces": {{"{ANNA}:1": 1')
    (out / ".facetrack/other.json").write_text(f'{{"faces": {{"{BEN}:1": 1')
    keep(out, "state.json", stored({f"{BEN}:1": 2}))
    forgetting.clean(out, {ANNA}, {1})
    names = {path.name for path in (out / ".facetrack").glob("*.json")}
    assert names == {"other.json", "state.json"}


def test_thumbnails_of_theirs_and_of_nobody_go(out: Path) -> None:
    keep(out, "state.json", stored({f"{BEN}:1": 2}))
    keep(out, "previous.json", stored({f"{ANNA}:1": 1, f"{BEN}:2": 2}))
    paths = {
        face: state.thumbnail_path(out / ".facetrack", face)
        for face in (f"{ANNA}:1", f"{BEN}:1", f"{BEN}:2", f"{BOTH}:1")
    }
    for path in paths.values():
        path.touch()
    gone = {paths[f"{ANNA}:1"], paths[f"{BOTH}:1"]}
    assert set(forgetting.find_thumbnails(out, {ANNA})) == gone


def test_whose_a_face_is_the_last_run_decides(out: Path) -> None:
    # Before, the second photo was taken for one of Anna's; the third is in no other state.
    keep(out, "state.json", stored({f"{ANNA}:1": 1, f"{BEN}:1": 2}))
    keep(out, "previous.json", stored({f"{ANNA}:1": 1, f"{BEN}:1": 1, f"{BOTH}:1": 1}))
    (out / "people.yaml").write_text("person-001:\n  name: Anna\n  merge: [person-003]\n")
    for called in ("Anna", "person-001"):
        known = forgetting.find_person(out, called)
        assert known.persons == {1, 3}
        assert known.contents == {ANNA: {"aa.jpg"}, BOTH: {"ab.jpg"}}
    assert forgetting.find_person(out, "anna").persons == set()


def test_a_name_that_people_yaml_has_no_more_is_known_from_the_states(out: Path) -> None:
    faces = {f"{ANNA}:1": 1, f"{BEN}:1": 4, f"{BOTH}:1": 2}
    text = "person-001:\n  name: Anna\n  merge: [person-004]\n"
    keep(out, "previous.json", stored(faces, text))
    (out / "people.yaml").write_text("person-002:\n  name: Ben\n")
    known = forgetting.find_person(out, "Anna")
    assert known.persons == {1, 4}
    assert set(known.contents) == {ANNA, BEN}


def test_somebody_known_by_name_alone_has_no_contents(out: Path) -> None:
    keep(out, "state.json", stored({f"{BEN}:1": 2}))
    (out / "people.yaml").write_text("person-001:\n  name: Anna\n")
    assert forgetting.find_person(out, "Anna") == forgetting.Known(frozenset({1}), {})


def test_a_photo_that_has_gone_is_known_by_its_names(out: Path) -> None:
    one = stored({f"{ANNA}:1": 1})
    one["photos"][ANNA]["names"] = ["trip/IMG_1.jpg", "copy.jpg"]
    one["files"] = {"person-001/IMG_1 (2).jpg": {"content": ANNA}}
    keep(out, "state.json", one)
    for name in ("trip/IMG_1.jpg", "IMG_1.jpg", "copy.jpg", "IMG_1 (2).jpg"):
        assert forgetting.find_photo(out, name) == {ANNA: {"trip/IMG_1.jpg", "copy.jpg"}}
    assert forgetting.find_photo(out, "MG_1.jpg") == {}


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("", ""),
        ("person-002: Anna\n", "person-002: Anna\n"),  # another one of that name
        ("person-001: Anna\nperson-002: Ben\n", "person-002: Ben\n"),
        ("different: [Anna, Ben]\n1: Anna\n", "different: [person-001, Ben]\n"),
        ("# Annabel\n# Anna!\nperson-1:\n  name: 'Anna'\n", "# Annabel\n"),
        ("{person-001: {name: Anna}, person-002: {name: Ben}}", ""),
        ("person-001: [\n", ""),
        ("a text, Anna", "a text, Anna"),
        ("1: Anna\nnobody: [Anna]\n2:\n  also: [Anna]\n", "nobody: [Anna]\n2:\n  also: [Anna]\n"),
    ],
)
def test_sections_of_people_yaml(text: str, rest: str) -> None:
    assert forgetting.without(text, {1}) == rest


def test_damage_is_told(out: Path) -> None:
    keep(out, "state.json", {"version": 2, "faces": {f"{ANNA}:1": "one"}})
    with pytest.raises(UserError, match="cannot be used"):
        forgetting.find_person(out, "Anna")


def test_another_folder_is_none_of_facetracks(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no folder that facetrack organised"):
        forgetting.check(tmp_path)
