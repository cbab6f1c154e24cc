"""Replies that come late, and in another order than they were asked for."""

import contextlib
import re
import threading
from collections.abc import Iterator

from playwright.sync_api import Dialog, Page, Route, expect
from reviewed import Served

from browser.review.conftest import Look, called, cells, kept

# Somebody in a hurry: keys at any time. What was on the page at each of them is what it is meant
# for; one that comes before the next question is there means nothing.
_ANSWER = """async () => {
    const meant = [];
    let seed = 5;
    const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
    const wait = (ms) => new Promise((done) => setTimeout(done, ms));
    const press = (key) => document.activeElement.dispatchEvent(
        new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    const shown = () => [...document.querySelectorAll(".crop > img:first-child")]
        .map((image) => /thumb.(\\w+)/.exec(image.src)[1]);
    for (let turn = 0; meant.length < 10 && turn < 2000; turn += 1) {
        await wait(30 * random());
        const again = document.querySelector(".question .deeds a + button");
        if (again) again.click();
        if (random() < 0.1) dispatchEvent(new Event("focus")); // it looks what has changed
        if (random() < 0.01 && meant.length) {
            press("u");
            meant.pop();
            continue;
        }
        const [key, said] = random() < 0.5 ? ["n", "no"] : [" ", "unsure"];
        const open = document.querySelector(".two") && !document.querySelector(".answered");
        if (open) meant.push([...shown(), said]);
        press(key);
    }
    while (document.querySelector("html[data-waiting]")) await wait(10);
    return meant;
}"""


@contextlib.contextmanager
def _changing(served: Served) -> Iterator[None]:
    """Within, the folder is read anew all the time, as if somebody else changed it."""
    over = threading.Event()

    def change() -> None:
        while not over.wait(0.2):
            served.review.load()

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_answers_are_for_the_question_that_is_shown(look: Look, served: Served) -> None:
    with _changing(served), look("#/questions", slow=15) as page:
        expect(page.locator(".likely")).to_be_visible()
        meant = page.evaluate(_ANSWER)
    assert len(meant) == 10, meant
    # And nothing is asked again that was answered and not taken back.
    assert len({frozenset(pair) for *pair, _ in meant}) == len(meant)
    assert [[*one.pair, one.said] for one in served.review.log.standing] == meant


def _hold(page: Page, address: str | re.Pattern[str]) -> list[Route]:
    """Have requests wait until they are let through."""
    held: list[Route] = []
    page.route(address, lambda route: held.append(route))
    return held


def _let_through(page: Page, held: list[Route], address: str | re.Pattern[str]) -> None:
    while not held:  # the page sends it when it can
        page.wait_for_timeout(10)
    with page.expect_response(held[0].request.url):
        held[0].continue_()
    page.unroute(address)
    _ask_anew(page)  # whose replies are behind that one


def _ask_anew(page: Page) -> None:
    """Have the page ask for everything, as it does some time after each answer."""
    page.evaluate("import('/static/review/store.js').then(({ store }) => store.refresh('own'))")


def test_a_person_shown_before_comes_too_late(look: Look, served: Served) -> None:
    people = served.get("/api/people")
    photos = f"{people[0]['faces']} faces · {people[0]['photos']} photos"
    second, third = people[1]["number"], people[2]
    with look(f"#/person/{people[0]['number']}") as page:
        expect(cells(page).first).to_be_focused()
        expect(page.get_by_text(photos)).to_be_visible()  # the list of all is there as well
        late = re.compile(rf"/api/people/{second}\?")
        held = _hold(page, late)
        page.keyboard.press("]")
        expect(page).to_have_url(re.compile(rf"person/{second}$"))
        # The address is another one before the view is, which a key is meant for.
        expect(page.get_by_text("Looking …")).to_be_visible()
        page.keyboard.press("]")
        expect(cells(page)).to_have_count(third["faces"])
        expect(cells(page).first).to_be_focused()
        _let_through(page, held, late)
        page.keyboard.press("k")
        expect(cells(page)).to_have_count(third["faces"] - 1)
        kept(page)


def test_what_would_change_has_the_last_answer_in_it(look: Look, served: Served) -> None:
    with look() as page:
        cells(page).first.focus()
        held = _hold(page, "**/api/actions")
        page.keyboard.press("n")
        page.keyboard.type("Anna")
        page.keyboard.press("Enter")
        expect(called(page, "Anna")).to_be_focused()
        page.keyboard.press("4")
        expect(page.get_by_text("Looking what would change")).to_be_visible()
        # Nor is the page left without a question, which would lose the answer.
        asked: list[str] = []

        def stay(dialog: Dialog) -> None:
            asked.append(dialog.type)
            dialog.dismiss()

        page.on("dialog", stay)
        page.close(run_before_unload=True)
        while not asked:
            page.wait_for_timeout(10)
        assert asked == ["beforeunload"]
        _let_through(page, held, "**/api/actions")
        n = served.get("/api/people")[0]["photos"]
        counted = re.compile(rf"^{n} to be (moved|copied)$")
        expect(page.locator(".counts li").filter(has_text=counted)).to_have_count(1)


def test_a_face_is_never_for_a_moment_whose_it_was(look: Look, served: Served) -> None:
    person = served.get("/api/people")[0]
    face = served.get(f"/api/people/{person['number']}")["faces"][0]
    with look(f"#/photo/{face['photo']}") as page:
        box = page.locator(".face").first
        expect(box).to_have_accessible_name(f"\u2068{person['id']}\u2069")
        _ask_anew(page)
        box.focus()
        held = _hold(page, "**/api/photos/*")
        page.keyboard.press("k")
        kept(page)
        while not held:  # the page asks for the photo as it is by now, and shows what it knows
            page.wait_for_timeout(10)
        assert box.get_attribute("aria-label") == "\u2068Unknown\u2069"
        _let_through(page, held, "**/api/photos/*")
        assert box.get_attribute("aria-label") == "\u2068Unknown\u2069"
        page.keyboard.press("u")
        expect(box).to_have_accessible_name(f"\u2068{person['id']}\u2069")


def test_a_reply_just_then_loses_no_click(look: Look, served: Served) -> None:
    album = served.review.album
    with look("#/audit") as page:
        use = page.get_by_role("button", name="Use the answers as corrections")
        for number in range(1, 20):  # until an answer says that a group is wrong
            expect(page.get_by_text(f"Question {number}: ")).to_be_visible()
            expect(page.locator(".answered")).to_have_count(0)
            question = served.get("/api/audit")["question"]
            rows = [album.rows[question[side]["id"]] for side in ("first", "second")]
            together = album.persons[rows[0]] == album.persons[rows[1]]
            page.keyboard.press("n" if together else "y")
            if together:
                break
        expect(use).to_be_visible()
        kept(page)
        held = _hold(page, "**/api/audit/known")
        expect(page.get_by_text(f"Question {number + 1}: ")).to_be_visible()
        page.keyboard.press(" ")
        use.hover()
        while not held:
            page.wait_for_timeout(10)
        page.mouse.down()
        with page.expect_response("**/api/audit/known"):
            held[0].continue_()
        page.wait_for_timeout(100)  # as long as a click takes, and a page to draw the reply
        page.mouse.up()
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_text(re.compile("once “can.t tell”"))).to_be_visible()
