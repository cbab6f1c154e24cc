"""Everybody: covers, names typed in place, merging, hiding, and what is told when it fails."""

import re

import pytest
from playwright.sync_api import Page, Route, expect
from reviewed import Served

from browser.review.conftest import Look, called, cells, go, kept
from facetrack.tasks.review import pictures


def _name_first(page: Page, name: str) -> str:
    """Type a name for the first person; which one that is."""
    cells(page).first.focus()
    id_ = _ids(page)[0]
    page.keyboard.press("n")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    return id_


def _ids(page: Page) -> list[str]:
    """The numbered names of the first persons without a name, as the page has them."""
    texts = page.locator(".cell .quiet").all_inner_texts()
    return [found[0] for text in texts if (found := re.match(r"person-\d+", text))]


def test_a_cover_a_person(look: Look, served: Served) -> None:
    people = served.get("/api/people")
    with look() as page:
        expect(cells(page)).to_have_count(len(people))
        assert page.title() == "People on your photos"
        expect(called(page, people[0]["id"])).to_have_accessible_name(
            re.compile(rf"{people[0]['faces']} faces on \d+ photos")
        )
        n = len(people)
        expect(page.get_by_text(f"{n} persons, {n} without a name")).to_be_visible()
        page.wait_for_function(
            """(side) => [...document.querySelectorAll(".cell img")]
                .every((one) => one.complete && one.naturalWidth === side)""",
            arg=pictures.SIDE,
        )
        # Where nobody is: what is in no group, and what is no person.
        page.get_by_role("link", name="Not persons (0)").click()
        expect(page.get_by_role("heading", name="Not persons")).to_be_visible()
        expect(page.get_by_text("No face is here.")).to_be_visible()


def test_search_and_order(look: Look, served: Served) -> None:
    people = served.get("/api/people")
    last, before = people[-1]["number"], people[-2]["number"]
    served.post("/api/actions", {"kind": "name", "number": last, "name": "Ángela"})
    served.post("/api/actions", {"kind": "name", "number": before, "name": "李雷"})
    with look() as page:
        expect(called(page, "Ángela")).to_be_visible()
        page.keyboard.press("/")
        page.keyboard.type("angel")
        expect(cells(page)).to_have_count(1)
        page.keyboard.press("Enter")
        expect(called(page, "Ángela")).to_be_focused()
        page.get_by_role("searchbox").fill("nobody is called so")
        expect(page.get_by_text("Nobody has such a name.")).to_be_visible()
        page.get_by_role("searchbox").fill("")
        page.get_by_role("combobox", name="Order").select_option("By name")
        names = page.locator(".cell .name").all_inner_texts()
        assert names[:3] == ["Ángela", "李雷", "Add a name"]
        page.get_by_role("combobox", name="Show").select_option("With a name")
        expect(cells(page)).to_have_count(2)


def test_a_name_is_typed_in_place_and_shows_before_the_answer(look: Look, served: Served) -> None:
    held: list[Route] = []
    with look() as page:
        cells(page).first.wait_for()
        page.route("**/api/actions", lambda route: held.append(route))
        id_ = _name_first(page, "  Anna  ")
        expect(called(page, "Anna")).to_be_focused()
        while not held:  # the page has sent it when it can
            page.wait_for_timeout(10)
        expect(page.get_by_role("button", name="Undo").first).to_be_disabled()
        assert f"{id_}:\n  name:\n" in (served.review.out / "people.yaml").read_text()
        held[0].continue_()
        kept(page)
        expect(page.get_by_role("button", name=re.compile("^Undo: "))).to_be_visible()
        assert f"{id_}:\n  name: Anna\n" in (served.review.out / "people.yaml").read_text()
        # The next one's name is completed, Escape leaves it.
        page.keyboard.press("ArrowRight")
        page.keyboard.press("F2")
        page.keyboard.type("an")
        expect(page.get_by_role("option")).to_contain_text(["Anna"])
        page.keyboard.press("Escape")
        expect(page.get_by_role("combobox", name=re.compile("Name of"))).to_have_count(0)
        expect(cells(page).nth(1)).to_be_focused()
        page.unroute("**/api/actions")
        page.keyboard.press("u")
        kept(page)
        expect(called(page, "Anna")).to_have_count(0)


def test_tab_goes_on_with_the_next_name(look: Look) -> None:
    with look() as page:
        cells(page).first.focus()
        page.keyboard.press("n")
        for name in ("Ada", "Bela", "Cleo"):
            page.keyboard.type(name)
            page.keyboard.press("Tab")
        page.keyboard.press("Escape")
        expect(page.locator(".cell .name").nth(2)).to_have_text("Cleo")
        assert page.locator(".cell .name").all_inner_texts()[:3] == ["Ada", "Bela", "Cleo"]


def test_two_with_one_name_may_be_one(look: Look, served: Served) -> None:
    people = served.get("/api/people")
    served.post("/api/actions", {"kind": "name", "number": people[1]["number"], "name": "Anna"})
    with look() as page:
        expect(called(page, "Anna")).to_be_visible()
        _name_first(page, "Anna")
        dialog = page.get_by_role("dialog", name="The same person?")
        dialog.get_by_role("button", name="Two with one name").click()
        expect(called(page, "Anna")).to_have_count(2)
        page.keyboard.press("Control+z")
        expect(called(page, "Anna")).to_have_count(1)
        _name_first(page, "ANNA")
        dialog.get_by_role("button", name="The same person").click()
        expect(cells(page)).to_have_count(len(people) - 1)
        faces = people[0]["faces"] + people[1]["faces"]
        expect(called(page, "Anna")).to_have_accessible_name(re.compile(f", {faces} faces"))


def test_several_are_merged_and_hidden(look: Look, served: Served) -> None:
    n = len(served.get("/api/people"))
    with look() as page:
        cells(page).nth(2).focus()
        page.keyboard.press(" ")
        page.keyboard.press("Shift+ArrowRight")
        page.keyboard.press("Shift+ArrowRight")
        bar = page.get_by_role("group", name="What is selected")
        expect(bar).to_contain_text("3 selected")
        page.keyboard.press("m")
        expect(cells(page)).to_have_count(n - 2)
        expect(bar).to_be_hidden()
        kept(page)
        page.locator("#undo-told").click()
        expect(cells(page)).to_have_count(n)
        # By mouse: the box in the corner, then a cell.
        cells(page).nth(4).hover()
        cells(page).nth(4).locator(".box").click()
        cells(page).nth(5).click()
        expect(page.locator(".cell[aria-selected=true]")).to_have_count(2)
        bar.get_by_role("button", name="Hide").click()
        expect(cells(page)).to_have_count(n - 2)
        page.get_by_role("combobox", name="Show").select_option("Hidden")
        expect(cells(page)).to_have_count(2)
        kept(page)
    assert sum(one["hidden"] for one in served.get("/api/people")) == 2


def test_which_name_stays_is_asked(look: Look, served: Served) -> None:
    first, second = served.get("/api/people")[:2]
    for person, name in ((first, "Anna"), (second, "Ben")):
        served.post("/api/actions", {"kind": "name", "number": person["number"], "name": name})
    with look() as page:
        called(page, "Anna").focus()
        page.keyboard.press(" ")
        page.keyboard.press("Shift+ArrowRight")
        page.keyboard.press("m")
        page.get_by_role("dialog").get_by_role("button", name="Ben").click()
        expect(called(page, "Anna")).to_have_count(0)
        expect(called(page, "Ben")).to_be_focused()


def test_what_is_refused_is_told_and_taken_back(look: Look, served: Served) -> None:
    """A person who has been merged by another hand since the page was asked for."""
    refused = r".*/api/actions: Failed to load resource.*"
    with look(excepted=[refused]) as page:
        cells(page).first.wait_for()
        before = served.get("/api/summary")
        page.route("**/api/summary", lambda route: route.fulfill(json=before))
        one, other = served.get("/api/people")[:2]
        served.post(
            "/api/actions",
            {"kind": "merge", "numbers": [one["number"], other["number"]], "into": other["number"]},
        )
        _name_first(page, "Too late")
        expect(page.locator("#told.wrong")).to_contain_text(re.compile("."))
        expect(called(page, "Too late")).to_have_count(0)


def test_a_broken_people_yaml_stops_everything_until_it_is_mended(
    look: Look, served: Served
) -> None:
    path = served.review.out / "people.yaml"
    before = path.read_bytes()
    refused = r".*/api/.*: Failed to load resource.*"
    with look(excepted=[refused]) as page:
        cells(page).first.wait_for()
        path.write_bytes(before + b"person-001: [\n")
        _name_first(page, "Anna")
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("line")
        expect(called(page, "Anna")).to_have_count(0)
        path.write_bytes(before)
        alert.get_by_role("button", name="Try again").click()
        expect(called(page, "Anna")).to_be_visible()
        expect(alert).to_be_empty()
        # Or by itself, when the page sees that the file was mended.
        kept(page)
        sound = path.read_bytes()
        path.write_bytes(sound + b"person-001: [\n")
        _name_first(page, "Bea")
        expect(alert).to_contain_text("line")
        path.write_bytes(sound + b"# mended\n")
        page.evaluate("dispatchEvent(new Event('focus'))")
        expect(called(page, "Bea")).to_be_visible()
        expect(alert).to_be_empty()
        kept(page)


def test_what_another_hand_writes_is_seen(look: Look, served: Served) -> None:
    path = served.review.out / "people.yaml"
    before = path.read_text()
    with look() as page:
        cells(page).first.wait_for()
        id_ = _ids(page)[0]
        path.write_text(before.replace(f"{id_}:\n  name:\n", f"{id_}:\n  name: By hand\n"))
        page.evaluate("dispatchEvent(new Event('focus'))")
        expect(called(page, "By hand")).to_be_visible()
        path.write_text(before)
        page.evaluate("dispatchEvent(new Event('focus'))")
        expect(called(page, "By hand")).to_have_count(0)


@pytest.mark.parametrize(
    ("name", "direction"),
    [
        *[("<b>Mallory</b> 'x' \"y\"", "ltr"), ("محمد", "rtl")],
        pytest.param("שרה", "rtl", marks=pytest.mark.long),
        pytest.param("李雷", "ltr", marks=pytest.mark.long),
    ],
)
def test_a_name_is_text_of_its_own_direction(
    look: Look, served: Served, name: str, direction: str
) -> None:
    number = served.get("/api/people")[0]["number"]
    served.post("/api/actions", {"kind": "name", "number": number, "name": name})
    with look() as page:
        shown = cells(page).first.locator("bdi")
        expect(shown).to_have_text(name)
        assert shown.evaluate("one => getComputedStyle(one).direction") == direction
        go(page, f"#/person/{number}")
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        assert page.locator("b").count() == 0
