"""Chromium without a window, and pages that are watched for what must not happen on them."""

import contextlib
import io
import re
import shutil
import socketserver
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from typing import cast
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image as Pillow
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

_NOBODY = "127.0.0.1:9"  # where no proxy listens

# Chromium asks its maker's hosts of its own accord. What these leave of it goes to nobody, so that
# nothing leaves the machine; a watched page has a proxy of its own, which tells what it asks for.
_QUIET = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    f"--proxy-server={_NOBODY}",
    f"--autofill-server-url=http://{_NOBODY}/",
]
_PATIENCE_MS = 60_000  # the machine may be busy
_LATE_MS = 200  # what the last click set off may take so long to go wrong


class Outside(socketserver.ThreadingTCPServer):
    """A proxy that refuses everything it is asked for, and remembers it in `asked`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Refuse)
        self.asked: list[str] = []
        self.address = f"127.0.0.1:{self.server_address[1]}"


class _Refuse(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        line = self.rfile.readline().decode("latin-1").split()
        cast(Outside, self.server).asked.append(" ".join(line[:2]))
        self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")


@contextlib.contextmanager
def outside() -> Iterator[Outside]:
    """Such a proxy while it runs: nothing of what is asked of other machines gets there."""
    with Outside() as proxy:
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium as the machine has it."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("there is no chromium on the PATH (`make extras` installs Debian's)")
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        # Without its sandbox, which works neither as root nor in many a container: it shows our
        # own pages alone.
        started = playwright.chromium.launch(
            executable_path=program, args=_QUIET, chromium_sandbox=False
        )
        yield started
        started.close()


Visit = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="session")
def visit(browser: Browser) -> Visit:
    """Open a page as `with visit(url) as page:`; leaving it fails if anything went wrong on it.

    Wrong are errors on the console, scripts that fail, requests that fail, and anything that is
    asked of another machine. excepted: regular expressions of whole messages that are known not to
    matter.
    """

    @contextlib.contextmanager
    def opened(url: str, *, excepted: Collection[str] = ()) -> Iterator[Page]:
        wrong: list[str] = []
        # Requests are looked at twice: the page tells of those that its policy stops, the proxy of
        # those that the page does not tell of (a shared worker's, a web socket's).
        with (
            outside() as proxy,
            browser.new_context(
                viewport={"width": 1600, "height": 1000},
                proxy={"server": proxy.address, "bypass": "127.0.0.1"},
            ) as context,
        ):
            page = context.new_page()
            page.set_default_timeout(_PATIENCE_MS)
            _listen(page, wrong)
            try:
                page.goto(url)
                yield page
            except Exception as error:
                error.add_note("\n".join([f"What went wrong on {url}:", *wrong, *proxy.asked]))
                raise
            page.wait_for_timeout(_LATE_MS)
        wrong += [f"asked of another machine: {one}" for one in proxy.asked]
        wrong = [one for one in wrong if not any(re.fullmatch(known, one) for known in excepted)]
        if wrong:
            raise AssertionError("\n".join([f"On {url}:", *wrong]))

    return opened


def _listen(page: Page, wrong: list[str]) -> None:
    def console(message: ConsoleMessage) -> None:
        if message.type == "error":
            wrong.append(f"{message.location['url']}: {message.text}")

    def request(one: Request) -> None:
        url = urlsplit(one.url)
        if url.scheme not in ("data", "blob", "file") and url.hostname != "127.0.0.1":
            wrong.append(f"asked of another machine: {one.url}")

    def failed(one: Request) -> None:
        if one.failure != "net::ERR_ABORTED":  # called off by the page itself
            wrong.append(f"{one.url}: {one.failure}")

    page.on("console", console)
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    page.on("crash", lambda _: wrong.append("the page crashed"))
    page.on("request", request)
    page.on("requestfailed", failed)


def drawn(screenshot: bytes) -> float:
    """The share of a screenshot's pixels that do not have its commonest colour."""
    pixels = np.asarray(Pillow.open(io.BytesIO(screenshot)).convert("RGB"), np.uint32)
    colours = pixels @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    return 1 - float(np.unique(colours, return_counts=True)[1].max()) / colours.size
