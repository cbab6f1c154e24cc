import contextlib
import hashlib
import http.server
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from facetrack.core.errors import UserError
from facetrack.system import transfers
from facetrack.system.download import fetch
from facetrack.system.shipped import CONF

pytestmark = pytest.mark.usefixtures("online")

CONTENT = bytes(range(256)) * 4000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
GIT_BLOB = hashlib.sha1(b"blob %d\0" % len(CONTENT) + CONTENT).hexdigest()
OTHER = hashlib.sha256(b"other").hexdigest()
HINT = "name a copy with dataset.archive=PATH"


@dataclass
class Server:
    """A server: /file.bin has CONTENT, /half.bin breaks off, /away leads to plain http."""

    url: str = ""
    asked: "Counter[str]" = field(default_factory=Counter)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    described = Server()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            described.asked[self.path] += 1
            if self.path == "/away":
                self.send_response(302)
                self.send_header("Location", described.url.replace("127.0.0.1", "localhost"))
                self.end_headers()
            elif self.path in ("/file.bin", "/half.bin"):
                self.send_response(200)
                self.send_header("Content-Length", str(len(CONTENT)))
                self.end_headers()
                whole = self.path == "/file.bin"
                self.wfile.write(CONTENT if whole else CONTENT[: len(CONTENT) // 2])
            else:
                self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            pass

    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    described.url = f"http://127.0.0.1:{listening.server_port}"
    threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True).start()
    yield described
    listening.shutdown()
    listening.server_close()


@pytest.fixture(autouse=True)
def downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FACETRACK_HOME", str(tmp_path))
    return tmp_path / "downloads"


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name[0] != ".")


def test_a_file_is_downloaded_once(server: Server, downloads: Path) -> None:
    for _ in range(2):
        path = fetch([f"{server.url}/file.bin"], "file.bin", SHA256, HINT)
        assert path == downloads / "file.bin"
        assert path.read_bytes() == CONTENT
    assert server.asked == {"/file.bin": 1}
    assert visible(downloads) == ["file.bin"]


def test_a_git_blob_id_is_verified(server: Server) -> None:
    path = fetch([f"{server.url}/file.bin"], "file.bin", None, HINT, git_blob=GIT_BLOB)
    assert path.read_bytes() == CONTENT


def test_git_agrees_about_the_blob_id(tmp_path: Path) -> None:
    (tmp_path / "file.bin").write_bytes(CONTENT)
    command = ["git", "hash-object", "--no-filters", "file.bin"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == GIT_BLOB


@pytest.mark.parametrize("kind", ["sha256", "git blob id"])
def test_a_wrong_hash_is_refused(server: Server, downloads: Path, kind: str) -> None:
    sha256, git_blob = (OTHER, None) if kind == "sha256" else (None, OTHER[:40])
    came = SHA256 if kind == "sha256" else GIT_BLOB
    with pytest.raises(UserError) as error:
        fetch([f"{server.url}/file.bin"], "file.bin", sha256, HINT, git_blob=git_blob)
    assert f"{kind} {came}, expected {sha256 or git_blob}" in str(error.value)
    assert visible(downloads) == []


def test_without_a_hash_nothing_is_downloaded(server: Server) -> None:
    with pytest.raises(UserError, match="without a known hash"):
        fetch([f"{server.url}/file.bin"], "file.bin", None, HINT)
    assert not server.asked


def test_unreachable_says_what_to_put_where(downloads: Path, server: Server) -> None:
    url = f"http://127.0.0.1:{closed_port()}/file.bin"
    with pytest.raises(UserError) as error:
        fetch([url], "file.bin", SHA256, HINT)
    assert str(error.value) == (
        f"no file.bin yet ({url} cannot be reached): save it as {downloads / 'file.bin'}, or {HINT}"
    )
    assert visible(downloads) == []


def test_the_next_address_is_tried(server: Server) -> None:
    urls = [
        f"http://127.0.0.1:{closed_port()}/file.bin",
        f"{server.url}/none.bin",
        f"{server.url}/file.bin",
    ]
    assert fetch(urls, "file.bin", SHA256, HINT).read_bytes() == CONTENT
    with pytest.raises(UserError, match=r"cannot be reached; .*/none.bin answers 404 Not Found\)"):
        fetch(urls[:2], "other.bin", SHA256, HINT)


def test_a_transfer_that_breaks_off_leaves_nothing(server: Server, downloads: Path) -> None:
    with pytest.raises(UserError, match=r"/half\.bin broke off"):
        fetch([f"{server.url}/half.bin"], "file.bin", SHA256, HINT)
    assert visible(downloads) == []


@pytest.mark.parametrize(
    "url", ["http://example.invalid/x", "ftp://127.0.0.1/x", "file:///etc/hosts"]
)
def test_only_https(url: str) -> None:
    with pytest.raises(UserError, match="is not an https address"):
        fetch([url], "file.bin", SHA256, HINT)


def test_an_address_that_leads_away_from_https_is_refused(server: Server) -> None:
    with pytest.raises(UserError, match=r"localhost.* is not an https address"):
        fetch([f"{server.url}/away"], "file.bin", SHA256, HINT)


def test_a_file_put_there_by_hand_is_used(server: Server, downloads: Path) -> None:
    downloads.mkdir()
    (downloads / "file.bin").write_bytes(CONTENT)
    assert fetch([f"{server.url}/file.bin"], "file.bin", SHA256, HINT) == downloads / "file.bin"
    assert not server.asked


def test_a_wrong_file_put_there_by_hand_is_replaced(server: Server, downloads: Path) -> None:
    downloads.mkdir()
    (downloads / "file.bin").write_bytes(b"other")
    fetch([f"{server.url}/file.bin"], "file.bin", SHA256, HINT)
    assert (downloads / "file.bin").read_bytes() == CONTENT


def test_a_wrong_file_that_cannot_be_replaced_is_explained(server: Server, downloads: Path) -> None:
    downloads.mkdir()
    (downloads / "file.bin").write_bytes(b"other")
    with pytest.raises(UserError) as error:
        fetch([f"http://127.0.0.1:{closed_port()}/x"], "file.bin", SHA256, HINT)
    assert f"has sha256 {OTHER}, expected {SHA256}, and was removed" in str(error.value)
    assert visible(downloads) == []


def test_a_folder_that_cannot_be_written(server: Server, downloads: Path) -> None:
    downloads.write_text("in the way")
    with pytest.raises(UserError, match=r"cannot be written .*FACETRACK_HOME"):
        fetch([f"{server.url}/file.bin"], "file.bin", SHA256, HINT)


FETCH = """
import resource, sys
from facetrack.system import transfers
from facetrack.cli.command import CONF
from facetrack.system.download import fetch
from facetrack.core.errors import UserError
url, sha256, limit = sys.argv[1:]
if int(limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
try:
    fetch([url], "file.bin", sha256, "hint")
except UserError as error:
    sys.exit(str(error))
"""


def started(server: Server, limit: int = 0) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, f"{server.url}/file.bin", SHA256, str(limit)],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"NO_PROXY": "127.0.0.1"},
    )


def test_a_disk_without_room_is_explained(server: Server, downloads: Path) -> None:
    # A limit on the size of files stops the writing just as a full disk does.
    _, errors = started(server, limit=100_000).communicate()
    assert "file.bin cannot be written (File too large): free some space" in errors
    assert len(errors.splitlines()) == 1
    assert visible(downloads) == []


def test_two_processes_at_once_download_once(server: Server, downloads: Path) -> None:
    both = [started(server), started(server)]
    assert [process.communicate()[1] for process in both] == ["", ""]
    assert [process.returncode for process in both] == [0, 0]
    assert server.asked == {"/file.bin": 1}
    assert (downloads / "file.bin").read_bytes() == CONTENT
    assert visible(downloads) == ["file.bin"]


def test_every_source_in_the_configs_is_https_with_a_hash() -> None:
    found = 0
    for path in sorted(CONF.glob("*/*.yaml")):
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        for key, value in (config or {}).items():
            if path.parent.name == "tracking" or "://" not in str(value):
                continue
            assert key in ("url", "urls"), path
            for url in [value] if key == "url" else value:
                found += 1
                assert url.startswith("https://"), path
            hashes = [config["sha256"]] if "sha256" in config else config["git_blobs"]
            for one in hashes:
                assert re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", one), path
    assert found >= 9


@pytest.fixture
def odd() -> Iterator[Callable[..., str]]:
    """A server that sends some bytes, and then others as long as somebody reads; its address."""
    listening = socket.create_server(("127.0.0.1", 0))

    def address(head: bytes, endless: bytes, pause: float = 0) -> str:
        def answer() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    with connection, contextlib.suppress(OSError):
                        connection.recv(10_000)
                        connection.sendall(head)
                        while endless:
                            connection.sendall(endless)
                            time.sleep(pause)

        threading.Thread(target=answer, daemon=True).start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}/file.bin"

    yield address
    listening.close()


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("head", "told"),
    [
        (OK + b"Content-Length: many\r\n\r\nx", "says that it has 'many' bytes"),
        (OK + b"Content-Length: -5\r\n\r\nx", "says that it has '-5' bytes"),
        (OK + b"Content-Length: 9" + b"9" * 5000 + b"\r\n\r\nx", "has more than 4096 MB"),
        (OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", "cannot be reached"),
        (OK + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b", "answers in gzip, which was not asked"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nnone\r\nx", "broke off"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nx", "broke off"),
        (OK + b"X: y\r\n" * 1000 + b"\r\n", "cannot be reached"),
        (OK + b"X: " + b"y" * 70_000 + b"\r\n\r\n", "cannot be reached"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "cannot be reached"),
        (b"\xff\x00" * 100, "cannot be reached"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\n\r\n", "no address"),
        (b"HTTP/1.1 302 Found\r\nLocation: file:///etc/hosts\r\n\r\n", "not an https address"),
        (b"HTTP/1.1 302 Found\r\nLocation: //localhost/x\r\n\r\n", "not an https address"),
        (b"HTTP/1.1 302 Found\r\nLocation: \xff\xfe\r\n\r\n", "no address"),
        (b"HTTP/1.1 302 Found\r\nLocation: /file.bin\r\n\r\n", "leads on and on"),
        (b"HTTP/1.1 302 Found\r\n\r\n", "has sha256"),
    ],
)
def test_an_odd_head_is_told(
    head: bytes, told: str, odd: Callable[..., str], downloads: Path
) -> None:
    with pytest.raises(UserError, match=told) as error:
        fetch([odd(head, b"")], "file.bin", SHA256, HINT)
    assert "\n" not in str(error.value)
    assert visible(downloads) == []


def test_a_redirect_is_looked_at_before_it_is_followed(odd: Callable[..., str]) -> None:
    with socket.create_server(("localhost", 0)) as other:
        place = f"http://localhost:{other.getsockname()[1]}/"
        url = odd(f"HTTP/1.1 302 Found\r\nLocation: {place}\r\n\r\n".encode(), b"")
        with pytest.raises(UserError, match=f"{place} is not an https address"):
            fetch([url], "file.bin", SHA256, HINT)
        other.setblocking(False)
        with pytest.raises(BlockingIOError):  # nobody has come
            other.accept()


@pytest.mark.parametrize(
    "head",
    [
        OK + b"\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: /file.bin\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\n\r\n",
    ],
)
def test_a_body_without_end_ends(
    head: bytes, odd: Callable[..., str], downloads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfers, "_MOST", 1 << 20)
    told = "has more than 1 MB" if b"200" in head else "leads on and on|answers 404"
    with pytest.raises(UserError, match=told):
        fetch([odd(head, b"x" * 10_000)], "file.bin", SHA256, HINT)
    assert visible(downloads) == []


@pytest.mark.parametrize("head", [OK + b"Content-Length: 1000000\r\n\r\n", OK + b"X: "])
def test_a_byte_now_and_then_is_not_waited_for(
    head: bytes, odd: Callable[..., str], downloads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfers, "_WINDOW_SECONDS", 0.2)
    monkeypatch.setattr(transfers, "_ANSWER_SECONDS", 0.2)
    with pytest.raises(UserError, match=r"is too slow: \d+ bytes in|does not answer in time"):
        fetch([odd(head, b"x", 0.01)], "file.bin", SHA256, HINT)
    assert visible(downloads) == []
