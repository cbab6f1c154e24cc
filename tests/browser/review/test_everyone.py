"""For everyone: keys alone, what helps screen readers, sizes, light and dark, less motion."""

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from reviewed import Served

from browser.conftest import Visit
from browser.review.conftest import Look, cells, go

_SIZES = ((390, 844), (1920, 1080))


def _addresses(served: Served) -> dict[str, str]:
    """Each view's address, and what is there when it is."""
    number = served.get("/api/people")[0]["number"]
    first, second = served.get(f"/api/people/{number}")["faces"][:2]
    return {
        "#/people": ".cell img",
        f"#/person/{number}": ".cell img",
        f"#/photo/{first['photo']}?person={number}": ".face",
        "#/questions": ".question h1",
        f"#/photos?with={number}": ".cell img",
        f"#/why/{first['id']}/{second['id']}": ".chain img",
        "#/apply": ".counts",
        "#/audit": ".measure svg",
        "#/audit/screen": ".mark",
    }


def _faults(page: Page) -> list[str]:
    """What axe finds, in all of its rules."""
    found: dict[str, Any] = Axe().run(page).response
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:120]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def test_the_start_link_leads_one_browser_to_the_page(served: Served, visit: Visit) -> None:
    link = served.link
    # The link's own page has no icon, and Chromium asks for one.
    icon = r".*/favicon\.ico: Failed to load resource.*"
    with visit(link, excepted=[icon]) as page:
        page.wait_for_url(f"{served.address}/")
        expect(page.get_by_role("heading", name="People")).to_be_visible()
        page.goto(link)  # once more, as from the history
        page.wait_for_url(f"{served.address}/")
        expect(page.get_by_role("heading", name="People")).to_be_visible()
    refused = r".*Failed to load resource.*"
    with visit(link, excepted=[refused]) as page:
        expect(page.get_by_text("works once")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_view(look: Look, served: Served, scheme: str) -> None:
    with look() as page:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for address, there in _addresses(served).items():
            go(page, address)
            page.locator(there).first.wait_for()
            assert _faults(page) == [], address


def test_axe_finds_nothing_in_what_opens_on_top(look: Look) -> None:
    with look() as page:
        cells(page).first.focus()
        page.keyboard.press(" ")
        assert _faults(page) == []
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        assert _faults(page) == []
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.keyboard.press("n")
        expect(page.get_by_role("combobox", name=re.compile("^Name of"))).to_be_focused()
        assert _faults(page) == []


@pytest.mark.parametrize("size", _SIZES)
def test_nothing_is_wider_than_the_window(
    look: Look, served: Served, size: tuple[int, int]
) -> None:
    with look() as page:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        for address, there in _addresses(served).items():
            go(page, address)
            page.locator(there).first.wait_for()
            assert page.evaluate("document.documentElement.scrollWidth") <= size[0], address
        go(page, "#/people")
        box = cells(page).first.bounding_box()
        assert box is not None
        assert 140 <= box["width"] <= 200
        # Also where there is much to ask and to apply, the views' names are all there.
        last = page.evaluate(
            """() => {
                for (const one of document.querySelectorAll(".badge")) {
                    one.hidden = false;
                    one.textContent = "1,234";
                }
                return Math.max(...[...document.querySelectorAll(".top nav a")].map(
                    (one) => one.getBoundingClientRect().right));
            }"""
        )
        assert last <= size[0]
        # What is touched is large enough for a finger.
        small = page.evaluate(
            """() => [...document.querySelectorAll(".top a, .top button, select")].filter((one) => {
                const { width, height } = one.getBoundingClientRect();
                return Math.min(width, height) < 24;
            }).map((one) => one.outerHTML)"""
        )
        assert small == []


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_light_and_dark(look: Look, scheme: str, dark: bool) -> None:
    with look() as page:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        ground = page.evaluate(
            """getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).slice(0, 3)
                .map(Number)"""
        )
        assert max(ground) < 40 if dark else min(ground) > 240


def test_nothing_moves_for_those_who_want_no_motion(look: Look) -> None:
    moving = """() => [...document.querySelectorAll("*")].filter(
        (one) => getComputedStyle(one).transitionDuration.split(", ").some((s) => parseFloat(s) > 0)
    ).length"""
    with look() as page:
        cells(page).first.wait_for()
        assert page.evaluate(moving) > 0
        page.emulate_media(reduced_motion="reduce")
        assert page.evaluate(moving) == 0


def test_tab_reaches_a_grid_once_and_arrows_go_on(look: Look) -> None:
    with look() as page:
        page.reload()
        cells(page).first.wait_for()
        stops = []
        for _ in range(14):
            page.keyboard.press("Tab")
            stops.append(
                page.evaluate(
                    "document.activeElement.getAttribute('role') || document.activeElement.tagName"
                )
            )
        # The link to the content, five views, help (there is nothing to undo), search, two lists.
        assert stops[:11] == [*"AAAAAA", "BUTTON", "INPUT", "SELECT", "SELECT", "gridcell"]
        assert stops.count("gridcell") == 1
        cells(page).first.focus()
        columns = int(page.get_by_role("grid").get_attribute("aria-colcount") or 0)
        for key, at in (
            ("ArrowRight", 1), ("ArrowDown", columns + 1), ("ArrowLeft", columns),
            ("Home", columns), ("ArrowUp", 0), ("End", columns - 1),
            ("Control+End", cells(page).count() - 1), ("Control+Home", 0),
        ):  # fmt: skip
            page.keyboard.press(key)
            expect(cells(page).nth(at)).to_be_focused()
        outline = cells(page).first.evaluate("one => getComputedStyle(one).outlineStyle")
        assert outline == "solid"


def test_every_view_can_be_opened_and_left_by_keys(look: Look) -> None:
    with look() as page:
        cells(page).first.wait_for()
        page.keyboard.press("2")
        expect(page.locator(".question h1")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.get_by_role("heading", name="People")).to_be_visible()
        page.keyboard.press("4")
        expect(page.get_by_role("heading", name="Apply")).to_be_focused()
        page.keyboard.press("3")
        expect(page.get_by_role("combobox", name="Photos with")).to_be_focused()
        page.keyboard.press("1")  # typed into the field
        expect(page.get_by_role("combobox", name="Photos with")).to_have_value("1")
        page.keyboard.press("Escape")
        expect(page.get_by_role("heading", name="People")).to_be_visible()


def test_back_is_where_one_was(look: Look) -> None:
    with look("#/questions") as page:
        page.locator(".question h1").wait_for()
        page.keyboard.press("Escape")
        cells(page).first.focus()
        # What is open on top goes with its view.
        page.keyboard.press("?")
        page.go_back()
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.go_forward()
        cells(page).first.focus()
        page.keyboard.press("Control+End")
        name = page.evaluate("document.activeElement.getAttribute('aria-label')")
        page.keyboard.press("Enter")
        expect(page.get_by_role("grid", name="Faces")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("gridcell", name=name, exact=True)).to_be_focused()


def test_help_tells_of_the_keys_and_turns_letters_off(look: Look) -> None:
    with look() as page:
        cells(page).first.focus()
        page.keyboard.press("?")
        dialog = page.get_by_role("dialog", name="Keys")
        for words in ("merge those selected", "undo", "questions", "type the name"):
            expect(dialog).to_contain_text(words)
        dialog.get_by_role("checkbox").uncheck()
        page.keyboard.press("Escape")
        page.keyboard.press("2")
        page.keyboard.press("n")
        expect(page.get_by_role("combobox", name=re.compile("^Name of"))).to_have_count(0)
        assert page.url.endswith("#/people")
        page.get_by_role("button", name="Help: keys").click()
        dialog.get_by_role("checkbox").check()
        dialog.get_by_role("button", name="Close").click()
        page.keyboard.press("2")
        expect(page).to_have_url(re.compile("#/questions$"))


def test_letters_are_keys_on_a_cyrillic_keyboard(look: Look) -> None:
    with look() as page:
        cells(page).first.focus()
        page.evaluate(
            """() => document.activeElement.dispatchEvent(new KeyboardEvent(
                "keydown", { key: "т", code: "KeyN", bubbles: true, cancelable: true }))"""
        )
        expect(page.get_by_role("combobox", name=re.compile("^Name of"))).to_be_focused()
