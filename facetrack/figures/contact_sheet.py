"""Contact sheets: a person's faces in rows with the names of their photos, page by page."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from facetrack.core.texts import make_readable
from facetrack.figures.lettering import write_line

SIDE = 200  # pixels of a face at most
_WIDTH, _HEIGHT, _MARGIN = 1240, 1754, 60  # A4 at 150 dots per inch
_DPI = 150
_HEAD, _CAPTION, _GAP = 70, 26, 20
_LARGER = 2.0
_COLUMNS = (_WIDTH - 2 * _MARGIN + _GAP) // (SIDE + _GAP)
_ROWS = (_HEIGHT - 2 * _MARGIN - _HEAD) // (SIDE + _CAPTION + _GAP)
PER_PAGE = _COLUMNS * _ROWS


@dataclass(frozen=True)
class SheetFace:
    """image: (h, w, 3) uint8, at most SIDE both ways; None for a photo that has gone."""

    image: NDArray[np.uint8] | None
    caption: str


def draw_pages(title: str, faces: Sequence[SheetFace]) -> list[Image.Image]:
    """The pages, A4 upright, each with the title and its number where there are several."""
    parts = [faces[start : start + PER_PAGE] for start in range(0, len(faces), PER_PAGE)] or [[]]
    return [
        _draw_page(f"{title} · {n} of {len(parts)}" if len(parts) > 1 else title, part)
        for n, part in enumerate(parts, 1)
    ]


def encode_pdf(pages: Sequence[Image.Image], title: str) -> bytes:
    """Pages as a PDF of as many."""
    content = io.BytesIO()
    pages[0].save(
        content,
        "PDF",
        save_all=True,
        append_images=list(pages[1:]),
        resolution=_DPI,
        title=make_readable(title),
    )
    return content.getvalue()


def encode_page(page: Image.Image) -> bytes:
    """A page as PNG."""
    content = io.BytesIO()
    page.save(content, "PNG", dpi=(_DPI, _DPI))
    return content.getvalue()


def _draw_page(title: str, faces: Sequence[SheetFace]) -> Image.Image:
    page = Image.new("RGB", (_WIDTH, _HEIGHT), "white")
    draw = ImageDraw.Draw(page)
    write_line(draw, (_MARGIN, _MARGIN), title, 34, _WIDTH - 2 * _MARGIN)
    for place, face in enumerate(faces):
        row, column = divmod(place, _COLUMNS)
        left = _MARGIN + column * (SIDE + _GAP)
        top = _MARGIN + _HEAD + row * (SIDE + _CAPTION + _GAP)
        if face.image is None:
            draw.rectangle((left, top, left + SIDE - 1, top + SIDE - 1), fill="#dddddd")
        else:
            image = _fit(Image.fromarray(face.image))
            corner = left + (SIDE - image.width) // 2, top + (SIDE - image.height) // 2
            page.paste(image, corner)
        write_line(draw, (left, top + SIDE + 4), face.caption, 16, SIDE)
    return page


def _fit(image: Image.Image) -> Image.Image:
    """A face as large as its place; a small one twice as large as it was, which is still one."""
    scale = min(SIDE / max(image.size), _LARGER)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image if size == image.size else image.resize(size, Image.Resampling.LANCZOS)
