"""Passwords in addresses are hidden, whatever they look like and wherever they stand."""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
import yaml
from conftest import Command
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from facetrack.cli.arguments.overrides import read_said_texts
from facetrack.system import masking as module
from facetrack.system.masking import HIDDEN, is_masked, mask, mask_within, remember
from facetrack.testing import Workspace


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_remembered", {})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://me:secret@host/db", "postgresql://me:***@host/db"),
        ("https://me:se/cret@host", "https://me:***@host"),
        ("https://:secret@host", "https://:***@host"),
        ("postgresql://me:se@cret@host/db", "postgresql://me:***@host/db"),
        ("postgresql://me:se@cr/et?@host/db", "postgresql://me:***@host/db"),
        ("http://me:se@cret@host/?pass=x", "http://me:***@host/?pass=***"),
        ("http://me:secret@[::1]:80/a", "http://me:***@[::1]:80/a"),
        ("http://me:secret@[::1", "http://:***@[::1"),
        ("http://me:secret@host:no", "http://:***@host:no"),
        ("a-b://me:secret@host", "a-b://:***@host"),
        (
            "postgresql://host/db?password=secret&user=me",
            "postgresql://host/db?password=***&user=me",
        ),
        ("http://host/?pass=secret", "http://host/?pass=***"),
        ("http://host/?api_key=secret&x=1", "http://host/?api_key=***&x=1"),
        (
            "mssql+pyodbc:///?odbc_connect=SERVER%3Dx%3BPWD%3Dsecret",
            "mssql+pyodbc:///?odbc_connect=***",
        ),
        ("['http://a:secret@b', 'http://c:5000/d']", "['http://a:***@b', 'http://c:5000/d']"),
        (
            "the store (postgresql://me:secret@host:5432): no",
            "the store (postgresql://me:***@host:5432): no",
        ),
        ("http://127.0.0.1:5000/#/experiments/1", "http://127.0.0.1:5000/#/experiments/1"),
        ("sqlite:///mlflow.db?timeout=1", "sqlite:///mlflow.db?timeout=1"),
        ("a question? ask me@home", "a question? ask me@home"),
    ],
)
def test_a_password_is_hidden_wherever_a_url_may_have_it(text: str, shown: str) -> None:
    assert mask(text) == shown
    assert mask(shown) == shown
    assert is_masked(text) == (HIDDEN in text)


PASSWORDS = st.text(st.sampled_from("ab'\"\\ @/?&#%:é=+,;(){}$`~\t"), max_size=12).map(
    lambda noise: f"{noise[:6]}S3CRET-w0rd{noise[6:]}"
)


@given(PASSWORDS, st.booleans(), st.sampled_from(["user", "query", "odbc"]))
def test_an_address_that_is_known_is_hidden_in_every_kind_of_text(
    password: str, quoted: bool, place: str
) -> None:
    if place == "user":
        written = quote(password, safe="") if quoted else password
        address = f"postgresql://me:{written}@host.example/db"
    elif place == "query":
        address = f"https://host.example/?{urlencode({'api_key': password, 'x': 1})}"
    else:
        connect = urlencode({"odbc_connect": f"DRIVER=x;UID=me;PWD={password};"})
        address = f"mssql+pyodbc:///?{connect}"
    remember({"tracking": [{"uri": address}]})
    for text in (
        f"the store {address} does not answer (see {address}): say tracking.uri={address}",
        json.dumps([f"tracking.uri={address}"]),
        repr(address),
        shlex.join(["facetrack", f"tracking.uri={address}"]),
        yaml.safe_dump(mask_within({"uri": address, "all": [f"uri='{address}'"]})),
        f"login failed: {password}",
        address,
    ):
        assert "S3CRET" not in mask(text), text


@pytest.mark.parametrize(
    "argument",
    [
        "task.storage=postgresql://me:a b'S3CRET@host/db",
        "task.storage='postgresql://me:a b\\'S3CRET@host/db'",
        'task.storage="postgresql://me:a b,S3CRET@host/db"',
        "+x=[{y: 'http://me:a b}S3CRET@host'}]",
        "tracking.uri='http://me:a S3CRET@host','http://me:b S3CRET@other'",
    ],
)
def test_arguments_are_known_as_they_are_typed(argument: str) -> None:
    remember(read_said_texts([argument, "-m", "seed=1:3", "~clusterer"]))
    assert "S3CRET" not in mask(f"no such setting: {argument}")


def test_a_short_or_public_word_is_left_where_it_stands() -> None:
    remember("postgresql://postgres:postgres@host/postgres")
    remember("postgresql://me:admin@host/db")
    assert mask("postgres and admin") == "postgres and admin"
    assert mask("postgresql://postgres:postgres@host") == "postgresql://postgres:***@host"


def test_what_the_environment_holds_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "S3CRET-w0rd")
    assert mask("Bearer S3CRET-w0rd") == "Bearer ***"


def test_a_sweep_writes_no_password_anywhere(facetrack: Command, workspace: Workspace) -> None:
    storage = "postgresql://me:a b'@S3CRET/w0rd" + "x " * 40 + "@127.0.0.1:1/db"
    (workspace.folder / "photos").mkdir()
    Image.new("RGB", (64, 64)).save(workspace.folder / "photos/nobody.png")
    sweep = ("-m", "task=tune", "seed=1,2", "dataset=folder", "dataset.root=photos")
    done = facetrack(*sweep, f"task.storage={storage}")
    assert done.stdout.count("FAILED: ") == 2
    assert "S3CRET" not in done.stdout + done.stderr
    (parent,) = workspace.runs("sweep")
    assert "postgresql://me:***@127.0.0.1:1/db" in parent.data.tags["command.0"]
    for path in workspace.folder.rglob("*"):
        if path.is_file():
            assert b"S3CRET" not in path.read_bytes(), path


def test_a_text_without_an_address_needs_no_sqlalchemy(tmp_path: Path) -> None:
    code = "import sys; from facetrack.system.masking import mask; mask('http://a:5000'); "
    code += "sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path).returncode == 0
