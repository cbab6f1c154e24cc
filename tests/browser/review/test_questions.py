"""One question at a time, answered by keys."""

import re

from playwright.sync_api import Page, expect
from reviewed import Served

from browser.review.conftest import Look, kept


def _wait(page: Page, left: int) -> None:
    expect(page.get_by_text(re.compile(rf"^{left} questions? worth asking"))).to_be_visible()


def test_answers_by_keys_and_back(look: Look, served: Served) -> None:
    asked = served.get("/api/question")
    n = len(served.get("/api/people"))
    assert asked["left"] >= 2
    with look("#/questions") as page:
        _wait(page, asked["left"])
        expect(page.get_by_role("heading", name="Same person?")).to_be_visible()
        expect(page.locator(".crop .whole")).to_have_count(2)
        page.keyboard.press("y")
        kept(page)
        expect(page.locator(".answered")).to_have_count(0)
        if asked["question"]["kind"] == "join":
            assert len(served.get("/api/people")) == n - 1
        page.keyboard.press(" ")
        expect(page.locator(".answered")).to_have_count(0)
        page.keyboard.press("u")
        page.keyboard.press("u")
        _wait(page, asked["left"])
        # By a button; Space then means "can't tell", and not that button again.
        page.get_by_role("button", name="Two persons").click()
        expect(page.locator(".answered")).to_have_count(0)
        expect(page.get_by_role("heading", name=re.compile("."))).to_be_focused()
    assert len(served.get("/api/people")) >= n


def test_until_none_is_left(look: Look, served: Served) -> None:
    while served.get("/api/question")["left"] > 2:
        question = served.get("/api/question")["question"]
        sides = {side: question[side]["face"] for side in ("first", "second")}
        served.post("/api/actions", {"kind": "answer", "answer": "no", **sides})
    with look("#/questions") as page:
        while left := served.get("/api/question")["left"]:
            _wait(page, left)
            with page.expect_response("**/api/actions"):
                page.keyboard.press("n")
            expect(page.locator(".answered")).to_have_count(0)
            assert served.get("/api/question")["left"] < left
        expect(page.get_by_role("heading", name="No question is worth asking")).to_be_visible()
        if served.get("/api/question")["question"]:
            page.get_by_role("button", name="Ask on all the same").click()
            expect(page.get_by_role("heading", name="Same person?")).to_be_focused()
