"""People of LFW, put right by keys, from the organiser's first result on."""

import random
import shutil
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from real_models import MOBILEFACENET, YUNET, needs_lfw, read_scale, read_settings
from reviewed import Served, make_request, serve

from browser.conftest import Visit
from browser.review.conftest import go
from facetrack.detector import YuNet
from facetrack.embedder import AlignedOnnx
from facetrack.organiser.photos import Stages
from facetrack.testing import Workspace

_ARCHIVE = Path(__file__).resolve().parents[4] / "shared/data/lfw-deepfunneled.tgz"
_PEOPLE, _FEWEST, _MOST = 60, 3, 20
_ACTIONS = 40

pytestmark = needs_lfw


def _unpack(folder: Path, people: int) -> Path:
    """All pictures of the last of the archive's first sixty people of 3 to 20, in a flat folder."""
    folder.mkdir()
    found: dict[str, list[tuple[str, bytes]]] = {}
    with tarfile.open(_ARCHIVE) as archive:
        for member in archive:
            person, _, name = member.name.rpartition("/")[0].rpartition("/")[2], "", member.name
            if not name.endswith(".jpg"):
                continue
            if person not in found and len(_full(found)) >= _PEOPLE:
                break
            opened = archive.extractfile(member)
            assert opened is not None
            found.setdefault(person, []).append((name.rpartition("/")[2], opened.read()))
    for person in _full(found)[:_PEOPLE][-people:]:
        for name, content in found[person]:
            (folder / name).write_bytes(content)
    return folder


def _full(found: dict[str, list[tuple[str, bytes]]]) -> list[str]:
    return [person for person, of in found.items() if _FEWEST <= len(of) <= _MOST]


@pytest.fixture(scope="module", params=[30, pytest.param(_PEOPLE, marks=pytest.mark.long)])
def sorted_people(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Workspace, Path, Path]:
    """Sorted as the organiser does by itself: by YuNet, MobileFaceNet and Infomap."""
    folder = tmp_path_factory.mktemp("session")
    photos, out = _unpack(folder / "photos", request.param), folder / "out"
    workspace = Workspace(folder / "work")
    downloads = workspace.home / "downloads"
    downloads.mkdir(parents=True)
    workspace.home.chmod(0o700)
    for model in (YUNET, MOBILEFACENET):
        shutil.copy(model, downloads)
    given = (f"dataset.root={photos}", f"task.out={out}", "tracking=none")
    workspace.run("task=organise", *given).ok()
    return workspace, photos, out


@pytest.fixture
def people(
    sorted_people: tuple[Workspace, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Served]:
    workspace, photos, out = sorted_people
    monkeypatch.setenv("FACETRACK_HOME", str(workspace.home))
    stages = Stages(
        YuNet(**{**read_settings("detector/yunet"), "choose": "all"}),
        AlignedOnnx(**read_settings("embedder/mobilefacenet")),
        "local",
        read_scale("embedder/mobilefacenet"),
    )
    with serve(make_request(photos, out, stages=stages)) as served:
        yield served
        while served.review.log.standing:
            served.review.undo()


class _Person:
    """Somebody who knows whom the photos show: the one in the middle is who the file is named for.

    mistaken: the share of wrong answers.
    """

    def __init__(self, served: Served, mistaken: float = 0.0) -> None:
        self._album = served.review.album
        self._random, self._mistaken = random.Random(0), mistaken
        self.truth: dict[int, str] = {}
        for rows in self._album.by_photo.values():
            middles = self._album.photos.boxes[rows]
            away = abs(middles[:, :2] + middles[:, 2:] / 2 - 125).sum(axis=1)
            main = rows[int(away.argmin())]
            name = self._album.name_photo(self._album.photos.contents[main])
            self.truth[main] = name.rpartition("_")[0]

    def says(self, first: str, second: str) -> str:
        rows = [self._album.find_face(id_) for id_ in (first, second)]
        names = [self.truth.get(row, f"somebody else {row}") for row in rows]
        right = names[0] == names[1]
        return "y" if right != (self._random.random() < self._mistaken) else "n"

    def measure(self) -> float:
        """BCubed F of the people the files are named for; who is nobody's is alone."""
        persons = self._album.persons.tolist()
        found = {row: persons[row] if persons[row] > 0 else -row - 9 for row in self.truth}
        pairs = Counter((self.truth[row], found[row]) for row in found)
        true, made = Counter(self.truth.values()), Counter(found.values())
        n = len(found)
        precision = sum(pairs[self.truth[row], found[row]] / made[found[row]] for row in found) / n
        recall = sum(pairs[self.truth[row], found[row]] / true[self.truth[row]] for row in found)
        return 2 * precision * (recall / n) / (precision + recall / n)


def _answer(page: Page, served: Served, person: _Person, until: float, most: int) -> int:
    """Answer questions by keys; how many keys that took."""
    page.wait_for_url(f"{served.address}/")  # to which the start link's page leads
    go(page, "#/questions")
    keys = 0
    while keys < most and person.measure() < until:
        asked = served.get("/api/question")
        if asked["question"] is None:
            break
        again = page.get_by_role("button", name="Ask on all the same")
        shown = page.locator(".likely")
        expect(shown.or_(again)).to_be_visible()
        if again.is_visible():
            again.focus()
            page.keyboard.press("Enter")
            keys += 1
            continue
        answered = len(served.review.log.standing)
        sides = asked["question"]["first"]["face"], asked["question"]["second"]["face"]
        for side in ("first", "second"):
            name = asked["question"][side]["photo_name"]
            expect(page.locator(".two").get_by_text(name).first).to_be_visible()
        page.keyboard.press(person.says(*sides))
        keys += 1
        while len(served.review.log.standing) == answered:
            page.wait_for_timeout(10)
        # The next question, or that none is worth asking, is there.
        expect(page.locator(".answered")).to_have_count(0)
    return keys


def test_forty_keys_are_enough(people: Served, visit: Visit) -> None:
    person = _Person(people)
    before = person.measure()
    assert before < 0.995
    with visit(people.link) as page:
        keys = _answer(page, people, person, 0.995, _ACTIONS)
    assert person.measure() >= 0.995, (before, keys)
    assert keys <= _ACTIONS


def test_wrong_answers_break_nothing_and_go_back(people: Served, visit: Visit) -> None:
    person = _Person(people, 0.03)
    before, persons = person.measure(), people.review.album.persons.tolist()
    with visit(people.link) as page:
        _answer(page, people, person, 1.1, 15)
        assert person.measure() > before - 0.02
        for left in range(len(people.review.log.standing), 0, -1):
            page.keyboard.press("u")
            undo = page.locator("#undo")
            expect(undo).to_be_enabled() if left > 1 else expect(undo).to_be_disabled()
    assert people.review.album.persons.tolist() == persons
