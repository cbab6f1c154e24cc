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
    """Open the page at an address within it, as `with look("#/questions") as page:`."""

    @contextlib.contextmanager
    def opened(address: str = "#/people", *, excepted: Collection[str] = ()) -> Iterator[Page]:
        # The start link's page has no icon, and Chromium asks for one.
        icon = r".*/favicon\.ico: Failed to load resource.*"
        with visit(served.link, excepted=[icon, *excepted]) as page:
            page.wait_for_url(f"{served.address}/")
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


def told(page: Page, text: str | re.Pattern[str]) -> None:
    """Wait until the page says so."""
    expect(page.locator("#told")).to_contain_text(text)
