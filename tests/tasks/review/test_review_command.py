"""`task=review` as it is typed."""

import json
import re
import signal
import stat
import subprocess
import time
from pathlib import Path

import pytest
import requests
from reviewed import organise

from facetrack.tasks.review import opening
from facetrack.testing import Workspace


@pytest.fixture(scope="module")
def sorted_folder(warm_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACETRACK_HOME", str(warm_home))
        return organise(tmp_path_factory.mktemp("command"), warm_home).out


_MODELS = ("detector=haar", "embedder=dlib")


def _start(workspace: Workspace, out: Path, *more: str) -> "subprocess.Popen[str]":
    return workspace.start("task=review", f"task.out={out}", "task.open=false", *_MODELS, *more)


def test_it_serves_until_it_is_interrupted(workspace: Workspace, sorted_folder: Path) -> None:
    running = _start(workspace, sorted_folder)
    assert running.stdout is not None
    line = running.stdout.readline()
    link = re.fullmatch(r"Open (http://127\.0\.0\.1:\d+/\?token=[\w-]{40,})\n", line)
    assert link, line
    session = requests.Session()
    session.headers["Connection"] = "close"  # none is used again just as the server closes it
    assert session.get(link[1], timeout=60).status_code == 200
    address = link[1].partition("/?")[0]
    summary = session.get(f"{address}/api/summary", timeout=60).json()
    assert summary["faces"] == 12
    assert summary["can_apply"]
    second = workspace.run("task=review", f"task.out={sorted_folder}", "task.open=false", *_MODELS)
    second.refused("another facetrack is showing")
    headers = {"Origin": address, "X-Facetrack": "review"}
    named = {"kind": "name", "number": 1, "name": "Anna"}
    session.post(f"{address}/api/actions", json=named, headers=headers, timeout=60)
    assert session.post(f"{address}/api/apply", json={}, headers=headers, timeout=60).ok
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=120)
    assert running.returncode == 0, err
    assert out.endswith("The page has ended; what you have answered is kept\n")
    # Whoever ends it while answers are applied waits for them.
    assert (sorted_folder / "person-001 Anna").is_dir()
    assert "name: Anna" in (sorted_folder / "people.yaml").read_text()


def test_the_browser_is_started_without_the_link(
    workspace: Workspace, sorted_folder: Path, tmp_path: Path
) -> None:
    """A process that the command starts as a browser, which writes down what it is started with."""
    seen = tmp_path / "seen"
    program = tmp_path / "browser"
    program.write_text(f'#!/bin/sh\necho "$@" > {seen}-part\nmv {seen}-part {seen}\n')
    program.chmod(0o700)
    workspace.environment["BROWSER"] = str(program)
    running = workspace.start("task=review", f"task.out={sorted_folder}", *_MODELS)
    assert running.stdout is not None
    printed = running.stdout.readline().split("?")[1].strip()
    while not seen.exists():
        assert running.poll() is None
        time.sleep(0.05)
    given = seen.read_text().strip()
    assert "token" not in given
    file = sorted_folder / ".facetrack" / opening.FILE
    assert given == file.as_uri()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    link = re.findall(r"http://[^\"]+", file.read_text())[0]
    assert printed not in link
    for one in (link, f"{link.partition('?')[0]}?{printed}"):  # the printed one is another's
        assert requests.get(one, timeout=60).status_code == 200
        assert requests.get(one, timeout=60).status_code == 401
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=120)
    assert running.returncode == 0, err
    assert len(re.findall("^Open ", out, re.MULTILINE)) == 1  # once more, as the other was used up
    assert not file.exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("task.out=nowhere",), "was not organised yet: run task=organise"),
        ((), "task.out"),
        (("task.out=here", "task.port=70000"), "task.port is a whole number from 0"),
        (("task.out=here", "task.port=http"), "task.port"),
        (("task.out=here", "task.open=maybe"), "task.open is true or false"),
    ],
)
def test_mistakes_are_told(
    workspace: Workspace, sorted_folder: Path, arguments: tuple[str, ...], told: str
) -> None:
    given = [one.replace("here", str(sorted_folder)) for one in arguments]
    workspace.run("task=review", *given).refused(told)


def test_a_folder_that_does_not_know_its_photos_is_told_how(
    workspace: Workspace, sorted_folder: Path, tmp_path: Path
) -> None:
    state = sorted_folder / ".facetrack" / "state.json"
    kept = state.read_bytes()
    stored = json.loads(kept)
    stored["roots"] = []
    state.write_text(json.dumps(stored))
    try:
        done = workspace.run("task=review", f"task.out={sorted_folder}", *_MODELS)
        done.refused("add dataset.root=PHOTOS")
    finally:
        state.write_bytes(kept)
