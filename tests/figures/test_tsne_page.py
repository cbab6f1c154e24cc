"""The interactive t-SNE page: what is in it, and that names cannot get out of it."""

import base64
import json
import re
from typing import Any

import numpy as np

from facetrack.figures.tsne_pages import Sheet, TsnePage, render_tsne_page
from facetrack.figures.tsne_styles import MOST

HOSTILE = "</script><script>alert(1)</script><b>&\u2028\n\udce9"
SHEET = Sheet(b"\xff\xd8 a sheet", 2, 48, np.array([0, 1, -1, 2]))


def _made(
    people: list[str] | None, clusters: list[int], pictures: tuple[str, ...] = ("a", "b", "c", "d")
) -> str:
    places = np.array([[0, 1.234], [2, 3], [-4, 5], [6, -7]], np.float32)
    page = TsnePage("faces", "Four.", places, people, np.array(clusters), pictures, SHEET)
    return render_tsne_page(page)


def _data(page: str) -> Any:
    text = re.search(r"<script>const DATA = (.*?);</script>", page)
    assert text is not None
    return json.loads(text[1])


def test_every_face_has_its_place_person_cluster_picture_and_tile() -> None:
    data = _data(_made(["Bo", "Al", "Al", "Bo"], [7, 3, 3, -1]))
    assert data["x"] == [0, 2, -4, 6]
    assert data["y"] == [1.23, 3, 5, -7]
    assert data["pictures"] == ["a", "b", "c", "d"]
    assert data["tiles"] == [0, 1, -1, 2]
    told = [[one["names"][of] for of in one["of"]] for one in data["groupings"]]
    assert told == [
        ["Bo", "Al", "Al", "Bo"],
        ["cluster 1", "cluster 0", "cluster 0", "in no cluster"],
    ]


def test_clusters_have_the_colours_of_their_people() -> None:
    people, clusters = _data(_made(["Bo", "Al", "Al", "Bo"], [0, 1, 1, 0]))["groupings"]
    for key in ("colours", "symbols"):
        assert [people[key][of] for of in people["of"]] == [
            clusters[key][of] for of in clusters["of"]
        ]
    assert len(set(people["colours"])) == 2
    alone = _data(_made(["Bo", "Al", "Al", "Bo"], [0, 1, 1, -1]))["groupings"][1]
    assert [alone["symbols"][of] for of in alone["of"]][::3] == ["circle-open", "x-thin-open"]


def test_without_labels_there_is_nothing_to_switch() -> None:
    page = _made(None, [0, 0, 1, 1])
    assert 'type="radio"' not in page
    assert [one["one"] for one in _data(page)["groupings"]] == ["cluster"]
    assert 'type="radio"' in _made(["Bo"] * 4, [0, 0, 1, 1])


def test_hostile_names_are_only_names() -> None:
    pictures = (HOSTILE,) * 4
    places = np.zeros((4, 2), np.float32)
    page = render_tsne_page(
        TsnePage(HOSTILE, HOSTILE, places, [HOSTILE] * 4, np.zeros(4, int), pictures, SHEET)
    )
    page.encode()
    assert page.count("<script>") == 3
    assert "<script>alert" not in page
    assert "<b>" not in page[: page.index("<script>")]
    assert _data(page)["pictures"][0].startswith("</script><script>alert(1)</script><b>&")
    assert ".innerHTML" not in page[page.index("const DATA") :]


def test_it_works_offline_and_repeats() -> None:
    page = _made(None, [0, 0, 1, 1])
    assert 4_000_000 < len(page) < 5_500_000  # plotly.js is inside
    head = page[: page.index("</head>")]
    assert "default-src 'none'" in head
    assert "unsafe-eval" not in head
    assert base64.b64encode(SHEET.jpeg).decode() in head
    assert not re.search(r"<(script|link|img|iframe)[^>]*\s(src|href)\s*=(?!\"data:)", page)
    assert _data(page)["config"]["showSendToCloud"] is False
    assert page == _made(None, [0, 0, 1, 1])


def test_of_many_people_some_are_in_colour_and_above_the_others() -> None:
    people = [f"person {n:02d}" for n in range(30) for _ in range(3 if n < 12 else 2)]
    n = len(people)
    places = np.stack([np.arange(n), np.arange(n)], axis=1).astype(np.float32)
    sheet = Sheet(b"", 8, 48, np.arange(n))
    names = [f"picture {one}" for one in range(n)]
    made = render_tsne_page(TsnePage("faces", "Many.", places, people, np.arange(n), names, sheet))
    data = _data(made)
    by_person = data["groupings"][0]
    colours = [by_person["colours"][of] for of in by_person["of"]]
    grey = [one == data["others"] for one in colours]
    assert grey == sorted(grey, reverse=True)
    assert sum(grey) == 2 * (30 - MOST)
    assert [data["pictures"][at] for at in range(n)] == [f"picture {int(x)}" for x in data["x"]]
    assert data["tiles"] == [int(x) for x in data["x"]]
    assert [by_person["names"][of] for of in by_person["of"]] == [people[int(x)] for x in data["x"]]
    assert f"In colour are the {MOST // 2} people with most faces" in made
    assert "In colour are" not in _made(["Bo"] * 4, [0, 0, 1, 1])
