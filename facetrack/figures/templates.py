"""Templates of pages, which lie in static/ beside what they have inside.

Whatever text they say is escaped: a page is made safe here, not where its text comes from.
"""

import functools
from typing import TYPE_CHECKING
from urllib.parse import quote

from markupsafe import Markup

from facetrack.core.texts import counted
from facetrack.figures.assets import inlined
from facetrack.figures.encoding import data_uri, file_uri, script_json
from facetrack.figures.table import escaped

if TYPE_CHECKING:
    from jinja2 import Environment, Template


def template(name: str) -> "Template":
    """A template in static/, by its file name. Variables that nobody gave raise when it is used."""
    return _environment().get_template(name)


@functools.cache
def _environment() -> "Environment":
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # late: it takes 100 ms

    made = Environment(
        loader=FunctionLoader(inlined),
        autoescape=True,
        finalize=_escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals |= {"counted": counted, "static": _inline}
    made.filters |= {"data_uri": data_uri, "file_uri": file_uri, "json": _write_json, "link": _link}
    return made


def _escape(value: object) -> object:
    """What stands in a page for a value: text in one line, in which nothing does more than be read.

    Jinja2's own escaping, which is on as well, would leave what turns the text around it.
    """
    return value if isinstance(value, Markup | int | float) else Markup(escaped(str(value)))


def _inline(name: str) -> Markup:
    """A file in static/ as it is: it is ours."""
    return Markup(inlined(name))


def _write_json(value: object) -> Markup:
    return Markup(script_json(value))


def _link(path: str) -> str:
    """A path as a link that cannot be taken for a scheme."""
    return "./" + quote(path.encode("utf-8", "surrogateescape"))
