"""A review of drawn portraits, served in this process."""

import asyncio
import contextlib
import dataclasses
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from facetrack import testing
from facetrack.clusterer import DBSCAN
from facetrack.core.scale import Scale
from facetrack.dataset import Folder
from facetrack.detector import Haar
from facetrack.embedder import DlibResNet
from facetrack.organiser.groups import Clusterer
from facetrack.organiser.photos import Stages
from facetrack.organiser.reviewing import Review
from facetrack.system.choices import choose
from facetrack.tasks.organising.request import Request
from facetrack.tasks.organising.sorting import sort_photos
from facetrack.tasks.review.applying import Applying
from facetrack.tasks.review.guard import Guard
from facetrack.tasks.review.server import make_app, make_server


def make_request(root: Path, out: Path, **changed: Any) -> Request:
    """Photos to be sorted by DBSCAN, with a radius of 0.3."""
    facts = choose("embedder", "dlib").facts
    scale = Scale.read({"radius": 0.3, **facts})
    stages = Stages(Haar(choose="all"), DlibResNet(), "local", scale)
    clusterer = Clusterer(
        "dbscan", {"min_samples": 1}, lambda: DBSCAN(0.3, min_samples=1), radius_is_given=True
    )
    request = Request(Folder(root, labels=False), [root], stages, clusterer, out)
    return dataclasses.replace(request, **changed)


def organise(folder: Path, home: Path, n: int = 12) -> Request:
    """Sort some portraits into `out` in a folder; what was asked for."""
    request = make_request(testing.photos(folder, home, n), folder / "out")
    sort_photos(request)
    return request


@dataclass
class Served:
    """A page that is served, and a browser's session that it has let in."""

    guard: Guard
    review: Review
    applying: Applying
    session: requests.Session
    shown: list[str]
    """Start links that the user was shown."""

    @property
    def address(self) -> str:
        """The page's."""
        return self.guard.address

    @property
    def link(self) -> str:
        """A start link, another one each time."""
        return self.guard.make_link()

    def get(self, path: str) -> Any:
        """What it answers, which must be something."""
        reply = self.session.get(f"{self.address}{path}", timeout=60)
        assert reply.status_code == 200, (path, reply.status_code, reply.text)
        return reply.json()

    def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        """What it answers to the page's own question."""
        headers = {"Origin": self.address, "X-Facetrack": "review"}
        reply = self.session.post(
            f"{self.address}{path}", json=body or {}, headers=headers, timeout=60
        )
        assert reply.status_code == status, (path, reply.status_code, reply.text)
        return reply.json()


@contextlib.contextmanager
def serve(request: Request) -> Iterator[Served]:
    """Within, the folder is served. Its FACETRACK_HOME must be set."""
    review = Review(request.out, request.stages)
    applying = Applying(lambda: request, review.load_if_sound)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        shown: list[str] = []
        app = make_app(review, applying)
        guard = Guard(app, listening.getsockname()[1], shown.append)
        server = make_server(guard)
        thread = threading.Thread(
            target=lambda: asyncio.run(server.serve(sockets=[listening])), daemon=True
        )
        thread.start()
        session = requests.Session()
        session.trust_env = False
        # One that is kept may be closed by the server just as it is used again.
        session.headers["Connection"] = "close"
        assert session.get(guard.make_link(), timeout=60).status_code == 200
        try:
            yield Served(guard, review, applying, session, shown)
        finally:
            applying.wait()
            server.should_exit = True
            thread.join()
