"""A report in a browser: everyone can use it, its tables sort, it prints, and asks nobody."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from browser.conftest import Visit
from facetrack import figures
from facetrack.figures.report_pages import Environment, ReportSection, read_table
from facetrack.tasks.reports import Findings, make_report

HOSTILE = "</script><script>document.title = 'gone'</script><img src=x onerror=alert(1)>"
SIZES = ((1280, 900), (390, 844))
SCORES = ((0.5, 0.91), (1e-9, 0.2), (0.25, float("nan")), (3, 0.95))


@pytest.fixture(scope="module")
def report(visit: Visit, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A report with all there can be on one; a test leaves it as it has found it."""
    points = [figures.Point(HOSTILE, "dbscan", "eps", eps, eps, 0.1) for eps in (0.1, 0.2, 0.3)]
    rows = [(f"{HOSTILE} {n}", *scores) for n, scores in enumerate(SCORES)]
    picture = figures.encode_png(figures.draw_curves(points))
    findings = Findings(
        {
            "results.csv": figures.format_csv(("who", "eps", "ari_mean"), rows),
            "curves.png": picture,
            "study.png": picture,
        },
        {
            "curves.png": {"": figures.plot_curves(points)},
            "study.png": {"One": figures.plot_curves(points), "Two": figures.plot_curves(points)},
        },
    )
    table = read_table(figures.format_csv(("a name",), [(HOSTILE,)] * 3))
    faces = ReportSection("Faces", HOSTILE, table, {"faces on a plane": picture})
    about = [(f"what {n}", HOSTILE) for n in range(9)]
    packages = [(f"package-{n}", "1.0") for n in range(180)]
    environment = Environment([f"python -m facetrack {HOSTILE * 3}"], about, packages)
    page = make_report("a report", [HOSTILE], findings, environment, [faces])
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(page)
    with visit(path.as_uri()) as opened:
        yield opened


def _faults(page: Page) -> list[str]:
    found: dict[str, Any] = Axe().run(page).response
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:120]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("size", SIZES)
def test_everyone_can_use_it_on_a_desk_and_a_phone(report: Page, size: tuple[int, int]) -> None:
    page = report
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.reload()  # which of the two it is, is decided when the page opens
    expect(page.locator(".plot .main-svg").nth(8)).to_be_attached()  # three of each figure
    grounds = set()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        assert _faults(page) == []
    assert len(grounds) == 2
    expect(page).to_have_title("a report")
    assert HOSTILE in page.locator("header").inner_text()
    page.emulate_media(color_scheme="light")


def test_a_column_sorts_by_all_its_digits_and_back(report: Page) -> None:
    table = report.get_by_role("region", name="Results").locator("table")
    expect(table.locator("tbody tr")).to_have_count(len(SCORES))

    def shown(column: int) -> list[str]:
        return table.locator(f"tbody td:nth-child({column})").all_inner_texts()

    assert shown(2) == ["0.5", "1e-09", "0.25", "3"]
    for name, column, rising, falling in (
        ("eps", 2, ["1e-09", "0.25", "0.5", "3"], ["3", "0.5", "0.25", "1e-09"]),
        ("ari_mean", 3, ["0.2", "0.91", "0.95", ""], ["0.95", "0.91", "0.2", ""]),
    ):
        head = table.get_by_role("columnheader", name=name)
        head.get_by_role("button").click()
        expect(head).to_have_attribute("aria-sort", "descending")
        assert shown(column) == falling
        head.get_by_role("button").press("Enter")
        expect(head).to_have_attribute("aria-sort", "ascending")
        assert shown(column) == rising
    table.get_by_role("columnheader", name="who").get_by_role("button").click()
    assert [one[-1] for one in shown(1)] == ["0", "1", "2", "3"]
    expect(table.locator("[aria-sort]")).to_have_count(1)


def test_it_prints_pictures_in_place_of_what_asks_for_a_pointer(report: Page) -> None:
    page = report
    pictures, plots = page.locator(".picture img"), page.locator(".plot")
    assert [one.is_visible() for one in pictures.all()] == [False, False, True]
    page.emulate_media(media="print", color_scheme="dark")
    assert [one.is_visible() for one in pictures.all()] == [True] * 3
    assert not any(one.is_visible() for one in [*plots.all(), page.locator("nav")])
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"
    page.emulate_media(media="screen", color_scheme="light")
    printed = page.pdf(format="A4")
    assert printed.startswith(b"%PDF-")
    assert printed.count(b"/Type /Page\n") >= 2
    assert np.log10(len(printed)) < 6.5


def test_a_link_leads_to_its_part(report: Page) -> None:
    report.get_by_role("link", name="Environment").click()
    expect(report.locator("#environment")).to_be_in_viewport()
    packages = report.get_by_role("region", name="Packages")
    expect(packages).to_have_count(0)  # to be seen
    report.get_by_text("180 packages").click()
    expect(packages.get_by_text("package-179")).to_be_visible()
    report.get_by_text("180 packages").click()
    expect(packages).to_have_count(0)
