"""An MLflow server that answers oddly is told by what it answered, and nothing is lost by it."""

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from standin import PAGE, Handler, StandIn, served

from facetrack.core.artifacts import mark_nobody
from facetrack.core.errors import UserError
from facetrack.testing import Workspace
from facetrack.tracking import answers, upkeep
from facetrack.tracking import server as access
from facetrack.tracking.past import Past
from facetrack.tracking.store import MlflowStore

Odd = Callable[[Handler], None]


@pytest.fixture(scope="module")
def mlflow(new_mlflow: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(new_mlflow, folder / "server.db")
    with served(folder, folder / "server.db") as server:
        yield server


@pytest.fixture
def server(mlflow: StandIn, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_JITTER", "0")
    monkeypatch.setattr(upkeep, "_looked_through", set())
    monkeypatch.setattr(access, "_given_up", set())
    monkeypatch.setattr(answers, "_told_at", -1000.0)
    mlflow.rule = None
    mlflow.seen.clear()
    yield mlflow
    mlflow.rule = None


def _page(status: int, **headers: str) -> Odd:
    sent = {"Content-Type": "text/html", **{key.replace("_", "-"): headers[key] for key in headers}}
    return lambda handler: handler.send(status, PAGE, sent)


def _said(status: int, text: str) -> Odd:
    return lambda handler: handler.send(status, text.encode(), {"Content-Type": "application/json"})


def _cut(handler: Handler) -> None:
    handler.send(200, b'{"experiment"', {"Content-Length": "1000"})
    handler.hang_up()


def _bad_chunk(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"not-a-length\r\n{}\r\n")
    handler.hang_up()


def _hang_up(handler: Handler) -> None:
    handler.hang_up()


ODD: dict[str, tuple[Odd, str]] = {
    "401": (_page(401), r"asks you to sign in \(401\): set MLFLOW_TRACKING_USERNAME and"),
    "401 of MLflow": (
        _said(401, '{"error_code": "UNAUTHENTICATED", "message": "no"}'),
        "asks you to sign in",
    ),
    "401 of a proxy": (_said(401, '{"detail": "Not authenticated"}'), "says 'Not authenticated'"),
    "403": (_page(403), r"does not allow you this \(403\): ask who runs it"),
    "404": (_page(404), r"has no MLflow at this address \(404\): see that tracking\.uri="),
    "413": (
        _page(413, Retry_After="100000"),
        r"takes nothing as large as this \(413\): have the limit raised",
    ),
    "login page": (_page(200), "answers with a web page, as one to sign in"),
    "redirect": (_page(302, Location="/login"), "leads to another address: see in the browser"),
    "cut": (_cut, "broke off in the middle of its answer"),
    "bad chunk": (_bad_chunk, "broke off in the middle of its answer"),
    "hung up": (_hang_up, "does not answer: see that it runs"),
    "asks to wait": (_page(429, Retry_After="100000"), r"has too much to do \(429\): wait a while"),
    "503": (_page(503, Retry_After="100000"), r"has trouble of its own \(503\)"),
    "full": (
        _said(500, '{"error_code": "INTERNAL_ERROR", "message": "disk is full"}'),
        "says 'disk is full'|too many 500|trouble of its own",
    ),
    "no JSON object": (_said(200, "[]"), "answers with a web page|answers what MLflow does not"),
    "another's JSON": (
        _said(200, '{"experiment": 1, "runs": 1, "run": 1}'),
        "answers what MLflow does not",
    ),
}
STEPS = ("experiments/get-by-name", "runs/search", "runs/create", "runs/log-batch", "runs/update")


def _at(step: str, odd: Odd) -> Callable[[Handler], bool]:
    def rule(handler: Handler) -> bool:
        if step not in handler.path:
            return False
        odd(handler)
        return True

    return rule


def _use(uri: str, experiment: str = "facetrack") -> None:
    with MlflowStore(uri, experiment).run("job", {"kind": "job"}) as run:
        run.params({"eps": 0.3})
        run.metrics({"ari_mean": 0.5})
        run.artifacts(mark_nobody({"scores.csv": "ari\n0.5\n", "one.html": "<p>"}))


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("odd", ODD)
def test_what_it_answers_is_told_at_every_step(server: StandIn, odd: str, step: str) -> None:
    answer, told = ODD[odd]
    server.rule = _at(step, answer)
    if odd == "another's JSON" and step in ("runs/log-batch", "runs/update"):
        return  # their answer says nothing that would be looked at
    with pytest.raises(UserError, match=told) as refused:
        _use(server.uri)
    text = str(refused.value)
    assert text.startswith(f"the MLflow server {server.uri} ")
    assert text.endswith("then run the same command again")
    assert "<" not in text
    assert "room" not in text
    assert len(text) < 500


@pytest.mark.parametrize("odd", ["401", "403", "413", "login page", "redirect", "cut", "503"])
def test_a_file_that_is_not_taken_is_told(server: StandIn, odd: str) -> None:
    answer, told = ODD[odd]

    def rule(handler: Handler) -> bool:
        if handler.command != "PUT":
            return False
        answer(handler)
        return True

    server.rule = rule
    if odd in ("login page", "redirect"):  # no error to MLflow's client
        told = r"took \S+ and does not have it: see what stands before it"
    with pytest.raises(UserError, match=told):
        _use(server.uri)


def test_what_is_let_through_is_there(server: StandIn) -> None:
    _use(server.uri, "whole")
    tracking = MlflowStore(server.uri, "whole")
    (run,) = tracking.experiment.search("tags.kind = 'job'")
    assert run.info.status == "FINISHED"
    assert run.data.metrics == {"ari_mean": 0.5}
    assert tracking.artifact(run.info.run_id, "one.html") == b"<p>"


@pytest.mark.parametrize("lost", [_hang_up, _cut, _page(502), _page(504)])
def test_a_run_whose_making_is_not_told_has_no_twin(
    server: StandIn, lost: Odd, request: pytest.FixtureRequest
) -> None:
    answered: list[int] = []

    def rule(handler: Handler) -> bool:
        if "runs/create" not in handler.path or answered:
            return False
        answered.append(handler.real()[0])
        lost(handler)
        return True

    server.rule = rule
    _use(server.uri, request.node.name)
    assert answered == [200]
    (run,) = MlflowStore(server.uri, request.node.name).experiment.search("")
    assert run.info.status == "FINISHED"
    assert sum("runs/create" in one for one in server.seen) == 1


def test_a_run_that_was_not_made_is_made(server: StandIn) -> None:
    tried: list[int] = []

    def rule(handler: Handler) -> bool:
        if "runs/create" not in handler.path or len(tried) > 1:
            return False
        tried.append(1)
        handler.send(503)
        return True

    server.rule = rule
    _use(server.uri, "later")
    assert len(MlflowStore(server.uri, "later").experiment.search("")) == 1


def test_a_wait_of_a_day_is_none(
    server: StandIn, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.rule = _at("runs/log-batch", _page(429, Retry_After="100000"))
    with pytest.raises(UserError, match="has too much to do"):
        _use(server.uri)
    assert sum("log-batch" in one for one in server.seen) == 3  # once and twice again
    assert capsys.readouterr().out.count("it is asked again for a while") == 1
    # A sweep's next job does not wait as long, but as much again once the server is well.
    server.rule = _at("/api/", _page(429, Retry_After="100000"))
    server.seen.clear()
    with pytest.raises(UserError, match="has too much to do"):
        MlflowStore(server.uri, "facetrack", patient=True)
    assert sum("/api/" in one for one in server.seen) == 2
    server.rule = None
    _use(server.uri)
    assert not access._given_up


@pytest.mark.parametrize("odd", ["401", "login page", "cut"])
def test_what_is_forgotten_is_asked_for_within_a_guard(server: StandIn, odd: str) -> None:
    answer, told = ODD[odd]
    server.rule = _at("experiments/get-by-name", answer)
    with pytest.raises(UserError, match=told):
        Past(server.uri, "facetrack")
    server.rule = None
    past = Past(server.uri, "facetrack")
    server.rule = _at("runs/search", answer)
    with pytest.raises(UserError, match=told):
        past.runs()


@pytest.mark.parametrize("odd", ["401", "login page", "cut"])
def test_each_question_is_within_a_guard(server: StandIn, odd: str) -> None:
    answer, told = ODD[odd]
    tracking = MlflowStore(server.uri, "facetrack")
    run = tracking.start("job", {"kind": "job"})
    server.rule = _at("/api/", answer)
    questions: list[Callable[[], Any]] = [
        lambda: tracking.start("job", {}),
        lambda: tracking.reopen(run.run_id, {}),
        lambda: tracking.has_run(run.run_id),
        lambda: tracking.kill(run.run_id),
        lambda: tracking.start_sweep("s", [], []),
        lambda: tracking.sweep("s"),
        lambda: tracking.close_left("s", "KILLED"),
        lambda: tracking.last_begun("s"),
        lambda: tracking.resumable(None),
        lambda: tracking.finished("s", {"config_fingerprint": "f"}),
        lambda: tracking.history(run.run_id, "ari"),
        lambda: tracking.jobs("s"),
    ]
    for question in questions:
        with pytest.raises(UserError, match=told):
            question()


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("http://127.0.0.1:PORT", "is no address of a server: expected http://HOST:PORT with"),
        ("http://[::1", "is no address of a server"),
        ("http://127.0.0.1:99999", "is no address of a server"),
        ("http://", "is no address of a server"),
        ("http://a b:5000", "is no address of a server"),
        ("http://.example..:5000", "is no address of a server"),
        ("https://me:S3CRET@host:x", r"https://:\*\*\*@host:x is no address"),
        ("127.0.0.1:5000", "names no protocol: say http://127.0.0.1:5000"),
        ("localhost:5000/", "names no protocol: say http://localhost:5000/"),
        ("mlruns", "is no address of a store: expected http://HOST:PORT for a server, or sqlite"),
        ("/no/where.db", "tracking.uri=/no/where.db is no address of a store"),
        ("databricks", "is no address of a store"),
        ("databricks://me", "begins with databricks://, where facetrack keeps no runs"),
        ("file:///no/mlruns", "is a folder, in which MLflow keeps no runs any more"),
        ("htp://127.0.0.1:5000", "begins with htp://, where facetrack keeps no runs"),
    ],
)
@pytest.mark.parametrize("kind", [MlflowStore, Past])
def test_an_address_that_is_none_is_told(
    kind: type[MlflowStore], uri: str, told: str, home: Path
) -> None:
    with pytest.raises(UserError, match=told) as refused:
        kind(uri, "facetrack")
    assert "S3CRET" not in str(refused.value)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n", "answers, but not as a web server"),
        (b"", "no MLflow server answers"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nO", "broke off in the middle"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "no MLflow server answers"),
        (b"\xff\xfe\x00" * 50, "answers, but not as a web server|no MLflow server answers"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n", "no MLflow server answers"),
    ],
)
def test_who_is_no_web_server_is_told(sent: bytes, told: str, home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(1000)
                    connection.sendall(sent)

        threading.Thread(target=answer, daemon=True).start()
        port = listening.getsockname()[1]
        with pytest.raises(UserError, match=told):
            MlflowStore(f"http://127.0.0.1:{port}", "facetrack")
        listening.shutdown(socket.SHUT_RDWR)


def test_scores_are_told_though_their_pages_are_not_taken(
    server: StandIn, workspace: Workspace
) -> None:
    workspace.environment.update(
        {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0"}
    )
    server.rule = lambda handler: _at("faces.csv", _page(413))(handler)
    where = (f"tracking.uri={server.uri}", "n_resamples=2")
    alone = workspace.run(*where)
    assert "takes nothing as large as this (413)" in alone.stderr
    assert alone.returncode == 2
    assert "Traceback" not in alone.stderr
    assert "ARI  " in alone.stdout
    assert "Everything is in MLflow" not in alone.stdout
    sweep = workspace.run("-m", "clusterer.eps=0.25,0.3", *where)
    assert sweep.returncode == alone.returncode
    for eps in ("0.25", "0.3"):
        (line,) = (
            one for one in sweep.stdout.splitlines() if f"FAILED: clusterer.eps={eps}" in one
        )
        assert "takes nothing as large as this (413)" in line


def test_a_servers_short_words_are_its_own() -> None:
    from mlflow.exceptions import RestException

    said = {"error_code": "INVALID_PARAMETER_VALUE", "message": "a\nb" + "c" * 999}
    answer = answers.read(RestException(said))  # type: ignore[no-untyped-call]
    assert answer.what.startswith("says 'a bccc")
    assert len(answer.what) < 320
    assert not answer.passing
