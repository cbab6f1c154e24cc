"""Templates escape whatever they say, and miss nothing silently."""

import subprocess
import sys
from pathlib import Path

import jinja2
import numpy as np
import pytest

from facetrack.figures import templates
from facetrack.figures.encoding import encode_file

STATIC = Path(templates.__file__).with_name("static")
TEMPLATES = sorted(path.name for path in STATIC.glob("*.html"))


def _said(source: str, **values: object) -> str:
    return templates._make_environment().from_string(source).render(**values)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("' onerror=x \"", "&#x27; onerror=x &quot;"),
        ("\u202egnp\u2066\x1b[2J", "?gnp??[2J"),
        ("two\nlines \udce9", "two lines ?"),
        ("&amp;", "&amp;amp;"),
    ],
)
def test_text_is_text_however_it_gets_there(name: str, shown: str) -> None:
    assert _said("{{ it }}", it=name) == shown
    assert _said("{{ it }}", it=np.str_(name)) == shown
    assert _said("{{ it }}", it=Path(name)) == shown
    assert _said("{{ [it]|join('') }}", it=name) == shown
    assert _said("{% macro m(x) %}<b>{{ x }}</b>{% endmacro %}{{ m(it) }}", it=name) == (
        f"<b>{shown}</b>"
    )
    assert _said("{% set x %}{{ it }}{% endset %}{{ x }}", it=name) == shown


def test_what_is_inside_stays_as_it_is() -> None:
    assert (
        _said("{{ it }} {{ 12 }}", it=encode_file(b"\x00\xff", "a/b")) == "data:a/b;base64,AP8= 12"
    )
    assert _said("{{ static('errors.js') }}") == (STATIC / "errors.js").read_text()
    assert _said("{{ it|json }}", it={"a": "</script>"}) == '{"a":"\\u003c/script>"}'


def test_a_link_is_a_path_below_the_page() -> None:
    assert _said("{{ it|link }}", it="javascript:alert(1)") == "./javascript%3Aalert%281%29"
    assert _said("{{ it|link }}", it="a b/\udce9'.jpg") == "./a%20b/%E9%27.jpg"


def test_what_nobody_gave_raises() -> None:
    for source in ("{{ nobody }}", "{{ it.nothing }}", "{% if nobody %}{% endif %}"):
        with pytest.raises(jinja2.UndefinedError):
            _said(source, it=object())


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_template_lets_text_through(name: str) -> None:
    """All of them compile; none turns escaping off."""
    templates.load_template(name)
    words = (STATIC / name).read_text().replace("|", " ").split()
    assert not {"safe", "autoescape", "Markup"} & set(words)


def test_jinja2_is_imported_when_a_page_is_written() -> None:
    code = "import sys, facetrack.figures; assert 'jinja2' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
