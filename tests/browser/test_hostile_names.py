"""Persons, files and a dataset with hostile names: text everywhere, on every page and in a table.

One folder of the drawn portraits under such names goes through every command that makes something;
the tests look at what came of it.
"""

import csv
import functools
import io
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page

from browser.conftest import Visit
from facetrack.core.faces import Picture
from facetrack.dataset import Folder
from facetrack.detector import DlibHog
from facetrack.figures import make_printable
from facetrack.testing import Workspace, client, copied_home, portrait_faces, portraits, runs

_SECRET = "S3cr3t"
_DATASET = "<img src=x onerror=window.ran=1> \x1b[2J\u202e& `x`"
_PERSONS = (
    b"<script>window.ran=2<!--",
    b'"><img src=x onerror=window.ran=3>',
    b"' onmouseover=window.ran=4 x='",
    b'o\'neil "q" `b`',
    b"new\nline\ttab\r",
    b"\x1b[2J\x1b]0;own\x07red",
    b"..%2f..%2fetc",
    b"...",
    b"-rf",
    b"=1+1",
    b"+cmd|'calc'!A0",
    b"@SUM(A1)",
    b"a" * 255,
    "é".encode() * 127,
    "\u202egnp.exe\u2066".encode(),
    b"bad\xff\xfebytes",
    b"CON",
    b"dots. . ",
)
_CONTROLS = {chr(i) for i in range(32)} - {"\n"} | {"\x7f", "\x9b"}
_BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


@dataclass(frozen=True)
class Made:
    """What the commands left in `folder`, and what they printed."""

    folder: Path
    pictures: list[Picture]
    told: str

    @property
    def pages(self) -> list[Path]:
        return sorted(self.folder.rglob("*.html"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, warm_home: Path, new_mlflow: Path) -> Made:
    """Every kind of run over hostile names, with a cache of its own and an open umask."""
    portrait_faces(warm_home)
    portrait_faces(warm_home, DlibHog(choose="all"))  # as the organiser finds them
    folder = tmp_path_factory.mktemp("hostile")
    root = os.fsencode(folder / "people \x1b[31m")
    names = sorted({str(picture.person) for picture in portraits(warm_home)})
    persons = dict(zip(names, _PERSONS, strict=False))
    for picture in portraits(warm_home):
        person = persons.get(str(picture.person))
        if person is not None and not person.startswith(b"."):
            os.makedirs(os.path.join(root, person), exist_ok=True)  # noqa: PTH103, PTH118
            # A whole 255 bytes where the person's name is as long.
            name = person[: 255 - len(picture.path.name)] + os.fsencode(picture.path.name)
            shutil.copyfile(picture.path, os.path.join(root, person, name))  # noqa: PTH118
    for stray in (b"stray\x1b[2J\n.png", b"stray\x1b]0;own\x07.mp4", b"-rf/bad\x1b[31m\x9b.png"):
        with open(os.path.join(root, stray), "wb") as file:  # noqa: PTH118, PTH123
            file.write(b"no picture")
    secret = {"MLFLOW_TRACKING_PASSWORD": _SECRET}
    home = copied_home(folder / "home", warm_home)
    place = Workspace(folder, home, secret, store=new_mlflow)
    told = ""

    def run(*arguments: str) -> None:
        nonlocal told
        before = os.umask(0o022)
        try:
            done = place.run(*arguments)
        finally:
            os.umask(before)
        told += done.ok() + done.stderr

    pictures = (f"dataset.root={os.fsdecode(root)}", "n_resamples=2", f"dataset.name={_DATASET}")
    run("-m", "dataset=folder", *pictures, "clusterer=dbscan,meanshift", "clusterer.eps=0.4")
    run("dataset=folder", *pictures, "dataset.labels=false", "clusterer.eps=0.3")
    run("-m", "dataset=folder", *pictures, "task=tune", "task.n_trials=3", "dataset.min_pictures=2")
    models = ("detector=dlib_hog", "embedder=dlib")
    organise = ("task=organise", pictures[0], "task.out=out", "clusterer.eps=0.3", *models)
    run(*organise)
    yaml = folder / "out/people.yaml"
    text = yaml.read_text()
    for number, named in enumerate(
        ("../../<script>window.ran=5</script>", "/etc/\\u202egnp\\u001B[2J", "é" * 100, "CON. ."), 1
    ):
        entry = f"person-{number:03d}:\n  name:"
        assert entry in text
        text = text.replace(entry, f'{entry} "{named}"')
    yaml.write_text(text)
    run(*organise)
    return Made(folder, list(Folder(os.fsdecode(root)).load().pictures), told)


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.long)])
def test_every_page_shows_names_as_text(made: Made, visit: Visit, every: bool) -> None:
    """The largest of each kind, or every one: others of a kind show less of the same."""
    pages = {path.read_bytes(): path for path in made.pages}  # outputs/ and MLflow have the same
    largest = {_kind(path): path for _, path in sorted(pages.items(), key=lambda one: len(one[0]))}
    assert set(largest) == {"errors", "groups", "tsne", "curves", "study", "index", "report"}
    looked_at = pages if every else largest
    for path in looked_at.values():
        with visit(path.as_uri()) as page:
            dialogs: list[str] = []
            page.on("dialog", functools.partial(_note, dialogs))
            _assert_harmless(page, path.name)
            assert not dialogs
    names = {path.name for path in looked_at.values()}
    assert names >= {"errors.html", "index.html", "study.html"}


def _kind(page: Path) -> str:
    return page.name.partition("-")[0].partition(".")[0]


def _note(dialogs: list[str], dialog: Dialog) -> None:
    dialogs.append(dialog.message)
    dialog.dismiss()


def _assert_harmless(page: Page, name: str) -> None:
    policy = page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content")
    assert policy is not None
    assert policy.startswith("default-src 'none'"), name
    scripts = policy.rpartition("script-src ")[2]
    assert "unsafe" not in scripts
    assert all(one.startswith("'sha256-") for one in scripts.split()), name
    page.wait_for_timeout(100)
    assert page.evaluate("window.ran") is None, name
    assert page.locator("[onerror], [onmouseover], body script[src], iframe").count() == 0, name
    text = str(page.evaluate("document.body.textContent + document.title"))
    attributes = "[...document.querySelectorAll('[alt], [title]')].map(e => e.alt + e.title)"
    text += "".join(page.evaluate(attributes))
    if "Plotly" not in text:  # whose script has some of them
        assert not set(text) & (_CONTROLS - {"\t", "\r"} | _BIDI), name


def test_the_pages_name_everybody(made: Made, visit: Visit) -> None:
    persons = {str(picture.person) for picture in made.pictures}
    errors = max(
        (path for path in made.pages if path.name == "errors.html"),
        key=lambda path: path.stat().st_size,
    )
    with visit(errors.as_uri()) as page:
        text = page.locator("body").inner_text()
    shown = [person for person in persons if _flat(make_printable(person)) in _flat(text)]
    assert len(shown) > 2
    with visit((made.folder / "out/index.html").as_uri()) as page:
        text = _flat(" ".join(page.locator(".card").all_text_contents()))
        assert "../../<script>window.ran=5</script> · person-001" in text
        assert "/etc/?gnp?[2J · person-002" in text
        for picture in made.pictures[::5]:
            stem = make_printable(picture.name)
            page.get_by_role("searchbox").fill(stem)
            # Of cards that are not on the screen nothing is rendered, so there is no inner text.
            found = page.locator(".matches:visible li").all_text_contents()
            assert _flat(stem) in map(_flat, found)
    tsne = next(path for path in made.pages if path.name.startswith("tsne-"))
    with visit(tsne.as_uri()) as page:
        names = page.evaluate("DATA.groupings[0].names")
    assert sorted(names) == sorted(map(make_printable, persons))


def _flat(text: str) -> str:
    return " ".join(text.split())


def test_tables_give_the_names_back(made: Made) -> None:
    tables = sorted((made.folder / "mlruns").rglob("*.csv"))
    assert {table.name for table in tables} >= {
        *("results.csv", "resamples.csv", "confused.csv", "faces.csv", "skipped.csv"),
        *("clusters.csv", "people.csv", "trials.csv", "studies.csv"),
    }
    for table in tables:
        rows = list(csv.reader(io.StringIO(table.read_bytes().decode(), newline="")))
        assert len({len(row) for row in rows}) <= 1, table
        for cell in (cell for row in rows for cell in row):
            assert not cell.startswith(("=", "+", "@", "\t", "\r")), (table, cell)
    (flat, *_) = [table for table in tables if table.name == "people.csv"]
    with flat.open(newline="") as file:
        persons = {row["person"] for row in csv.DictReader(file)}
    # A name that begins as a formula does has an apostrophe in front.
    assert persons == {
        f"'{name}" if name[0] in "=+-@'" else name
        for name in (str(picture.person) for picture in made.pictures)
    }
    for table in tables:
        if table.name == "faces.csv":
            with table.open(newline="") as file:
                pictures = {row["picture"].removeprefix("'") for row in csv.DictReader(file)}
            assert pictures <= {picture.name for picture in made.pictures}


def test_the_terminal_is_not_commanded(made: Made) -> None:
    assert "stray?[2J" in made.told
    assert "bad?[31m" in made.told
    # Bars, which appear where the machine is slow, go to the start of their line and up by one.
    told = made.told.replace("\r", "").replace("\x1b[A", "")
    assert not set(told) & (_CONTROLS | _BIDI)


def test_folders_stay_within_and_are_not_too_long(made: Made) -> None:
    out = made.folder / "out"
    folders = sorted(path.name for path in out.iterdir() if path.is_dir())
    assert {"person-001 .._.._<script>window.ran=5<_script>", "person-004 CON"} <= set(folders)
    assert not any(name.endswith((".", " ")) for name in folders)
    assert len({name.casefold() for name in folders}) == len(folders)
    for path in out.rglob("*"):
        assert len(os.fsencode(path.name)) <= 255
        assert not path.is_symlink()
        assert not set(path.name) & (_CONTROLS | _BIDI | {"\n"})
    assert sorted(path.name for path in made.folder.iterdir()) == [
        *("home", "mlflow.db", "mlruns", "out", "outputs", "people \x1b[31m")
    ]


def test_runs_have_the_names_in_mlflow(made: Made) -> None:
    for kind in ("job", "sweep", "study", "organise"):
        found = runs(made.folder, kind)
        assert found
        assert {run.info.status for run in found} == {"FINISHED"}, kind
    assert {run.data.tags["dataset"] for run in runs(made.folder, "job")} == {_DATASET}
    (*_, experiment) = client(made.folder).search_experiments(order_by=["name DESC"])
    assert experiment is not None


def test_the_cache_is_its_owners_alone(made: Made) -> None:
    home = made.folder / "home"
    found = {path.name for path in home.rglob("*")}
    assert {"embeddings.sqlite", "embeddings.lock", "locks", "tsne", "sheets"} <= found
    for path in (home, *home.rglob("*")):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_no_secret_is_kept(made: Made) -> None:
    assert _SECRET not in made.told
    for path in made.folder.rglob("*"):
        if path.is_file():
            assert _SECRET.encode() not in path.read_bytes(), path
