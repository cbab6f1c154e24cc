"""Lines of text on pictures, in whatever script: letters come from the fonts that there are."""

import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

from PIL import ImageDraw, ImageFont, features

from facetrack.core.texts import make_readable

# Fonts of many scripts, which are looked at first.
_LIKELY = ("cjk", "unicode", "noto", "droid", "arial", "segoe")
_NOT_UPRIGHT = ("bold", "italic", "oblique", "light", "black", "thin")  # come last
_SYMBOLS = ("So", "Sk", "Cf", "Co", "Mn", "Me")
_JOINERS = ("Cf", "Mn", "Me")


def write_line(
    draw: ImageDraw.ImageDraw, corner: tuple[int, int], text: str, size: int, width: int
) -> None:
    """Write a line that is no wider than `width`; what is longer has an ellipsis in its middle.

    corner: its upper left one, in pixels; size: of the letters. Letters that no font here
    has are boxes, and pictures among them (emoji) are left out.
    """
    text = _leave_out_pictures(make_readable(text))
    font = _load(_find_font(frozenset(text)), size)
    whole, left = text, len(text)
    while left and _measure(draw, text, font) > width:
        left -= 1  # the end, which tells files of one camera apart, stays as the beginning does
        text = f"{whole[: left - left // 2]}…{whole[len(whole) - left // 2 :]}"
    draw.text(corner, text, fill="black", font=font, direction=_direction())


def _measure(draw: ImageDraw.ImageDraw, text: str, font: Any) -> float:
    return draw.textlength(text, font, direction=_direction())


@cache
def _direction() -> str | None:
    """A line runs from the left, words in it as their script does: where Raqm sets them."""
    return "ltr" if features.check("raqm") else None


def _leave_out_pictures(text: str) -> str:
    """A text without the symbols that the own font lacks, and without what joins those."""
    own = _list_letters(_own_font())
    kept: list[str] = []
    dropped = False
    for one in text:
        kind = unicodedata.category(one)
        dropped = (ord(one) not in own and kind in _SYMBOLS) or (dropped and kind in _JOINERS)
        if not dropped:
            kept.append(one)
    return " ".join("".join(kept).split()) if len(kept) < len(text) else text


@cache
def _find_font(letters: frozenset[str]) -> Path:
    """The first font that has all letters, else the one that has most of them."""
    wanted = {ord(one) for one in letters if not one.isspace()}
    best, most = _own_font(), len(wanted & _list_letters(_own_font()))
    if most == len(wanted):
        return best
    for path in _list_fonts():
        has = len(wanted & _list_letters(path))
        if has > most:
            best, most = path, has
        if most == len(wanted):
            break
    return best


@cache
def _list_fonts() -> list[Path]:
    """The fonts of this machine."""
    from matplotlib.font_manager import findSystemFonts

    paths = sorted(map(Path, findSystemFonts()))
    paths.sort(key=lambda path: not any(one in path.name.lower() for one in _LIKELY))
    paths.sort(key=lambda path: any(one in path.name.lower() for one in _NOT_UPRIGHT))
    return paths


@cache
def _list_letters(path: Path) -> frozenset[int]:
    """The letters that a font draws; none where it cannot be used."""
    from matplotlib.ft2font import FT2Font

    try:
        _load(path, 16)  # one of pictures alone has other sizes
        return frozenset(FT2Font(str(path)).get_charmap())
    except Exception:  # fonts are what users have: what is wrong with one is no matter here
        return frozenset()


@cache
def _load(path: Path, size: int) -> Any:
    return ImageFont.truetype(str(path), size)


@cache
def _own_font() -> Path:
    """DejaVu Sans, which comes with Matplotlib."""
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
