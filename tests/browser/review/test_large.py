"""A page with very many persons: only those near the window are there."""

import json

from playwright.sync_api import Route, expect
from reviewed import Served

from browser.review.conftest import Look, cells, go

_N = 3000


def test_three_thousand_persons_are_scrolled(look: Look, served: Served) -> None:
    """The server's list is made longer on its way: 3,000 real persons would take minutes."""
    people = served.get("/api/people")
    many = [
        {**people[0], "number": at + 1, "id": f"person-{at + 1:03d}", "faces": _N - at}
        for at in range(_N)
    ]

    def answer(route: Route) -> None:
        route.fulfill(body=json.dumps(many), content_type="application/json")

    with look("#/apply") as page:
        page.locator(".counts").wait_for()
        page.route("**/api/people", answer)
        go(page, "#/people")
        page.reload()
        expect(page.get_by_text("3,000 persons")).to_be_visible()
        assert 40 < cells(page).count() < 250
        cells(page).first.focus()
        page.keyboard.press("Control+End")
        last = page.get_by_role("gridcell", name="\u2068person-3000\u2069")
        expect(last).to_be_focused()
        expect(last).to_be_in_viewport()
        assert cells(page).count() < 250
        grid = page.get_by_role("grid")
        columns = int(grid.get_attribute("aria-colcount") or 0)
        assert int(grid.get_attribute("aria-rowcount") or 0) == -(-_N // columns)
        # Scrolled by hand to the middle: those are there, and the focused one still is.
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight / 2)")
        page.wait_for_function(
            """() => [...document.querySelectorAll(".cell")].some((one) => {
                const { top } = one.getBoundingClientRect();
                return top > 100 && top < 500;
            })"""
        )
        expect(last).to_be_focused()
        page.get_by_role("searchbox").fill("person-1234")
        expect(cells(page)).to_have_count(1)
