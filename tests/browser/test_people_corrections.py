"""Faces that are chosen on the page of an organised folder become lines for people.yaml."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Visit
from facetrack.figures.people_page import Card, PeoplePage, Shown, render_people_page
from facetrack.organiser.people_file import understand

_ODD = "a \"b\": #1, 'c' \u00e9.jpg@5,6"


def _card(number: int, name: str, faces: list[str]) -> Card:
    shown = [Shown(place, None, called=face) for place, face in enumerate(faces)]
    files = [f"person-{number:03d}/{place}.jpg" for place, _ in enumerate(faces)]
    return Card(f"person-{number:03d}", name, None, faces, files, shown, len(faces))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    cards = [
        _card(1, "Anna", ["a.jpg@1,2", "b.jpg@3,4", _ODD]),
        _card(2, "", ["c.jpg@1,2", "d.jpg@3,4"]),
        _card(12, "Bo · b", ["e.jpg@1,2"]),
    ]
    unknown = Card("unknown", "", None, ["u.jpg"], [""], [Shown(0, None, called="u.jpg@9,9")], 1)
    path = tmp_path / "index.html"
    path.write_text(render_people_page(PeoplePage([], cards, [], unknown, [], [])))
    return path


def _choose(page: Page, *faces: str) -> None:
    for face in faces:
        page.get_by_role("checkbox", name=face, exact=True).click()


def _press(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()


def test_lines_say_what_was_chosen(path: Path, visit: Visit) -> None:
    with visit(path.as_uri()) as page:
        _press(page, "Correct …")
        _choose(page, "b.jpg@3,4", _ODD)
        _press(page, "Somebody else")
        _choose(page, "a.jpg@1,2")
        _press(page, "Not this person")
        _choose(page, "c.jpg@1,2")
        _press(page, "No person")
        for who, face in (("Anna", "u.jpg@9,9"), ("Bo · b · person-012", "d.jpg@3,4")):
            _choose(page, face)
            page.get_by_label("Is").fill(who)
            _press(page, "Say so")
        _choose(page, "choose Anna · person-001", "choose person-002")
        _press(page, "The same person")
        expect(page.locator("#done")).to_have_text("2 persons noted.")
        text = page.locator("#lines").input_value()
        said = understand(f"person-003: X\n{text}", Path("x"))
        assert [[one.name for one in some] for _, some in said.split] == [["b.jpg@3,4", _ODD]]
        assert [(who, one.name) for who, one in said.bar] == [(1, "a.jpg@1,2"), (0, "c.jpg@1,2")]
        assert [(who, one.name) for who, one in said.also] == [(1, "u.jpg@9,9"), (12, "d.jpg@3,4")]
        assert said.merge == {2: 1}
        assert said.remarks == []
        _press(page, "Take the last one back")
        assert "merge" not in page.locator("#lines").input_value()
        _press(page, "Copy")
        expect(page.locator("#done")).to_have_text("Copied.")
        page.keyboard.press("Control+c")
        page.get_by_label("Is").fill("")
        page.get_by_label("Is").press("Control+v")
        assert page.get_by_label("Is").input_value().strip().startswith("person-001:")


def test_what_cannot_be_said_is_told(path: Path, visit: Visit) -> None:
    with visit(path.as_uri()) as page:
        _press(page, "Correct …")
        for button, told in (
            ("No person", "Choose faces first."),
            ("The same person", "Choose two persons"),
        ):
            _press(page, button)
            expect(page.locator("#done")).to_contain_text(told)
        _choose(page, "u.jpg@9,9")
        _press(page, "Somebody else")
        expect(page.locator("#done")).to_contain_text("A face in no group")
        page.get_by_label("Is").fill("Zoe")
        _press(page, "Say so")
        expect(page.locator("#done")).to_contain_text("type the number")
        assert page.locator("#lines").input_value() == ""


def test_keys_choose_and_links_lead_to_files(path: Path, visit: Visit) -> None:
    with visit(path.as_uri()) as page:
        link = page.locator("article a").first
        assert link.get_attribute("tabindex") is None
        _press(page, "Correct …")
        face = page.get_by_role("checkbox", name="a.jpg@1,2", exact=True)
        face.focus()
        page.keyboard.press("Space")
        expect(face).to_be_checked()
        page.keyboard.press("Enter")
        expect(face).not_to_be_checked()
        assert page.url == path.as_uri()
        _press(page, "Correct …")
        assert page.get_by_role("checkbox").count() == 0
        assert link.get_attribute("href") == "./person-001/0.jpg"
        assert link.get_attribute("tabindex") is None
