"""Faces that are chosen on the page of an organised folder become lines for people.yaml."""

import unicodedata
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from ruamel.yaml import YAML

from browser.conftest import Visit
from facetrack.figures.people_page import Card, PeoplePage, Shown, render_people_page
from facetrack.organiser import people_editing
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
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        _press(page, "Copy")
        expect(page.locator("#done")).to_contain_text("Copied: put it at the end of people.yaml")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == page.locator("#lines").input_value()


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
        _choose(page, "u.jpg@9,9", "choose Anna · person-001")
        for typed, told in (("Zoe", "person-001 has a name: change that"), ("", "Type the name.")):
            page.get_by_label("Is").fill(typed)
            page.get_by_label("Is").press("Enter")
            expect(page.locator("#done")).to_contain_text(told)
        _choose(page, "choose person-002")
        _press(page, "Say so")
        expect(page.locator("#done")).to_have_text("One person at a time has a name: choose one.")
        assert page.locator("#lines").input_value() == ""
        _press(page, "Copy")
        expect(page.locator("#done")).to_have_text("There is nothing to copy yet.")


_NAMES = (
    *("عائشة بنت أحمد", "王小明", "Zoë 👩‍👩‍👧‍👦", "नरेन्द्र", "Ολυμπία", "שרה"),
    *(
        "a: b # c",
        "\"q\" 'p' `b`",
        "- x",
        "[a, {b}]",
        "no",
        "1984",
        "~",
        "&a *b !c |>%@",
        "\\n \\u0041",
    ),
    *("=cmd()", "C:\\temp\\", "x\u2028y\u0085z", "\ufeffBOM", "A\u202eB"),
)


def test_any_name_makes_lines_that_are_taken(path: Path, visit: Visit) -> None:
    """They are read by the organiser, and by what the page of task=review edits people.yaml by."""
    lines: dict[str, str] = {}
    with visit(path.as_uri()) as page:
        _press(page, "Correct …")
        for name in _NAMES:
            _choose(page, "choose person-002")
            page.get_by_label("Is").fill(name)
            _press(page, "Say so")
            expect(page.locator("#done")).to_have_text("Name noted.")
            lines[name] = page.locator("#lines").input_value()
            _press(page, "Take the last one back")
    for name, said in lines.items():
        text = f"# mine\nperson-001:\n  name: Anna # hers\nperson-002:\n  name:\n{said}"
        typed = unicodedata.normalize("NFC", name.strip().strip("\ufeff"))
        read = understand(text, path)
        assert (read.names, read.remarks) == ({1: "Anna", 2: typed}, [])
        assert YAML(typ="rt").load(said) == {"person-002": {"name": typed}}
        edited = people_editing.set_name(text, 1, "Anne")
        assert understand(edited, path).names == {1: "Anne", 2: typed}
        assert "# mine" in edited
        assert "# hers" in edited


def test_photos_of_any_name_make_lines_that_are_taken(tmp_path: Path, visit: Visit) -> None:
    files = [f"{name}\n{at}.jpg@{at},2" for at, name in enumerate(_NAMES)]
    path = tmp_path / "index.html"
    path.write_text(render_people_page(PeoplePage([], [_card(1, "", files)], [], None, [], [])))
    with visit(path.as_uri()) as page:
        _press(page, "Correct …")
        faces = page.locator("[data-face]")
        shown = faces.evaluate_all("all => all.map((one) => one.dataset.face)")
        faces.locator("[role=checkbox]").evaluate_all("all => all.forEach((one) => one.click())")
        _press(page, "No person")
        lines = page.locator("#lines").input_value()
    assert len(shown) == len(_NAMES)
    assert [face.name for _, face in understand(lines, path).bar] == shown
    assert YAML(typ="rt").load(lines) == {"nobody": shown}


@pytest.mark.parametrize(
    ("scheme", "size"),
    [
        *[("light", (390, 844)), ("dark", (390, 844)), ("light", (1920, 1080))],
        pytest.param("light", (1280, 800), marks=pytest.mark.long),
        pytest.param("dark", (1280, 800), marks=pytest.mark.long),
        pytest.param("dark", (1920, 1080), marks=pytest.mark.long),
    ],
)
def test_it_is_for_everyone(scheme: str, size: tuple[int, int], path: Path, visit: Visit) -> None:
    with visit(path.as_uri()) as page:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": size[0], "height": size[1]})
        for _ in range(2):  # as it is, and while it is corrected
            found = Axe().run(page).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
            if page.locator("#corrections").is_hidden():
                _press(page, "Correct …")
        bar = page.locator("#corrections").bounding_box()
        assert bar is not None
        assert bar["height"] < 0.4 * size[1]  # there is room for the faces
        small = page.locator("button:visible, input:visible, summary:visible").evaluate_all(
            "all => all.filter((one) => one.getBoundingClientRect().height < 24).length"
        )
        assert small == 0


def test_keys_alone_do_everything(tmp_path: Path, visit: Visit) -> None:
    """On a long page and a small window: what has the focus is never behind what stays put."""
    cards = [_card(n, "", [f"{n}-{at}.jpg@1,2" for at in range(9)]) for n in range(1, 9)]
    path = tmp_path / "index.html"
    path.write_text(render_people_page(PeoplePage([], cards, [], None, [], [])))
    with visit(path.as_uri()) as page:
        page.set_viewport_size({"width": 390, "height": 700})
        page.get_by_role("button", name="Correct …").focus()
        page.keyboard.press("Enter")
        seen = []
        while True:
            page.keyboard.press("Tab")
            on = page.evaluate(_FOCUS)
            seen.append(on["name"])
            assert on["there"] or not on["face"], on
            if on["name"] in ("3-4.jpg@1,2", "choose person-005"):
                page.keyboard.press("Space")
            if on["name"] == "Somebody else":
                break
        assert {"1-0.jpg@1,2", "choose person-001", "8-8.jpg@1,2"} <= set(seen)
        page.keyboard.press("Enter")
        expect(page.locator("#done")).to_have_text("1 face noted.")
        lines = page.locator("#lines").input_value()
        assert understand(lines, path).split[0][1][0].name == "3-4.jpg@1,2"
        while page.evaluate(_FOCUS)["name"] != "Take the last one back":
            page.keyboard.press("Tab")
        page.keyboard.press("Space")
        expect(page.locator("#done")).to_have_text("Taken back.")
        assert page.locator("#lines").input_value() == ""


# What has the focus, and whether its middle can be seen: nothing else is there.
_FOCUS = """() => {
    const one = document.activeElement;
    const { left, top, width, height } = one.getBoundingClientRect();
    const on = document.elementFromPoint(left + width / 2, top + height / 2);
    return {
        name: one.getAttribute("aria-label") || one.textContent.trim() || one.id,
        face: one.matches("[role=checkbox]"),
        there: one === on || one.contains(on),
    };
}"""


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
