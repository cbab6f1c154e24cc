"""The watching itself: what must not happen on a page is noticed, and what may is not."""

import base64
import io
from pathlib import Path

import pytest
from PIL import Image as Pillow

from browser.conftest import Visit, drawn


def _page(folder: Path, body: str) -> str:
    path = folder / "page.html"
    path.write_text(f"<!DOCTYPE html><meta charset=utf-8><title>page</title>{body}")
    return path.as_uri()


def _picture(colours: list[tuple[int, int, int]]) -> str:
    picture = Pillow.new("RGB", (len(colours), 1))
    picture.putdata(colours)
    content = io.BytesIO()
    picture.resize((200, 100), Pillow.Resampling.NEAREST).save(content, "PNG")
    return f"<img src='data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}'>"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("<img src=http://example.com/a.png>", "another machine: http://example.com/a.png"),
        ("<script>new WebSocket('wss://example.com/')</script>", "CONNECT example.com:443"),
        (
            "<meta http-equiv=Content-Security-Policy content=\"img-src 'none'\">"
            "<img src=http://example.com/a.png>",
            "violates the following Content Security Policy",
        ),
        ("<script>console.error('alas')</script>", "alas"),
        ("<script>nothing.there()</script>", "script: nothing is not defined"),
        ("<script src=missing.js></script>", "ERR_FILE_NOT_FOUND"),
    ],
)
def test_what_is_wrong_is_told(visit: Visit, tmp_path: Path, body: str, told: str) -> None:
    with pytest.raises(AssertionError) as failure, visit(_page(tmp_path, body)):
        pass
    assert told in str(failure.value)


def test_only_what_is_excepted_may_happen(visit: Visit, tmp_path: Path) -> None:
    url = _page(tmp_path, "<script>console.error('alas'); console.warn('well')</script>")
    with visit(url, excepted=[r"file:.*page\.html: alas"]):
        pass
    with pytest.raises(AssertionError, match="alas"), visit(url, excepted=["alas"]):
        pass


def test_a_blank_picture_is_told_from_a_drawn_one(visit: Visit, tmp_path: Path) -> None:
    body = _picture([(9, 9, 9)]) + _picture([(255, 255, 255), (250, 255, 255)])
    with visit(_page(tmp_path, body)) as page:
        blank, two_halves = (drawn(one.screenshot()) for one in page.locator("img").all())
    assert blank == 0
    assert two_halves == pytest.approx(0.5)
