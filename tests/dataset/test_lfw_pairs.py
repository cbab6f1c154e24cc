"""Files of pairs in LFW's format: read, refused, downloaded."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from conftest import SHARED

from facetrack.core.errors import UserError
from facetrack.dataset.lfw_pairs import NamedPair, fetch_pairs, read_pairs
from facetrack.system.shipped import CONF

pytestmark = pytest.mark.usefixtures("online")

LFW_PAIRS = SHARED / "data/lfw_pairs.txt"
SMALL = "2\t1\nAna_Lima\t1\t12\nAna_Lima\t1\tBob_Ray\t2\nJosé\t3\t4\nJosé\t3\tBob_Ray\t1\n"


def test_a_fold_has_pairs_of_one_person_and_then_of_two(tmp_path: Path) -> None:
    path = tmp_path / "pairs.txt"
    for content in (SMALL, f"\ufeff{SMALL}", SMALL.replace("\n", "\r\n"), SMALL.rstrip("\n")):
        path.write_text(content, encoding="utf-8", newline="")
        assert read_pairs(path) == [
            NamedPair(0, "Ana_Lima_0001", "Ana_Lima_0012", same=True),
            NamedPair(0, "Ana_Lima_0001", "Bob_Ray_0002", same=False),
            NamedPair(1, "José_0003", "José_0004", same=True),
            NamedPair(1, "José_0003", "Bob_Ray_0001", same=False),
        ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "begins with ['']"),
        ("500\n", "begins with ['500']"),
        ("1\t1\na\t1\t2\na\t1\tb\t1\n", "begins with ['1', '1']"),
        ("10 300\n", "begins with ['10 300']"),
        ("0\t300\n", "begins with ['0', '300']"),
        ("2\t-1\n", "begins with ['2', '-1']"),
        ("²\t³\n", "begins with"),
        ("x" * 100_000, f"begins with ['{'x' * 58}: "),
        (SMALL.replace("2\t1\n", "2\t2\n"), "has 4 pairs, and its first line says 8"),
        (SMALL.replace("\t12", "\tx"), "line 2 of the file of pairs"),
        (SMALL.replace("\t12", "\t0"), "line 2 of the file of pairs"),
        (SMALL.replace("\t12", "\t12\t3\t4"), "line 2 of the file of pairs"),
        (SMALL.replace("Bob_Ray\t2", "2"), "line 3 of the file of pairs"),
        (SMALL.replace("Bob_Ray\t1", "\t1"), "line 5 of the file of pairs"),
        (SMALL.replace("Bob_Ray\t1", "Bob_Ray\t1000000000000"), "is no NAME NUMBER NAME NUMBER"),
    ],
)
def test_another_file_is_refused_in_a_line(content: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "pairs.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        read_pairs(path)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "expected LFW's format" in str(caught.value)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pairs.txt"
    path.write_bytes(b"\x89PNG\xff")
    with pytest.raises(UserError, match="it is no text in UTF-8"):
        read_pairs(path)
    with pytest.raises(UserError, match="No such file"):
        read_pairs(tmp_path / "none")


def test_lfws_own_file_is_the_one_that_conf_names() -> None:
    if not LFW_PAIRS.exists():
        pytest.skip("no pairs of LFW here")
    conf = yaml.safe_load((CONF / "task/verify.yaml").read_text())
    assert hashlib.sha256(LFW_PAIRS.read_bytes()).hexdigest() == conf["sha256"]
    pairs = read_pairs(LFW_PAIRS)
    assert len(pairs) == 6000
    for fold in range(10):
        assert [sum(p.same for p in pairs if p.fold == fold), pairs[fold * 600].same] == [300, True]
    assert len({name for pair in pairs for name in (pair.first, pair.second)}) == 7701
    # Nobody is in two folds.
    folds_of: dict[str, set[int]] = {}
    for pair in pairs:
        for name in (pair.first, pair.second):
            folds_of.setdefault(name[:-5], set()).add(pair.fold)
    assert max(map(len, folds_of.values())) == 1


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server that has SMALL as /pairs.txt, and nothing else."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != "/pairs.txt":
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(SMALL.encode())))
            self.end_headers()
            self.wfile.write(SMALL.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_port}"
    listening.shutdown()
    listening.server_close()


def test_it_is_downloaded_from_the_first_address_that_has_it_and_verified(
    server: str, home: Path
) -> None:
    digest = hashlib.sha256(SMALL.encode()).hexdigest()
    with pytest.raises(UserError, match=r"name a copy with task\.pairs=FILE"):
        fetch_pairs([f"{server}/pairs.txt"], "0" * 64)
    path = fetch_pairs([f"{server}/gone.txt", f"{server}/pairs.txt"], digest)
    assert path == home / "downloads/lfw_pairs.txt"
    assert len(read_pairs(path)) == 4
    assert fetch_pairs([], digest) == path  # no network is needed any more
