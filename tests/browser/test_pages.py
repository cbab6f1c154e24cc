"""The pages of a run in a browser: what they show, and that they ask nobody for anything."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facetrack import galleries
from facetrack.data import Embeddings
from facetrack.dataset import Portraits
from facetrack.detector import Haar
from facetrack.embedder import DlibResNet
from facetrack.extract import extract
from facetrack.job import tsne_html
from facetrack.layout import tsne
from facetrack.store import Store

HOSTILE = "</script><script>document.title = 'gone'</script><img src=x onerror=alert(1)>"
SIZES = {"desktop": (1200, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def portraits(warm_home: Path) -> Embeddings:
    """The portraits; the first face's person and picture have a name that would be a script."""
    with pytest.MonkeyPatch.context() as patch, Store(warm_home) as store:
        patch.setenv("FACETRACK_HOME", str(warm_home))
        found = extract(Portraits().load(), Haar(), DlibResNet(), store)
    for picture in found.pictures[:1]:
        object.__setattr__(picture, "person", HOSTILE)
        object.__setattr__(picture, "name", HOSTILE)
    return found


@pytest.fixture(scope="module")
def clusters(portraits: Embeddings) -> np.ndarray:
    """Everybody right but the first two people, who are one cluster."""
    assert portraits.people is not None
    return np.maximum(portraits.people - 1, 0)


@pytest.fixture(scope="module")
def pages(
    portraits: Embeddings,
    clusters: np.ndarray,
    warm_home: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A folder with both pages."""
    folder = tmp_path_factory.mktemp("pages")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACETRACK_HOME", str(warm_home))
        page = tsne_html("faces", portraits, tsne(portraits, 0), clusters)
        made = galleries.files(portraits, clusters, "faces", b"")
    (folder / "tsne.html").write_text(page)
    (folder / "errors.html").write_text(str(made["errors.html"]))
    return folder


class Opened:
    """A page in the browser, and what it asked for and complained about."""

    def __init__(self, page: Any, path: Path) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda one: self.requests.append(one.url))
        page.on("console", lambda one: self.complaints.append(one.text))
        page.on("pageerror", lambda one: self.complaints.append(str(one)))
        self.url = path.as_uri()
        page.goto(self.url)

    def quiet(self) -> bool:
        """Whether it loaded nothing but itself, and complained about nothing."""
        asked = [one for one in self.requests if not one.startswith(("data:", "blob:"))]
        return asked == [self.url] and not self.complaints

    def text(self, selector: str) -> str:
        """What an element says."""
        return str(self.page.locator(selector).inner_text())


@pytest.fixture(params=[(size, scheme) for size in SIZES for scheme in ("light", "dark")])
def screen(request: pytest.FixtureRequest, browser: Any) -> Iterator[Any]:
    """An empty page, on a desk and on a phone, light and dark."""
    size, scheme = request.param
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    yield context.new_page()
    context.close()


def test_the_errors_fit_and_load_nothing(screen: Any, pages: Path) -> None:
    opened = Opened(screen, pages / "errors.html")
    width = screen.viewport_size["width"]
    assert screen.evaluate("document.documentElement.scrollWidth") <= width
    loaded = "[...document.images].filter((one) => one.src.includes('jpeg') && one.naturalWidth)"
    assert screen.evaluate(f"{loaded}.length") == 4
    ground, ink = (
        screen.evaluate(f"getComputedStyle(document.body).{name}")
        for name in ("backgroundColor", "color")
    )
    assert ground != ink
    screen.click("nav a[href='#Sizes']")
    assert screen.evaluate("document.getElementById('Sizes').getBoundingClientRect().top") < 900
    assert HOSTILE in opened.text("body")
    assert screen.title() == "faces"
    assert opened.quiet(), opened.complaints


def _place(screen: Any, face: int) -> tuple[float, float]:
    """Where a face is on the screen."""
    box = screen.locator("#plot .points path").nth(face).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _faded(screen: Any) -> int:
    """How many faces are hardly to be seen."""
    return int(
        screen.evaluate(
            "[...document.querySelectorAll('#plot .points path')]"
            ".filter((one) => Number(one.style.opacity) < 0.5).length"
        )
    )


def test_tsne_shows_colours_and_isolates(
    screen: Any, pages: Path, portraits: Embeddings, clusters: np.ndarray
) -> None:
    assert portraits.people is not None
    opened = Opened(screen, pages / "tsne.html")
    points = screen.locator("#plot .points path")
    points.first.wait_for(state="attached")
    assert points.count() == 59
    width, height = (screen.viewport_size[key] for key in ("width", "height"))
    assert screen.evaluate("document.documentElement.scrollWidth") <= width
    assert screen.evaluate("document.documentElement.scrollHeight") <= height

    # The one whose place no other face shares, so that it is the one under the pointer.
    places = np.array([_place(screen, face) for face in range(59)])
    apart = np.linalg.norm(places[:, None] - places, axis=2)
    np.fill_diagonal(apart, np.inf)
    face = int(apart.min(axis=1).argmax())
    person = str(portraits.pictures[face].person)
    x, y = places[face]
    screen.mouse.move(x - 2, y)
    screen.mouse.move(x, y)
    screen.locator("#face").wait_for(state="visible")
    assert opened.text("#names").split("\n\n") == [
        person,
        f"cluster {clusters[face]}",
        portraits.pictures[face].name,
    ]
    assert screen.locator("#tile").bounding_box()["width"] == 96

    screen.mouse.click(x, y)
    of_person = int((portraits.people == portraits.people[face]).sum())
    screen.wait_for_function("document.getElementById('told').textContent")
    assert opened.text("#told").startswith(f"{person}: {of_person} face")
    assert _faded(screen) == 59 - of_person
    screen.mouse.click(x, y)  # again: all
    assert screen.locator("#all").is_hidden()
    assert _faded(screen) == 0

    fills = "(all) => all.map((one) => one.style.fill)"
    before = points.evaluate_all(fills)
    screen.check("[name=by][value='1']")
    after = points.evaluate_all(fills)
    changed = [one != other for one, other in zip(before, after, strict=True)]
    assert changed == (portraits.people == 0).tolist()  # the one face in another's cluster
    screen.mouse.click(x, y)
    assert opened.text("#told").startswith(f"cluster {clusters[face]}: ")
    screen.keyboard.press("Escape")
    assert _faded(screen) == 0
    screen.mouse.click(x, y)
    screen.click("#all")
    assert _faded(screen) == 0
    assert screen.title() == "faces"
    assert opened.quiet(), opened.complaints
