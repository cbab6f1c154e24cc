"""Styles and scripts of pages, which lie in static/ and stand in each page when it is written."""

import functools
from importlib.resources import files


@functools.cache
def read_static(name: str) -> str:
    """The text of a file in static/."""
    return files("facetrack.figures").joinpath("static", name).read_text(encoding="utf-8")


@functools.cache
def read_plotly() -> str:
    """plotly's script, 4 MB that a process reads once for all of its pages."""
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


@functools.cache
def list_static(folder: str) -> frozenset[str]:
    """The names of the files in a folder of static/."""
    found = files("facetrack.figures").joinpath("static", folder).iterdir()
    return frozenset(one.name for one in found if one.is_file())
