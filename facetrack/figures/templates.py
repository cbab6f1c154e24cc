"""Templates of pages, which lie in static/ beside what they have inside.

Whatever text they say is escaped: a page is made safe here, not where its text comes from.
"""

import functools
from typing import TYPE_CHECKING
from urllib.parse import quote

from markupsafe import Markup

from facetrack.core.texts import write_count
from facetrack.figures.assets import read_static
from facetrack.figures.encoding import encode_file, encode_json, encode_picture
from facetrack.figures.table import escape_html

if TYPE_CHECKING:
    from jinja2 import Environment, Template


def load_template(name: str) -> "Template":
    """A template in static/, by its file name. Variables that nobody gave raise when it is used."""
    return _make_environment().get_template(name)


@functools.cache
def _make_environment() -> "Environment":
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # late: it takes 100 ms

    made = Environment(
        loader=FunctionLoader(read_static),
        autoescape=True,
        finalize=_escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals |= {"counted": write_count, "static": _inline}
    made.filters |= {
        "data_uri": encode_picture,
        "file_uri": encode_file,
        "json": _write_json,
        "link": _make_link,
    }
    return made


def _escape(value: object) -> object:
    """What stands in a page for a value: text in one line, in which nothing does more than be read.

    Jinja2's own escaping, which is on as well, would leave what turns the text around it.
    """
    return value if isinstance(value, Markup | int | float) else Markup(escape_html(str(value)))


def _inline(name: str) -> Markup:
    """A file in static/ as it is: it is ours."""
    return Markup(read_static(name))


def _write_json(value: object) -> Markup:
    return Markup(encode_json(value))


def _make_link(path: str) -> str:
    """A path as a link that cannot be taken for a scheme."""
    return "./" + quote(path.encode("utf-8", "surrogateescape"))
