"""Names of XMP for persons: what most of their faces have, and what is told of the rest."""

from pathlib import Path

import numpy as np
import PIL.Image

from facetrack.core.faces import Picture
from facetrack.extraction.xmp import document, writing
from facetrack.extraction.xmp.regions import Frame
from facetrack.organiser import people_writing
from facetrack.organiser.people import Corrections
from facetrack.organiser.people_file import FILE, read, understand
from facetrack.organiser.photos import Photos
from facetrack.organiser.tagged_names import TaggedNames, find_tagged_names

_FRAME, _BOX = Frame(50, 40), [10, 10, 20, 20]


def _find(
    folder: Path, faces: list[tuple[int, str]], said: Corrections | None = None
) -> TaggedNames:
    """What is found for faces, each on a photo of its own: (person, name in XMP)."""
    pictures = {}
    for at, (_, name) in enumerate(faces):
        path = folder / f"{at}.png"
        PIL.Image.fromarray(np.zeros((40, 50, 3), np.uint8)).save(path)
        pictures[str(at)] = Picture(path, path.name)
        if name:
            tree = document.parse(writing.EMPTY)
            writing.add(tree, [_FRAME.to_region(name, np.array(_BOX))], _FRAME)
            path.with_name(f"{path.name}.xmp").write_bytes(document.serialise(tree, writing.EMPTY))
    n = len(faces)
    photos = Photos(
        np.eye(n, dtype=np.float32),
        np.array([_BOX] * n),
        list(pictures),
        list(pictures),
        pictures,
        *({}, [], (), {}, (), [], [], n),
    )
    return find_tagged_names(photos, np.array([one for one, _ in faces]), said or Corrections())


def test_a_person_takes_the_name_that_most_of_their_faces_have(tmp_path: Path) -> None:
    faces = [(1, "Ada"), (1, "Ada"), (1, "Eve"), (1, ""), (2, "Ben"), (0, "Cleo")]
    found = _find(tmp_path, faces)
    assert found.names == {1: "Ada", 2: "Ben"}
    assert found.lines == [
        "5 names in XMP: 5 on faces that were found, 0 on none; 1 face without a name",
        "1 face has another name in XMP than their person",
    ]


def test_as_many_of_two_names_give_none(tmp_path: Path) -> None:
    found = _find(tmp_path, [(1, "Ada"), (1, "Eve")])
    assert found.names == {}
    assert found.lines[1:] == ["person-001 has as many faces called Ada and Eve in XMP, so no name"]


def test_names_by_hand_win_and_shared_ones_are_told(tmp_path: Path) -> None:
    said = understand("person-001: Zoe\nperson-003: Ben", tmp_path / FILE)
    found = _find(tmp_path, [(1, "Ada"), (2, "Ben"), (4, "Dan"), (5, "Dan")], said)
    assert found.names == {2: "Ben", 4: "Dan", 5: "Dan"}
    assert found.lines[1:] == [
        "1 face has another name in XMP than their person",
        *(
            f"person-00{one} is {name} in XMP, as person-00{other} is: write merge: "
            f"[person-00{one}] below person-00{other} in people.yaml if they are one"
            for one, name, other in ((2, "Ben", 3), (5, "Dan", 4))
        ),
    ]


def test_a_name_is_added_to_the_file_and_what_stands_there_stays(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.write_text("person-001:\n  name:\nperson-002: Ben  # mine\n")
    names = {1: 'A: "b" #\\ 😀', 2: "Eve", 3: "null"}
    assert people_writing.add(path, [1, 2, 3, 4], names) is None
    assert read(path)[1].names == {1: 'A: "b" #\\ 😀', 2: "Ben", 3: "null"}
    assert path.read_text().startswith("person-001:\n  name:\nperson-002: Ben  # mine\n")
    before = path.read_text()
    assert people_writing.add(path, [1, 2, 3, 4], names) is None
    assert path.read_text() == before
