"""Small faces with their names, as a piece of HTML."""

import numpy as np

from facetrack.figures.face_cards import Card, draw_cards

_IMAGE = np.full((8, 8, 3), 200, np.uint8)


def test_each_face_is_inside_with_its_name() -> None:
    html = draw_cards(["two faces"], [Card(_IMAGE, "Ada", "a.png"), Card(_IMAGE, "", "b.png")], 3)
    assert html.count('src="data:image/jpeg;base64,') == 2
    assert 'title="a.png"' in html
    assert ">Ada<" in html
    assert "and 3 faces more" in html
    assert "http" not in html


def test_texts_are_escaped_wherever_they_stand() -> None:
    evil = '"><script>alert(1)</script>\n\x1b'
    html = draw_cards([evil], [Card(_IMAGE, evil, evil)], 0)
    assert "<script" not in html
    assert html.count("&quot;&gt;&lt;script&gt;") == 3
    assert "\x1b" not in html


def test_nothing_to_show_is_told_by_the_lines_alone() -> None:
    assert "more" not in draw_cards(["no pictures"], [], 5)
