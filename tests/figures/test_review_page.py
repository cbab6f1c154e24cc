"""The page of task=review: its parts are all there, and keep what its policy asks of them."""

import re
from pathlib import Path

from facetrack.figures import templates

_FOLDER = Path(templates.__file__).with_name("static") / "review"
_LINES = 350


def _page() -> str:
    return templates.load_template("review.html").render(title="People")


def test_every_script_and_style_is_asked_for_at_once() -> None:
    asked = re.findall(r'(?:src|href)="/static/review/([^"]+)"', _page())
    assert sorted(asked) == sorted(path.name for path in _FOLDER.iterdir())


def test_scripts_import_what_is_there() -> None:
    for path in _FOLDER.glob("*.js"):
        text = path.read_text()
        for name in re.findall(r'from "\./([^"]+)"', text):
            assert (_FOLDER / name).exists(), (path.name, name)


def test_nothing_is_written_into_the_page_that_its_policy_stops() -> None:
    """No script, style or address within: and text never becomes HTML."""
    page = _page()
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|https?://", page)
    assert all(not body for body in re.findall(r"<script[^>]*>(.*?)</script>", page, re.S))
    for path in _FOLDER.glob("*.js"):
        text = path.read_text()
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|https?:",
            text,
        ), path.name


def test_no_file_is_too_long() -> None:
    for path in _FOLDER.iterdir():
        assert len(path.read_text().splitlines()) <= _LINES, path.name
