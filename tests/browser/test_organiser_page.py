"""The page of an organised folder, opened from disk as its owner would."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page, expect

from browser.conftest import Visit, drawn
from facetrack.testing import Workspace, organise, photos

_HOSTILE = "<img src=x onerror=alert(1)>&'\" #1?.png"
_NAME = "</script><script>alert(2)</script>"


def _organise(place: Workspace, *arguments: str) -> Path:
    """The page made of the pictures in its folder `photos`."""
    folder = place.folder
    organise(place, folder / "photos", folder / "out", *arguments).ok()
    return folder / "out/index.html"


@pytest.fixture(scope="module")
def page_of_portraits(warm_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drawn portraits in one folder, one of them and one person with a hostile name."""
    folder = tmp_path_factory.mktemp("organised")
    place = Workspace(folder, warm_home)
    photos(folder, warm_home, 59)
    (folder / "photos/Otto_01.png").rename(folder / "photos" / _HOSTILE)
    (folder / "photos/clip.mp4").touch()
    _organise(place, "clusterer.eps=0.3")
    yaml = folder / "out/people.yaml"
    named = yaml.read_text().replace("person-002:\n  name:\n", f"person-002:\n  name: '{_NAME}'\n")
    yaml.write_text(named)
    return _organise(place, "clusterer.eps=0.3")


def _visible_cards(page: Page) -> int:
    return page.locator("article.card:visible").count()


def test_a_card_a_person(page_of_portraits: Path, visit: Visit) -> None:
    with visit(page_of_portraits.as_uri()) as page:
        assert page.title() == "People on your photos"
        assert _visible_cards(page) == 17
        images = page.locator("article.card img")
        assert images.count() == 59
        widths = images.evaluate_all("all => all.map(one => one.naturalWidth)")
        assert min(widths) >= 32
        assert drawn(page.locator("article.card").first.screenshot()) > 0.2
        expect(page.get_by_text("clip.mp4: mp4 videos are not read")).to_be_visible()
        # A face leads to the photo.
        with page.expect_navigation():
            page.locator("article.card img").first.click()
        assert page.evaluate("document.images[0].naturalWidth") > 100


def test_search_finds_photos_and_people(page_of_portraits: Path, visit: Visit) -> None:
    with visit(page_of_portraits.as_uri()) as page:
        search = page.get_by_role("searchbox")
        search.fill("mateo_03")
        assert _visible_cards(page) == 1
        expect(page.get_by_role("status")).to_have_text("1 of 17 persons")
        expect(page.locator("article.card:visible .found")).to_have_count(1)
        expect(page.locator("article.card:visible .matches li")).to_have_text(["Mateo_03.png"])
        search.fill("nobody has this name")
        assert _visible_cards(page) == 0
        search.fill("person-003")
        assert _visible_cards(page) == 1
        search.fill("")
        assert _visible_cards(page) == 17
        assert page.locator(".found").count() == 0


def test_hostile_names_are_text(page_of_portraits: Path, visit: Visit) -> None:
    with visit(page_of_portraits.as_uri()) as page:
        dialogs: list[str] = []

        def dismiss(dialog: Dialog) -> None:
            dialogs.append(dialog.message)
            dialog.dismiss()

        page.on("dialog", dismiss)
        expect(page.get_by_role("heading", name=_NAME)).to_be_visible()
        page.get_by_role("searchbox").fill("onerror")
        expect(page.locator("article.card:visible .matches li")).to_have_text([_HOSTILE])
        assert page.locator("article.card:visible .matches img").count() == 0
        with page.expect_navigation():
            page.locator("article.card:visible .found a").click()
        assert page.evaluate("document.images[0].naturalWidth") > 100
        assert not dialogs


def test_the_policy_lets_nothing_else_run_or_load(page_of_portraits: Path, visit: Visit) -> None:
    refused = r".*[Cc]ontent[ -][Ss]ecurity [Pp]olicy.*|.*csp.*"
    with visit(page_of_portraits.as_uri(), excepted=[refused]) as page:
        page.evaluate(
            """() => {
                const script = document.createElement("script");
                script.textContent = "window.ran = true";
                document.body.append(script);
                const image = document.createElement("img");
                image.src = "http://127.0.0.1:9/x.png";
                document.body.append(image);
            }"""
        )
        page.wait_for_timeout(200)
        assert page.evaluate("window.ran") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark(page_of_portraits: Path, visit: Visit, scheme: str) -> None:
    with visit(page_of_portraits.as_uri()) as page:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        brightness = page.evaluate(
            """() => ["backgroundColor", "color"].map((of) =>
                getComputedStyle(document.body)[of].match(/[0-9]+/g).slice(0, 3)
                    .reduce((sum, part) => sum + Number(part), 0) / 3)"""
        )
        ground, ink = brightness
        assert (ground > 240 and ink < 60) if scheme == "light" else (ground < 40 and ink > 200)


def test_phone_width(page_of_portraits: Path, visit: Visit) -> None:
    with visit(page_of_portraits.as_uri()) as page:
        page.set_viewport_size({"width": 360, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        box = page.locator("article.card").first.bounding_box()
        assert box is not None
        assert 280 <= box["width"] <= 360
        faces = page.locator("article.card").first.locator("img")
        right = faces.evaluate_all(
            "all => Math.max(...all.map(o => o.getBoundingClientRect().right))"
        )
        assert right <= 360


def test_people_who_may_be_one(warm_home: Path, tmp_path: Path, visit: Visit) -> None:
    photos(tmp_path, warm_home, 59)
    # A radius that is too large: people who look alike are near.
    url = _organise(
        Workspace(tmp_path, warm_home), "clusterer=dbscan", "clusterer.eps=0.38"
    ).as_uri()
    with visit(url) as page:
        expect(page.get_by_role("heading", name="Maybe the same person")).to_be_visible()
        # Of cards that are not on the screen nothing is rendered, so there is no inner text.
        told = page.locator("section[data-pair] .card > .quiet").all_text_contents()
        lines = [one.strip() for one in page.locator("section pre").all_text_contents()]
    likely = [int(one.split(" % one person, distance 0.4")[0]) for one in told]
    assert likely == sorted(likely, reverse=True)
    assert 20 < likely[0] < 40
    assert len(lines) == 2 * len(told)
    one, other = re.findall(r"person-\d{3}", lines[0])
    assert lines[:2] == [f"{one}:\n  merge: [{other}]", f"{one}:\n  different: [{other}]"]


def test_doubtful_faces(warm_home: Path, tmp_path: Path, visit: Visit) -> None:
    photos(tmp_path, warm_home, 59)
    # A radius that is too large: most people are one.
    url = _organise(
        Workspace(tmp_path, warm_home), "clusterer=dbscan", "clusterer.eps=0.42"
    ).as_uri()
    with visit(url) as page:
        assert page.locator("article.card .doubtful").count() > 0
        first = page.locator("article.card .doubtful img").first
        assert str(first.get_attribute("title")).endswith(": far from the rest")
        # Two groups whose means are near, and whose faces are not.
        expect(page.get_by_role("heading", name="Maybe the same person")).to_have_count(0)
