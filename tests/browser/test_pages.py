"""The pages of a run in a browser: what they show, and that they ask nobody for anything."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, expect

from browser.conftest import Visit
from facetrack.core.faces import Embeddings
from facetrack.figures import (
    PlotsPage,
    Point,
    RadiusStudy,
    plot_radius_study,
    render_curves_page,
    render_plots_page,
)
from facetrack.tasks.evaluate import galleries
from facetrack.tasks.tsne_cache import compute_tsne
from facetrack.tasks.tsne_page import draw_tsne_page
from facetrack.testing import portrait_faces

Show = Callable[[Page], Page]

HOSTILE = "</script><script>document.title = 'gone'</script><img src=x onerror=alert(1)>"
SIZES = {"desk": (1200, 900), "phone": (390, 844)}

# Of all the points of the plot: where they are, how many are hardly to be seen, their colours.
PLACES = """(all) => all.map((one) => one.getBoundingClientRect())
  .map((box) => [box.x + box.width / 2, box.y + box.height / 2])"""
FADED = "(all) => all.filter((one) => Number(one.style.opacity) < 0.5).length"
COLOURS = "(all) => all.map((one) => one.style.fill)"


@pytest.fixture(scope="module")
def portraits(warm_home: Path) -> Embeddings:
    """The portraits; the first face's person and picture have a name that would be a script."""
    found = portrait_faces(warm_home)
    for picture in found.pictures[:1]:
        object.__setattr__(picture, "person", HOSTILE)
        object.__setattr__(picture, "name", HOSTILE)
    return found


@pytest.fixture(scope="module")
def clusters(portraits: Embeddings) -> NDArray[np.int64]:
    """Everybody right but the first two people, who are one cluster."""
    assert portraits.people is not None
    return np.maximum(portraits.people - 1, 0)


@pytest.fixture(scope="module")
def pages(
    portraits: Embeddings,
    clusters: NDArray[np.int64],
    warm_home: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A folder with both pages."""
    folder = tmp_path_factory.mktemp("pages")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACETRACK_HOME", str(warm_home))
        page = draw_tsne_page("faces", portraits, compute_tsne(portraits, 0), clusters)
        made = galleries.make_files(portraits, clusters, "faces", b"")
    (folder / "tsne.html").write_text(page)
    (folder / "errors.html").write_text(str(made["errors.html"]))
    return folder


@pytest.fixture(scope="module")
def tsne(visit: Visit, pages: Path) -> Iterator[Page]:
    """The t-SNE page. It takes two seconds to open, so a test leaves it as it has found it.

    What goes wrong on it is told after the last test.
    """
    with visit((pages / "tsne.html").as_uri()) as page:
        yield page


@pytest.fixture(scope="module")
def errors(visit: Visit, pages: Path) -> Iterator[Page]:
    """The page of errors, likewise."""
    with visit((pages / "errors.html").as_uri()) as page:
        yield page


@pytest.fixture(params=[(size, scheme) for size in SIZES for scheme in ("light", "dark")])
def show(request: pytest.FixtureRequest) -> Show:
    """Show a page on a desk and on a phone, light and dark."""
    size, scheme = request.param
    width, height = SIZES[size]

    def as_on(page: Page) -> Page:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        return page

    return as_on


def test_the_errors_fit_and_load_nothing(errors: Page, show: Show) -> None:
    page = show(errors)
    width = page.evaluate("innerWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    faces = "[...document.images].filter((one) => one.src.includes('jpeg') && one.naturalWidth)"
    assert page.evaluate(f"{faces}.length") == 4
    ground, ink = page.evaluate(
        "['backgroundColor', 'color'].map((name) => getComputedStyle(document.body)[name])"
    )
    assert ground != ink
    page.click("nav a[href='#Sizes']")
    expect(page.locator("#Sizes")).to_be_in_viewport()
    page.evaluate("scrollTo(0, 0)")
    assert HOSTILE in page.locator("body").inner_text()
    expect(page).to_have_title("faces")


def test_tsne_shows_colours_and_isolates(
    tsne: Page, show: Show, portraits: Embeddings, clusters: NDArray[np.int64]
) -> None:
    assert portraits.people is not None
    page = show(tsne)
    points, told = page.locator("#plot .points path"), page.locator("#told")
    expect(points).to_have_count(59)
    page.wait_for_timeout(500)  # plotly follows the window's new size with a delay
    width, height = page.evaluate("[innerWidth, innerHeight]")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.documentElement.scrollHeight") <= height

    # The one that no other is near, so that it is the one under the pointer.
    places = np.array(points.evaluate_all(PLACES))
    assert (places > 0).all()
    assert (places < [width, height]).all()
    apart = np.linalg.norm(places[:, None] - places, axis=2)
    np.fill_diagonal(apart, np.inf)
    face = int(apart.min(axis=1).argmax())
    person, picture = str(portraits.pictures[face].person), portraits.pictures[face].name
    x, y = places[face].tolist()
    page.mouse.move(x - 2, y)
    page.mouse.move(x, y)
    expect(page.locator("#names p")).to_have_text([person, f"cluster {clusters[face]}", picture])
    expect(page.locator("#tile")).to_be_visible()

    of_person = int((portraits.people == portraits.people[face]).sum())
    page.mouse.click(x, y)
    expect(told).to_have_text(re.compile(rf"^{person}: {of_person} face"))
    assert points.evaluate_all(FADED) == 59 - of_person
    page.mouse.click(x, y)  # again: all
    expect(page.locator("#all")).to_be_hidden()
    assert points.evaluate_all(FADED) == 0

    before = points.evaluate_all(COLOURS)
    page.check("[name=by][value='1']")
    changed = np.array(before) != np.array(points.evaluate_all(COLOURS))
    # The one face that is in another person's cluster.
    np.testing.assert_array_equal(changed, portraits.people == 0)
    page.mouse.click(x, y)
    expect(told).to_have_text(re.compile(f"^cluster {clusters[face]}: "))
    page.keyboard.press("Escape")
    expect(told).to_be_empty()
    page.mouse.click(x, y)
    page.click("#all")
    expect(told).to_be_empty()
    assert points.evaluate_all(FADED) == 0
    page.check("[name=by][value='0']")
    assert points.evaluate_all(COLOURS) == before
    expect(page).to_have_title("faces")


def test_the_wheel_zooms_about_the_pointer(tsne: Page, show: Show) -> None:
    page = show(tsne)
    points = page.locator("#plot .points path")
    expect(points).to_have_count(59)
    page.wait_for_timeout(500)  # plotly follows the window's new size with a delay
    before = np.array(points.evaluate_all(PLACES))
    pointer = np.round(before.mean(axis=0))
    page.mouse.move(*pointer)
    plot = page.locator("#plot .cartesianlayer")
    for notch, zoom in ((-100, 1 / 0.8**2), (100, 1)):
        for _ in range(2):
            page.mouse.wheel(0, notch)
        # Scaled and, once the wheel has come to rest, not any more.
        expect(plot).to_have_attribute("style", "")
        after = np.array(points.evaluate_all(PLACES))
        # Markers stay as large, and a triangle's box is not about its place.
        np.testing.assert_allclose(after, pointer + (before - pointer) * zoom, atol=1)
        plot.evaluate("layer => layer.removeAttribute('style')")


def test_on_a_phone_panels_stand_below_each_other_and_the_legend_below_them(
    visit: Visit, tmp_path: Path
) -> None:
    points = [
        Point(dataset, method, "eps", eps, 0.5 + eps, 0.1)
        for dataset in ("portraits", "a set with a long name")
        for method in ("dbscan", "meanshift, n_people=50")
        for eps in (0.1, 0.2, 0.3)
    ]
    (tmp_path / "curves.html").write_text(render_curves_page(points))
    with visit((tmp_path / "curves.html").as_uri()) as page:
        first, second, legend = map(page.locator, (".xtitle", ".x2title", ".legend"))

        def wait_until_apart(pixels: str) -> None:
            """Until the second panel is so far below the first."""
            tops = "document.querySelector('.x2title')?.getBoundingClientRect().top - "
            tops += "document.querySelector('.xtitle')?.getBoundingClientRect().top"
            for _ in range(300):  # the page's policy lets no `wait_for_function` in
                if page.evaluate(f"{tops} {pixels}"):  # NaN while one of them is not drawn yet
                    return
                page.wait_for_timeout(100)
            pytest.fail(f"the panels are never {pixels} apart")

        wait_until_apart("=== 0")  # side by side on a desk
        width, height = SIZES["phone"]
        page.goto("about:blank")  # which of the two it is, is decided when the page opens
        page.set_viewport_size({"width": width, "height": height})
        page.goto((tmp_path / "curves.html").as_uri())
        wait_until_apart("> 200")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        below = 0.0
        for one in (first, second, legend):
            box = one.bounding_box()
            assert box is not None
            assert box["y"] > below
            below = box["y"] + box["height"]
            assert 0 <= box["x"] < box["x"] + box["width"] <= width
        expect(page.locator(".legendtext")).to_have_count(4)
        expect(page.locator(".scatterlayer .point")).to_have_count(12)


def test_a_study_of_one_radius_shows_its_curve_its_peak_and_the_other_halves(
    visit: Visit, tmp_path: Path
) -> None:
    radii = np.linspace(0.1, 0.5, 41)
    means = 0.9 - 10 * (radii - 0.3) ** 2
    near = np.linspace(0.25, 0.35, 100)
    study = RadiusStudy(
        title=HOSTILE,
        score="ari",
        best=(0.3, 0.9),
        within=(0.29, 0.31),
        nearly=(0.27, 0.33),
        margin=0.01,
        curve=(radii.tolist(), means.tolist(), [0.02] * len(radii)),
        near=(near.tolist(), (0.9 - 10 * (near - 0.3) ** 2).tolist()),
        judged=[(0.28, 0.87, 0.9), (0.31, 0.88, 0.88)],
    )
    content = render_plots_page(PlotsPage(study.title, plot_radius_study(study)))
    (tmp_path / "study.html").write_text(content)
    with visit((tmp_path / "study.html").as_uri()) as page:
        expect(page.locator("h1")).to_have_text(HOSTILE)
        expect(page.locator("h2")).to_have_count(3)
        expect(page.locator(".plot .xtitle")).to_have_text(["eps"] * 3)
        expect(page.locator(".annotation-text")).to_have_text(["best: 0.3"] * 3)
        expect(page.locator("#plot-1 .shapelayer path")).to_have_count(3)
        expect(page.locator("#plot-2 .points path.point")).to_have_count(4)
