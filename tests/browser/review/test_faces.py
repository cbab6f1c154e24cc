"""A person's faces, a photo's, and why faces are together."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect
from reviewed import Served

from browser.review.conftest import Look, cells, kept


@pytest.fixture
def largest(served: Served) -> int:
    """The number of the person with most faces."""
    number: int = served.get("/api/people")[0]["number"]
    return number


def _faces(served: Served, number: int) -> list[str]:
    return [one["id"] for one in served.get(f"/api/people/{number}")["faces"]]


def _photos(served: Served, number: int) -> list[str]:
    return [one["photo"] for one in served.get(f"/api/people/{number}")["faces"]]


def _select_two(page: Page) -> None:
    """The first two faces, by keys; the first has the focus when they are there."""
    expect(cells(page).first).to_be_focused()
    page.keyboard.press(" ")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_role("group", name="What is selected")).to_contain_text("2 selected")


@pytest.mark.parametrize(
    ("key", "place"), [("s", "a new person"), ("k", "unknown"), ("x", "not a person")]
)
def test_selected_faces_go_where_they_belong(
    look: Look, served: Served, largest: int, key: str, place: str
) -> None:
    faces = _faces(served, largest)
    n_persons = len(served.get("/api/people"))
    with look(f"#/person/{largest}") as page:
        _select_two(page)
        page.keyboard.press(key)
        expect(cells(page)).to_have_count(len(faces) - 2)
        expect(page.get_by_text(f"{len(faces) - 2} faces")).to_be_visible()
        kept(page)
        left = set(_faces(served, largest))
        gone = set(faces) - left
        assert gone == set(faces[:2])
        number = {"k": 0, "x": -1}.get(key)
        if number is None:
            assert len(served.get("/api/people")) == n_persons + 1
        else:
            assert gone <= set(_faces(served, number))
        page.keyboard.press("u")
        expect(cells(page)).to_have_count(len(faces))


def test_who_they_are_is_said_with_a_known_name_and_with_a_new_one(
    look: Look, served: Served, largest: int
) -> None:
    other = served.get("/api/people")[1]["number"]
    served.post("/api/actions", {"kind": "name", "number": other, "name": "Zoë"})
    n, theirs = len(_faces(served, largest)), len(_faces(served, other))
    with look(f"#/person/{largest}") as page:
        expect(cells(page).first).to_be_focused()
        page.keyboard.press("i")  # the one on which the focus is
        dialog = page.get_by_role("dialog", name="Who is this?")
        page.keyboard.type("zo")
        expect(dialog.get_by_role("option")).to_have_count(1)
        page.keyboard.press("ArrowDown")
        expect(dialog.get_by_role("option", selected=True)).to_contain_text("Zoë")
        page.keyboard.press("Enter")
        expect(cells(page)).to_have_count(n - 1)
        kept(page)
        assert len(_faces(served, other)) == theirs + 1
        _select_two(page)
        page.keyboard.press("i")
        page.keyboard.type("Nora")
        page.keyboard.press("Enter")
        expect(cells(page)).to_have_count(n - 3)
        page.wait_for_function(
            "async () => (await (await fetch('/api/people')).json()).some(p => p.name === 'Nora')"
        )
        page.keyboard.press("Escape")
        expect(page.get_by_role("heading", name="People")).to_be_visible()


def test_a_photo_has_a_box_around_each_face(look: Look, served: Served, largest: int) -> None:
    served.post("/api/actions", {"kind": "name", "number": largest, "name": "Anna"})
    photo = served.get(f"/api/photos/{_photos(served, largest)[0]}?person={largest}")
    while photo["previous"]:
        photo = served.get(f"/api/photos/{photo['previous']}?person={largest}")
    of = quote(f"#/person/{largest}", safe="")
    with look(f"#/photo/{photo['id']}?person={largest}&of={of}") as page:
        box = page.locator(".face").first
        expect(box).to_have_accessible_name("\u2068Anna\u2069")
        # Both at the same moment: the page may be drawing anew.
        found = page.wait_for_function(
            """() => {
                const [frame, shown] = [".photo", ".face"].map(
                    (one) => document.querySelector(one)?.getBoundingClientRect().toJSON());
                return frame?.width && shown?.width ? { frame, shown } : null;
            }"""
        ).json_value()
        frame, shown = found["frame"], found["shown"]
        left, top, width, _ = photo["faces"][0]["box"]
        scale = frame["width"] / photo["width"]
        assert abs(shown["x"] - frame["x"] - left * scale) < 1.5
        assert abs(shown["y"] - frame["y"] - top * scale) < 1.5
        assert abs(shown["width"] - width * scale) < 2
        # The next photo of that person, and the one before.
        first = page.url
        page.keyboard.press("ArrowRight")
        expect(page).not_to_have_url(first)
        heading = page.get_by_role("heading", level=1)
        following = served.get(f"/api/photos/{photo['next']}?person={largest}")
        expect(heading).to_have_text(following["name"])
        expect(page.locator(".face").first).to_have_accessible_name("\u2068Anna\u2069")
        page.keyboard.press("ArrowLeft")
        expect(page).to_have_url(first)
        expect(heading).to_have_text(photo["name"])
        expect(page.get_by_role("button", name="The photo before")).to_be_disabled()
        # A face can be corrected here as well.
        page.locator(".face").first.focus()
        page.keyboard.press("k")
        expect(page.locator(".face").first).to_have_accessible_name("\u2068Unknown\u2069")
        kept(page)
        page.keyboard.press("u")
        expect(page.locator(".face").first).to_have_accessible_name("\u2068Anna\u2069")
        page.keyboard.press("Escape")
        expect(page).to_have_url(re.compile(rf"#/person/{largest}$"))


def test_why_two_are_together_and_a_cut(look: Look, served: Served, largest: int) -> None:
    faces = _faces(served, largest)
    chain = served.get(f"/api/chain?first={faces[0]}&second={faces[1]}")
    with look(f"#/person/{largest}") as page:
        _select_two(page)
        page.keyboard.press("w")
        expect(page.get_by_role("heading", name="Why together?")).to_be_visible()
        expect(page.locator(".chain img")).to_have_count(len(chain["faces"]))
        expect(page.locator(".tie.weakest")).to_have_count(1)
        page.get_by_role("button", name="Cut here").click()
        expect(cells(page)).to_have_count(len(faces) - len(chain["cut"]["faces"]))
        kept(page)
    assert set(_faces(served, largest)) == set(faces) - set(chain["cut"]["faces"])


def test_photos_with_two_persons(look: Look, served: Served) -> None:
    """Faces of two photos are given to the same two persons, who are then on both together."""
    people = served.get("/api/people")
    anna, ben = people[0]["number"], people[1]["number"]
    for number, name in ((anna, "Anna"), (ben, "Ben")):
        served.post("/api/actions", {"kind": "name", "number": number, "name": name})
    with look("#/photos") as page:
        expect(page.get_by_role("combobox", name="Photos with")).to_be_focused()
        page.keyboard.type("ann")
        expect(page.get_by_role("option")).to_contain_text(["Anna"])
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(cells(page)).to_have_count(people[0]["photos"])
        page.keyboard.press("/")
        page.keyboard.type("BEN")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(rf"with={anna},{ben}$"))
        expect(page.get_by_text("They are on no photo together.")).to_be_visible()
        page.get_by_role("button", name="Without \u2068Anna\u2069").click()
        expect(cells(page)).to_have_count(people[1]["photos"])
        cells(page).first.focus()
        page.keyboard.press("Enter")
        expect(page.locator(".face").first).to_be_visible()
        page.keyboard.press("Escape")
        expect(cells(page)).to_have_count(people[1]["photos"])
