"""Pages that need nothing but themselves."""

import base64
import hashlib
import io
import json
import re

import numpy as np
from PIL import Image

from facetrack.figures.encoding import encode_file, encode_json, encode_picture
from facetrack.figures.pages import render_page


def test_only_the_scripts_given_may_run() -> None:
    scripts = ["let a = 1;", 'document.title = "é";']
    made = render_page("page.html", "Title", scripts=scripts)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', made)
    assert policy is not None
    allowed = re.findall(r"script-src ([^;]*)", policy[1])
    inside = re.findall(r"<script>(.*?)</script>", made, re.S)
    assert inside == scripts
    hashes = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in inside]
    assert allowed == [" ".join(f"'sha256-{one}'" for one in hashes)]
    assert "default-src 'none'" in policy[1]
    assert "script-src 'none'" in render_page("page.html", "Title")
    assert "unsafe-eval" not in made


def test_a_title_is_text() -> None:
    made = render_page("page.html", "</title><script>alert(1)</script>\udce9")
    made.encode()
    assert "<script" not in made
    assert "&lt;script&gt;alert(1)" in made


def test_data_cannot_end_its_script() -> None:
    hostile = {"</script><script>alert(1)</script>": ["<!--", "\u2028", "\udce9", 1.5, None]}
    text = encode_json(hostile)
    assert "<" not in text
    assert text.isascii()
    assert json.loads(text) == hostile


def test_a_picture_inside_the_page() -> None:
    uri = encode_picture(np.full((8, 8, 3), 120, np.uint8))
    kind, _, content = uri.partition(";base64,")
    assert kind == "data:image/jpeg"
    assert np.ptp(np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))) <= 2
    assert encode_file(b"\x00\xff", "image/png") == "data:image/png;base64,AP8="
