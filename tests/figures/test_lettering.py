"""Names in any script on pictures, with the fonts that a machine has."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from numpy.typing import NDArray
from PIL import Image, ImageDraw, features

from facetrack.figures import lettering


def _draw(text: str, width: int = 400) -> NDArray[np.bool_]:
    """Where there is ink, (60, 400)."""
    page = Image.new("RGB", (400, 60), "white")
    lettering.write_line(ImageDraw.Draw(page), (0, 0), text, 34, width)
    return np.asarray(page.convert("L")) < 128


def _right_edge(ink: NDArray[np.bool_]) -> int:
    return int(np.flatnonzero(ink.any(axis=0))[-1])


@pytest.fixture
def font(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The only font of this machine: of two letters, which are full squares."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 700), (700, 700), (700, 0)):
        pen.lineTo(corner)
    pen.closePath()
    made = FontBuilder(1000)
    made.setupGlyphOrder([".notdef", "square"])
    made.setupCharacterMap({ord("王"): "square", ord("明"): "square"})
    made.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "square": pen.glyph()})
    made.setupHorizontalMetrics({".notdef": (1000, 0), "square": (1000, 0)})
    made.setupHorizontalHeader(ascent=800, descent=-200)
    made.setupNameTable({"familyName": "Squares", "styleName": "Regular"})
    made.setupOS2()
    made.setupPost()
    path = tmp_path / "squares.ttf"
    made.save(path)
    (tmp_path / "broken.ttf").write_bytes(path.read_bytes()[:300])
    monkeypatch.setattr(lettering, "_list_fonts", lambda: [tmp_path / "broken.ttf", path])
    lettering._find_font.cache_clear()
    yield path
    lettering._find_font.cache_clear()


def test_letters_come_from_a_font_that_has_them(font: Path) -> None:
    ink = _draw("王明")
    assert _right_edge(ink) == pytest.approx(1.7 * 34, abs=2)
    assert ink.sum() == pytest.approx(2 * (0.7 * 34) ** 2, rel=0.1)
    assert lettering._find_font(frozenset("Anna")) == lettering._own_font()


def test_pictures_among_letters_are_left_out() -> None:
    assert np.array_equal(_draw("Zoë \U0001f469\u200d\U0001f467 Quill"), _draw("Zoë Quill"))


@pytest.mark.skipif(not features.check("raqm"), reason="Pillow was built without Raqm")
def test_letters_of_a_word_are_joined_and_run_as_they_do() -> None:
    word = "عائشة"
    apart = sum(_right_edge(_draw(letter)) + 1 for letter in word)
    assert _right_edge(_draw(word)) < 0.9 * apart
    # Read from the right: the upright stroke that comes first stands there.
    stroke = "\N{ARABIC LETTER ALEF}"
    ink, top = _draw(f"{stroke}سسس"), int(np.flatnonzero(_draw(stroke).any(axis=1))[0])
    stroke_at = np.flatnonzero(ink[: top + 6].any(axis=0))
    assert stroke_at[0] > 0.9 * _right_edge(ink)


@pytest.mark.parametrize("name", ["Anna " * 30, "عائشة " * 30, "\u202e" * 300])
def test_what_is_too_long_has_an_ellipsis_in_its_middle(name: str) -> None:
    assert 150 < _right_edge(_draw(name, 200)) <= 200


def test_photos_of_one_camera_can_be_told_apart() -> None:
    names = [f"HOLIDAYS_AT_THE_SEA_{number:04d}.jpg" for number in (1, 2)]
    first, second = (_draw(name, 360) for name in names)
    assert not np.array_equal(first, second)
    assert np.array_equal(first[:, :100], second[:, :100])
