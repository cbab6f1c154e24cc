import hashlib
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray
from sklearn.cluster import DBSCAN
from sklearn.metrics import adjusted_rand_score

from facetrack.core.errors import UserError
from facetrack.core.faces import Boxes, Image, Picture, Vectors
from facetrack.dataset.drawing import SIZE, draw
from facetrack.dataset.portraits import VERSION, Portraits
from facetrack.dataset.sitters import SITTERS, shots
from facetrack.detector import Haar, choose
from facetrack.evaluation.resampling import Bootstrap
from facetrack.extraction.picture import read
from facetrack.testing import portrait_faces, portraits, portraits_only

_SCRIPT = """
import hashlib
from facetrack.dataset.drawing import draw
from facetrack.dataset.sitters import SITTERS, shots
digests = {}
for sitter in reversed(SITTERS[::3]):
    for shot in reversed(shots(sitter)):
        digests[sitter.name, shot.seed] = hashlib.sha256(draw(sitter, shot).tobytes()).hexdigest()
print(hashlib.sha256(repr(sorted(digests.items())).encode()).hexdigest())
"""
_LOAD = """
from facetrack.dataset import portraits
portraits.SITTERS = portraits.SITTERS[:5]  # as many as it takes for two to meet
print(len(portraits.Portraits().load().pictures))
"""


@pytest.fixture(scope="module")
def drawn(warm_home: Path) -> list[tuple[str, int, Image]]:
    """Person, seed of the shot, picture as the dataset has it."""
    files = {one.name: one.path for one in portraits(warm_home)}
    return [
        (one.name, shot.seed, read(files[f"{one.name}/{one.name}_{number:02d}.png"]))
        for one in SITTERS
        for number, shot in enumerate(shots(one), start=1)
    ]


@pytest.fixture(scope="module")
def found(drawn: list[tuple[str, int, Image]]) -> list[Boxes]:
    detector = Haar()
    return [detector.detect(image) for _, _, image in drawn]


@dataclass(frozen=True)
class Embedded:
    """The faces found: who they are, whether behind sunglasses, and their unit vectors."""

    people: NDArray[np.str_]
    dark: NDArray[np.bool_]
    vectors: Vectors


@pytest.fixture(scope="module")
def embedded(warm_home: Path) -> Embedded:
    faces = portrait_faces(warm_home)
    dark = {
        f"{one.name}/{one.name}_{number:02d}.png"
        for one in SITTERS
        for number, shot in enumerate(shots(one), start=1)
        if shot.sunglasses
    }
    return Embedded(
        np.array([one.person for one in faces.pictures]),
        np.array([one.name in dark for one in faces.pictures]),
        faces.vectors,
    )


def test_59_pictures_of_18_people(drawn: list[tuple[str, int, Image]]) -> None:
    counts = Counter(name for name, _, _ in drawn)
    assert (len(drawn), len(counts)) == (59, 18)
    assert (min(counts.values()), max(counts.values())) == (2, 5)
    for _, _, image in drawn:
        assert image.shape == (SIZE, SIZE, 3)
        assert image.dtype == np.uint8


def test_no_two_pictures_are_alike(drawn: list[tuple[str, int, Image]]) -> None:
    assert len({image.tobytes() for _, _, image in drawn}) == 59


def test_another_process_draws_the_same_in_another_order(
    drawn: list[tuple[str, int, Image]],
) -> None:
    some = {one.name for one in SITTERS[::3]}  # six people
    digests = {
        (name, seed): hashlib.sha256(image.tobytes()).hexdigest()
        for name, seed, image in drawn
        if name in some
    }
    here = hashlib.sha256(repr(sorted(digests.items())).encode()).hexdigest()
    there = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert there.stdout.strip() == here


def test_haar_finds_one_face_in_each(found: list[Boxes]) -> None:
    assert sum(len(boxes) == 1 for boxes in found) >= 57


def test_no_face_is_lost_to_the_article_s_border_rule(found: list[Boxes]) -> None:
    kept = [len(choose(boxes, SIZE, SIZE, "first", 10)) for boxes in found]
    assert sum(kept) >= 57


def test_ari_rises_and_falls_with_the_radius(embedded: Embedded) -> None:
    people, vectors = embedded.people, embedded.vectors
    means = []
    for tenth in range(1, 13):
        clusterer = DBSCAN(eps=tenth / 10, min_samples=1)
        scores = []
        for i in range(30):
            drawn_faces = Bootstrap().draw(len(people), 0, "portraits", i)
            labels = clusterer.fit_predict(vectors[drawn_faces])
            scores.append(adjusted_rand_score(people[drawn_faces], labels))
        means.append(float(np.mean(scores)))
    best = int(np.argmax(means))
    curve = [round(mean, 2) for mean in means]
    assert 0.85 <= means[best] < 0.995, curve
    assert means[2] >= 0.85, curve  # at the embedder's own radius, 0.3
    assert means[: best + 1] == sorted(means[: best + 1]), curve
    assert means[best:] == sorted(means[best:], reverse=True), curve
    assert sum(mean > 0.2 for mean in means) >= 4, curve
    assert means[-1] < 0.01, curve


def test_lookalikes_are_nearer_than_any_other_two_people(embedded: Embedded) -> None:
    people, vectors = embedded.people, embedded.vectors
    distance = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    distance[people[:, None] == people[None]] = np.inf
    row, column = np.unravel_index(np.argmin(distance), distance.shape)
    assert {str(people[row]), str(people[column])} == {"Ada", "Alma"}


def test_sunglasses_set_pictures_apart(embedded: Embedded) -> None:
    assert set(embedded.people[embedded.dark]) == {"Mateo"}
    without = embedded.vectors[(embedded.people == "Mateo") & ~embedded.dark]
    worn = embedded.vectors[embedded.dark]
    assert len(worn) == len(without) == 2

    def nearest(a: Vectors, b: Vectors) -> float:
        return float(np.linalg.norm(a[:, None] - b[None], axis=2).min())

    assert nearest(worn, without) > nearest(worn[:1], worn[1:])
    assert nearest(worn, without) > nearest(without[:1], without[1:])


def _files(pictures: list[Picture]) -> dict[str, tuple[int, str]]:
    return {
        one.name: (one.path.stat().st_mtime_ns, hashlib.sha256(one.path.read_bytes()).hexdigest())
        for one in pictures
    }


def test_load_writes_once_and_restores_what_is_gone(
    home: Path, warm_home: Path, drawn: list[tuple[str, int, Image]]
) -> None:
    portraits_only(home, warm_home)
    for name in ("Ada", "Mateo"):
        shutil.rmtree(home / f"portraits-{VERSION}" / name)
    pictures = list(Portraits().load().pictures)
    assert [one.name for one in pictures] == sorted(one.name for one in pictures)
    assert Counter(one.person for one in pictures) == Counter(name for name, _, _ in drawn)
    first = pictures[0]
    assert (first.name, first.person) == ("Ada/Ada_01.png", "Ada")
    assert first.path.is_relative_to(home)
    with PIL.Image.open(first.path) as opened:
        assert np.array_equal(np.asarray(opened), draw(SITTERS[0], shots(SITTERS[0])[0]))

    before = _files(pictures)
    assert list(Portraits().load().pictures) == pictures
    assert _files(pictures) == before

    pictures[3].path.unlink()
    pictures[5].path.write_bytes(b"")
    assert list(Portraits().load().pictures) == pictures
    after = _files(pictures)
    assert {name for name in after if after[name][0] != before[name][0]} == {
        pictures[3].name,
        pictures[5].name,
    }
    assert [after[name][1] for name in after] == [before[name][1] for name in before]
    written = [path for path in home.rglob("*") if path.is_file()]
    assert len(written) == 59  # nothing else is left behind


def test_two_processes_may_draw_at_once(home: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _LOAD], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for process in processes:
        output, errors = process.communicate(timeout=300)
        assert (process.returncode, output.strip()) == (0, "16"), errors
    assert len([path for path in home.rglob("*") if path.is_file()]) == 16


def test_a_folder_that_cannot_be_written_is_told_in_one_line(home: Path) -> None:
    root = home / f"portraits-{VERSION}"
    root.mkdir(parents=True)
    (root / "Ada").write_text("a file where her folder should be")
    with pytest.raises(UserError, match="FACETRACK_HOME") as caught:
        Portraits().load()
    assert "\n" not in str(caught.value)
