"""MLflow's own server, in this process, with somebody before it who answers some requests himself.

As proxies, login pages and failing networks do. What he lets through gets MLflow's real answer.
"""

import contextlib
import http.server
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PAGE = b"<!DOCTYPE html><html><body><h1>Sign in to Example Corp</h1></body></html>"


class Handler(http.server.BaseHTTPRequestHandler):
    """Hands each request to the server's rule, and to MLflow where that says nothing."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer in one go: head and body apart wait for each other's receipt
    server: "StandIn"

    def real(self) -> tuple[int, list[tuple[str, str]], bytes]:
        """What MLflow answers: status, headers, body. Asked each time this is called."""
        with self.server.lock:
            answer = self.server.mlflow.open(
                self.path, method=self.command, data=self.body, headers=dict(self.headers)
            )
            return answer.status_code, list(answer.headers), answer.get_data()

    def send(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        """An answer of one's own."""
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def hang_up(self) -> None:
        """End the connection, whatever has been sent."""
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(2)

    def _answer(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append(f"{self.command} {self.path}")
        with contextlib.suppress(OSError):
            if self.server.rule is not None and self.server.rule(self):
                return
            status, headers, body = self.real()
            self.send_response(status)
            for key, value in headers:
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


class StandIn(http.server.ThreadingHTTPServer):
    """The server. rule: answers a request itself, or returns False. seen: what was asked."""

    def __init__(self, mlflow: Any, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.mlflow = mlflow
        self.rule: Callable[[Handler], bool] | None = None
        self.seen: list[str] = []
        self.lock = threading.Lock()
        self.uri = f"http://127.0.0.1:{self.server_port}"

    def stop(self) -> None:
        """Be gone: the port is closed, and so are connections that clients have kept."""
        self.rule = _hang_up
        self.shutdown()
        self.server_close()


def _hang_up(handler: Handler) -> bool:
    handler.hang_up()
    return True


@contextlib.contextmanager
def served(folder: Path, store: Path, port: int = 0) -> Iterator[StandIn]:
    """MLflow with its runs in a database and its artifacts in a folder, behind a StandIn.

    port: 0 for one that is free.
    """
    before = dict(os.environ)
    os.environ["_MLFLOW_SERVER_FILE_STORE"] = f"sqlite:///{store}"
    os.environ["_MLFLOW_SERVER_ARTIFACT_ROOT"] = "mlflow-artifacts:/"
    os.environ["_MLFLOW_SERVER_ARTIFACT_DESTINATION"] = str(folder / "artifacts")
    os.environ["_MLFLOW_SERVER_SERVE_ARTIFACTS"] = "true"
    import mlflow
    from mlflow.server import app, handlers

    handlers._tracking_store = None
    handlers._artifact_repo = None
    with StandIn(app.test_client(), port) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
            # A server takes its own store for everybody's in the process.
            mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
            mlflow.set_registry_uri(None)  # type: ignore[arg-type]
            os.environ.clear()
            os.environ.update(before)
