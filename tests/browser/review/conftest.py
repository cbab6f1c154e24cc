"""A review of drawn portraits, its page in Chromium; what a test does on it is taken back."""

import contextlib
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from reviewed import Served, organise, serve

from browser.conftest import Visit

Look = Callable[..., AbstractContextManager[Page]]

# Each request and each reply of the page's takes its time, so that they come in any order.
_SLOW = """(most) => {
    const own = window.fetch.bind(window);
    let seed = 1;
    const wait = (signal) => new Promise((done) => {
        seed = (seed * 16807) % 2147483647;
        setTimeout(done, (most * seed) / 2147483647);
    }).then(() => signal?.throwIfAborted());
    window.fetch = async (url, given) => {
        await wait(given?.signal);
        const reply = await own(url, given);
        const text = await reply.text();
        await wait(given?.signal);
        return new Response(text, reply);
    };
}"""


@contextlib.contextmanager
def serve_portraits(home: Path, folder: Path) -> Iterator[Served]:
    """Seventeen persons on 59 photos."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACETRACK_HOME", str(home))
        with serve(organise(folder, home, 59)) as made:
            yield made


@pytest.fixture(scope="package")
def served(warm_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_portraits(warm_home, tmp_path_factory.mktemp("served")) as made:
        yield made


@pytest.fixture
def look(served: Served, visit: Visit) -> Iterator[Look]:
    """Open the page at an address within it, as `with look("#/questions") as page:`.

    slow: milliseconds that each request may take on its way, and each reply.
    """

    @contextlib.contextmanager
    def opened(
        address: str = "#/people", *, excepted: Collection[str] = (), slow: int = 0
    ) -> Iterator[Page]:
        with visit("about:blank", excepted=excepted) as page:
            page.request.get(served.link)  # which leaves the cookie
            if slow:
                page.add_init_script(f"({_SLOW})({slow})")
            page.goto(f"{served.address}/{address}")
            yield page

    yield opened
    while served.get("/api/summary")["undo"]:
        served.post("/api/undo")


def cells(page: Page) -> Locator:
    """What a grid shows of its items."""
    return page.get_by_role("gridcell")


def called(page: Page, name: str) -> Locator:
    """The cells whose names begin so; names are isolated in them."""
    return page.get_by_role("gridcell", name=re.compile(f"^\u2068{re.escape(name)}\u2069"))


def go(page: Page, address: str) -> None:
    """Go to another address within the page; its view has begun when this returns."""
    page.evaluate(
        """(hash) => location.hash === hash || new Promise((done) => {
            addEventListener("hashchange", () => done(true), { once: true });
            location.hash = hash;
        })""",
        address,
    )


def kept(page: Page) -> None:
    """Wait until the server has kept all that was done on the page, and the page knows."""
    expect(page.locator("html[data-waiting]")).to_have_count(0)
