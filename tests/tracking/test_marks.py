"""The mark of what shows people: written before the files, and read however long it is."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from facetrack.core.artifacts import Artifact, mark_nobody, mark_people
from facetrack.testing import Workspace, artifacts, organise, photos
from facetrack.tracking import pieces
from facetrack.tracking.keys import SHOWING, SHOWING_BEFORE
from facetrack.tracking.marks import is_known_to_show, read_mark, write_mark
from facetrack.tracking.runs import MlflowRun

_SINCE = {"factors.csv", "factor_gaps.csv", "report.html"}  # which no run without a mark has


class Client:
    """Remembers what is asked of it, in order."""

    def __init__(self, tags: dict[str, str] | None = None, files: tuple[str, ...] = ()) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.tracking_uri = "sqlite:///mlflow.db"
        self._tags, self._files = tags or {}, files

    def log_batch(self, run_id: str, params: Any = (), tags: Any = (), metrics: Any = ()) -> None:
        said = {one.key: one.value for one in [*params, *tags, *metrics]}
        self.asked.append(("batch", said))

    def log_artifacts(self, run_id: str, folder: str) -> None:
        self.asked.append(("files", None))

    def get_run(self, run_id: str) -> Any:
        self.asked.append(("run", None))
        return SimpleNamespace(data=SimpleNamespace(tags=self._tags))

    def list_artifacts(self, run_id: str) -> list[Any]:
        return [SimpleNamespace(path=name) for name in self._files]


def _run(client: Client, showing: frozenset[str] | None = frozenset()) -> MlflowRun:
    return MlflowRun(client, "id", showing=showing)


def test_a_mark_is_read_as_it_was_written() -> None:
    long = (f"tsne-{'x' * 150}-{i}.html" for i in range(200))
    for names in (frozenset[str](), frozenset({"a.html"}), frozenset(long)):
        tags = write_mark(names)
        assert all(len(value) <= 5000 for value in tags.values())
        assert read_mark({**tags, "other": "1"}) == names
    assert len(tags) > 5


@pytest.mark.parametrize("text", ["", "[", "{}", "[1]", '"a"', "[" * 3000])
def test_what_is_no_mark_is_none(text: str) -> None:
    assert read_mark({f"{SHOWING}.0": text}) is None
    assert read_mark({}) is None


def test_a_list_of_texts_is_cut_and_joined() -> None:
    texts = ["a=1", "é\udcff", "x" * 9000]
    tags = pieces.write("command", texts)
    assert list(tags) == ["command.0", "command.1", "command.2"]
    assert pieces.read("command", tags) == texts
    del tags["command.1"]
    assert pieces.read("command", tags) is None


def test_the_mark_is_there_before_the_files(home: object) -> None:
    client = Client()
    files = [*mark_nobody({"a.csv": ""}), *mark_people({"b.html": ""})]
    _run(client).artifacts(files, {"more": 1})
    assert client.asked == [
        ("batch", {"more": "1", **write_mark({"b.html"})}),
        ("files", None),
    ]


def test_what_shows_nobody_and_what_is_marked_takes_no_further_request(home: object) -> None:
    client = Client()
    run = _run(client)
    run.artifacts(mark_nobody({"a.csv": ""}))
    assert client.asked == [("files", None)]
    for _ in range(2):
        run.artifacts(mark_people({"b.html": ""}))
    assert [what for what, _ in client.asked] == ["files", "batch", "files", "files"]


def test_a_mark_of_files_to_come_goes_with_what_is_logged_next(home: object) -> None:
    client = Client()
    run = _run(client)
    run.expect(["b.html", "c.png"])
    assert client.asked == []
    run.metrics({"ari": 0.5})
    run.artifacts(mark_people({"b.html": "", "c.png": b""}))
    whole = write_mark({"b.html", "c.png"})
    assert client.asked == [("batch", {"ari": 0.5, **whole}), ("files", None)]
    run.artifacts(mark_people({"d.html": ""}))  # nobody expected it
    assert client.asked[2:] == [
        ("batch", write_mark({"b.html", "c.png", "d.html"})),
        ("files", None),
    ]


def test_expected_files_never_come_before_their_mark(home: object) -> None:
    client = Client()
    run = _run(client)
    run.expect(["b.html"])
    run.artifacts(mark_nobody({"a.csv": ""}))
    run.artifacts(mark_people({"b.html": ""}))
    assert [what for what, _ in client.asked] == ["files", "batch", "files"]


def test_settings_and_tags_are_one_request() -> None:
    client = Client()
    _run(client).params({"eps": 0.3}, {"metric": "l2"})
    _run(client).params({}, {"metric": "l2"})
    assert client.asked == [
        ("batch", {"eps": "0.3", "metric": "l2"}),
        ("batch", {"metric": "l2"}),
    ]


@pytest.mark.parametrize(
    ("tags", "before"),
    [({}, {"tsne-a.html"}), (write_mark({"a.svg"}), {"a.svg"})],
)
def test_a_run_taken_up_again_keeps_its_mark(
    home: object, tags: dict[str, str], before: set[str]
) -> None:
    client = Client(tags, ("tsne-a.html", "results.csv", "a.svg"))
    run = _run(client, None)
    run.artifacts([Artifact("new.html", "", shows_people=True)])
    assert ("batch", write_mark(before | {"new.html"})) in client.asked


def test_files_of_before_are_known_by_their_names() -> None:
    shown = ("errors.html", "tsne.html", "tsne-a-b-c.html", "pages/2/index.html", "people.csv")
    assert all(map(is_known_to_show, shown))
    assert not any(map(is_known_to_show, ("config.yaml", "resamples.csv", "curves.html")))
    assert len(SHOWING_BEFORE) == 12


def test_commands_mark_what_was_known_by_its_name_before(
    workspace: Workspace, tmp_path: Path
) -> None:
    workspace.run("n_resamples=2").ok()
    workspace.run("-m", "clusterer.eps=0.25,0.3", "n_resamples=2").ok()
    root = photos(tmp_path, workspace.home, 4)
    organise(workspace, root, tmp_path / "out", "tracking=local").ok()
    kinds = []
    for run in workspace.runs():
        names, marked = set(artifacts(run)), read_mark(run.data.tags)
        assert marked is not None
        assert marked == {*filter(is_known_to_show, names), *(names & _SINCE)}
        kinds.append((run.data.tags["kind"], "tsne.html" in names))
    assert sorted(kinds) == [
        *(("job", False), ("job", False), ("job", True), ("organise", False), ("sweep", False)),
    ]
    (sweep,) = workspace.runs("sweep")
    shown = {"report.html", "tsne-portraits-haar-dlib.html"}
    assert read_mark(sweep.data.tags) == frozenset(shown)
