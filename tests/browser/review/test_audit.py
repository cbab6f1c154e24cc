"""How good is it? Answered by keys alone; what is known follows, and can be taken back."""

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from reviewed import Served

from browser.review.conftest import Look, kept
from facetrack.organiser import audit_answers


def _asks(page: Page, number: int) -> None:
    """Wait until a question is there to be answered."""
    expect(page.get_by_text(re.compile(rf"^Question {number}: "))).to_be_visible()
    expect(page.locator(".answered")).to_have_count(0)


def _told(page: Page, text: str | re.Pattern[str]) -> None:
    """Wait until the page says so."""
    expect(page.locator("#told")).to_contain_text(text)
    kept(page)


def _knows(page: Page, text: str) -> None:
    expect(page.locator(".known [role=status]")).to_contain_text(re.compile(f"^{text}: precision "))


def test_pairs_by_keys_and_back(look: Look, served: Served) -> None:
    people = (served.review.out / "people.yaml").read_text()
    with look() as page:
        page.locator(".cell img").first.wait_for()
        page.keyboard.press("5")
        expect(page.get_by_role("heading", name="How good is it?")).to_be_focused()
        _knows(page, "Expected before any answer")
        expect(page.get_by_text("Expected from probabilities alone: precision")).to_be_visible()
        expect(page.get_by_text("95 % credible intervals: they rest on")).to_be_visible()
        for number, key in enumerate(("y", "n", " "), 1):
            _asks(page, number)
            expect(page.locator(".crop .whole")).to_have_count(2)
            page.keyboard.press(key)
        _asks(page, 4)
        _knows(page, "After 2 answers, and once “can.t tell”")
        # An interval for each answer, and one for none.
        expect(page.locator(".measure").first.locator("circle")).to_have_count(4)
        said = [one.answer for one in audit_answers.load(served.review.out)]
        assert said == ["yes", "no", "can't tell"]
        page.keyboard.press("u")
        _told(page, "taken back: question 3, can't tell")
        _asks(page, 3)
        _knows(page, "After 2 answers")
        # By a button; Space then means "can't tell", and not that button again.
        page.get_by_role("button", name="Two persons", exact=True).click()
        _asks(page, 4)
        expect(page.get_by_role("heading", name="How good is it?")).to_be_focused()
        page.keyboard.press("w")
        expect(page.locator(".photo")).to_be_visible()
        page.keyboard.press("Escape")
        _asks(page, 4)
    assert (served.review.out / "people.yaml").read_text() == people


def test_a_screen_by_keys(look: Look, served: Served) -> None:
    with look("#/audit/screen") as page:
        _asks(page, 1)
        asked = served.get("/api/audit?kind=screen")["question"]
        marks = page.locator(".mark")
        expect(marks).to_have_count(len(asked["group"]) + len(asked["near"]))
        page.keyboard.press("ArrowRight")
        expect(marks.first).to_be_focused()
        page.keyboard.press(" ")
        expect(marks.first).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("ArrowLeft")
        expect(marks.last).to_be_focused()
        page.keyboard.press(" ")
        expect(marks.last).to_have_attribute("aria-pressed", "true")
        page.get_by_role("button", name="All or none").first.click()
        expect(page.locator(".others .mark[aria-pressed=true]")).to_have_count(len(asked["group"]))
        page.get_by_role("button", name="All or none").first.click()
        expect(page.locator(".mark[aria-pressed=true]")).to_have_count(1)
        marks.first.click()
        page.keyboard.press("y")
        _asks(page, 2)
        _knows(page, "After 1 answer")
        said = [one.answer for one in audit_answers.load(served.review.out)]
        own, near = len(asked["group"]), len(asked["near"])
        assert said == ["no"] + ["yes"] * (own - 1) + ["no"] * (near - 1) + ["yes"]
        page.keyboard.press(" ")
        _asks(page, 3)
        _knows(page, "After 1 answer, and once “can.t tell”")


def test_answers_become_corrections(look: Look, served: Served) -> None:
    album = served.review.album
    with look("#/audit") as page:
        for number in range(1, 20):
            _asks(page, number)
            question = served.get("/api/audit")["question"]
            rows = [album.rows[question[side]["id"]] for side in ("first", "second")]
            together = album.persons[rows[0]] == album.persons[rows[1]]
            page.keyboard.press("n" if together else "y")
            if number > 1 and together:
                break
        page.get_by_role("button", name="Use the answers as corrections").click()
        dialog = page.get_by_role("dialog", name=re.compile("corrections? by your answers"))
        expect(dialog.locator("img").first).to_be_visible()
        assert Axe().run(page).response["violations"] == []
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        before = album.persons.tolist()
        page.get_by_role("button", name="Use the answers as corrections").click()
        dialog.get_by_role("button", name="Make them").click()
        _told(page, re.compile("corrections? made of the answers"))
        assert album.persons.tolist() != before
        # The groups are others: what is known is counted anew, and the last answers can go back.
        expect(page.get_by_text("that the groups are wrong")).to_have_count(0)
        page.keyboard.press("u")
        _told(page, "taken back")
