"""What the page of a run says, and that names on it are only names."""

import base64
import html
import io
import json
import re

import numpy as np
from PIL import Image

from facetrack.figures.error_pages import ErrorPage, Listing, render_error_page
from facetrack.figures.galleries import FACE, Group, Section

HOSTILE = "</h3><script>alert(1)</script><img src=x onerror=alert(1)>\"'\n\udce9"


def _face(grey: int) -> np.ndarray:
    return np.full((FACE, FACE, 3), grey, np.uint8)


def _made(sections: list[Section], clusters: list[int], people: list[int] | None) -> str:
    listings = [Listing("Merged", "Clusters of several people", sections)]
    sizes = None if people is None else np.array(people)
    page = ErrorPage("lfw", "summed up", listings, b"\x89PNG", np.array(clusters), sizes)
    return render_error_page(page)


def _greys(page: str) -> list[float]:
    """The grey of each face, in the order of the page."""
    return [
        round(float(np.asarray(Image.open(io.BytesIO(base64.b64decode(content)))).mean()), -1)
        for content in re.findall(r"image/jpeg;base64,([^\"]*)", page)
    ]


def test_the_closest_pair_stands_in_front_with_its_distance() -> None:
    groups = [
        Group("Ada", [_face(10), _face(30)], 4, leads=True),
        Group("Bo", [_face(60)], 0, leads=True),
        Group("Cy", [_face(90)], 2),
    ]
    page = _made([Section("cluster 3", groups, "cluster-3", 0.25)], [8], [6, 1, 1])
    assert _greys(page) == [10, 60, 30, 90]
    assert "0.250<br>apart" in page
    assert "Ada +4" in page
    assert "Cy +2" in page
    assert page.count(">Bo</figcaption>") == 1  # its only face is in front
    frames = re.findall(r'border-color:(#\w+)"', page)
    assert frames[0] == frames[2]
    assert len(set(frames)) == 3


def test_no_pair_without_both_of_its_faces() -> None:
    groups = [Group("Ada", [_face(10)], 4, leads=True), Group("Bo", [], 2)]
    page = _made([Section("cluster 3", groups, "cluster-3", 0.25)], [7], [5, 2])
    assert "apart" not in page
    assert _greys(page) == [10]
    assert "Bo +2" in page


def test_links_lead_to_what_is_on_the_page() -> None:
    sections = [
        Section("cluster 3", [Group("Ada", [], 1, "person-0")], "cluster-3"),
        Section("Bo", [Group("cluster 3", [], 1, "cluster-3")], "person-1"),
    ]
    page = _made(sections, [2], [1, 1])
    targets = re.findall(r'href="#([^"]*)"', page)
    assert targets == ["Merged", "t-SNE", "Sizes", "cluster-3"]
    assert all(page.count(f'id="{target}"') == 1 for target in targets)


def test_sizes_are_counted_in_powers_of_two() -> None:
    page = _made([], [1, 1, 2, 3, 4, 5, 9], [8, 16])
    rows = [
        re.findall(r"<td>.*?</b>(\d+)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", page)[1:]
    ]
    names = re.findall(r'scope="row">([^<]*)<', page)
    assert dict(zip(names, rows, strict=True)) == {
        "1": ["2", "0"],
        "2": ["1", "0"],
        "3 to 4": ["2", "0"],
        "5 to 8": ["1", "1"],
        "9 to 16": ["1", "1"],
    }
    assert re.findall(r"width:([\d.]+)%", page)[0] == "100.0"
    assert ">people<" not in _made([], [1, 2], None)


def test_cards_say_by_what_they_can_be_sorted() -> None:
    factors = (("glasses", 'y"es'), ("light", "left"))
    sections = [Section("cluster 3", [Group("Ada", [], 1)], "cluster-3", factors=factors)]
    page = _made([*sections, Section("cluster 4", [], "cluster-4")], [2], [1, 1])
    assert "glasses: y&quot;es · light: left" in page
    found = re.findall('data-factors="([^"]*)"', page)
    assert [json.loads(html.unescape(one)) for one in found] == [dict(factors)]
    assert re.findall(r"<option[^>]*>([^<]*)", page) == ["wrong pairs", "glasses", "light"]
    assert "<select" not in _made([Section("cluster 4", [], "cluster-4")], [2], [1, 1])


def test_hostile_names_are_only_names() -> None:
    groups = [Group(HOSTILE, [_face(9)], 1)]
    listings = [Listing("Merged", HOSTILE, [Section(HOSTILE, groups, "cluster-1")])]
    page = render_error_page(ErrorPage(HOSTILE, HOSTILE, listings, b"", np.array([1]), None))
    page.encode()
    assert page.count("<script") == 1  # ours
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert page.count("<img") == 2


def test_it_loads_nothing_and_repeats() -> None:
    sections = [Section("cluster 3", [Group("Ada", [_face(10)], 1)], "cluster-3")]
    page = _made(sections, [2], [1, 1])
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert "http" not in page.replace("http-equiv", "")
    assert page == _made(sections, [2], [1, 1])
