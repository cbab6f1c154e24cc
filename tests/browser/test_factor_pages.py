"""Cards of errors by factor, and the page of accessories, in a browser."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from playwright.sync_api import expect

from browser.conftest import Visit
from facetrack import figures
from facetrack.figures import ErrorPage, Listing, render_error_page
from facetrack.figures.galleries import FACE, Group, Section

_HOSTILE = "</p><script>document.title = 'gone'</script>"


def _make_section(number: int, *factors: tuple[str, str]) -> Section:
    face = np.full((FACE, FACE, 3), 40 * number, np.uint8)
    section = Section(f"cluster {number}", [Group("Ada", [face], 0)], f"cluster-{number}")
    return replace(section, factors=factors)


def test_cards_are_sorted_by_what_strays_have_in_common(visit: Visit, tmp_path: Path) -> None:
    sections = [
        _make_section(1, ("glasses", "yes"), ("light", "left")),
        _make_section(2, ("glasses", _HOSTILE)),
        _make_section(3, ("__proto__", "x"), ("glasses", "yes"), ("light", "right")),
    ]
    listings = [Listing("Merged", "several people", sections)]
    page = ErrorPage("errors", "", listings, b"\x89PNG", np.array([3]), np.array([1, 2]))
    path = tmp_path / "errors.html"
    path.write_text(render_error_page(page), encoding="utf-8")
    with visit(path.as_uri()) as shown:
        titles = shown.locator(".cards h3")
        plain = ["cluster 1", "cluster 2", "cluster 3"]
        expect(titles).to_have_text(plain)
        shown.select_option("#sort", "glasses")
        expect(titles).to_have_text(
            [
                *("glasses: yes (2)", "cluster 1", "cluster 3"),
                *(f"glasses: {_HOSTILE} (1)", "cluster 2"),
            ]
        )
        shown.select_option("#sort", "__proto__")
        expect(titles).to_have_text(
            ["__proto__: x (1)", "cluster 3", "__proto__: nothing in common (2)", *plain[:2]]
        )
        shown.select_option("#sort", "wrong pairs")
        expect(titles).to_have_text(plain)
        expect(shown).to_have_title("errors")


def test_example_pairs_are_shown(visit: Visit, tmp_path: Path) -> None:
    face = np.full((90, 70, 3), 120, np.uint8)
    bars = [figures.EffectBars("mask", {"dlib": (0.5, 1, 2)}, {"ARI": {"dlib": 0.6}})]
    chart = figures.encode_png(figures.draw_accessories(bars, {"ARI": {"dlib": 0.9}}, "portraits"))
    pairs = [figures.ExamplePair(face, face, "dlib 1.05")] * 3
    rows = [figures.ExampleRow("mask", "dlib: moved", pairs)]
    page = figures.AccessoryPage("8 faces of 4 people", chart, rows)
    path = tmp_path / "accessories.html"
    path.write_text(figures.render_accessory_page("portraits", page), encoding="utf-8")
    with visit(path.as_uri()) as shown:
        expect(shown.locator("figcaption")).to_have_text(["dlib 1.05"] * 3)
        widths = shown.locator("img").evaluate_all("all => all.map((one) => one.naturalWidth)")
        assert len(widths) == 7
        assert min(widths) >= 70
        for width in (1200, 390):
            shown.set_viewport_size({"width": width, "height": 900})
            assert shown.evaluate("document.documentElement.scrollWidth") <= width
