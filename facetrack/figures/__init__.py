from facetrack.figures.comparison import comparison_csv, comparison_line, comparison_markdown
from facetrack.figures.curves import Point, interactive, static
from facetrack.figures.growth import Size, growth
from facetrack.figures.table import csv, escaped, markdown, ranked, text
from facetrack.figures.table1 import Entry, Table1, table1_csv, table1_latex, table1_markdown
from facetrack.figures.tsne import coordinates, label, png, two_panels

__all__ = [
    "Entry",
    "Point",
    "Size",
    "Table1",
    "comparison_csv",
    "comparison_line",
    "comparison_markdown",
    "coordinates",
    "csv",
    "escaped",
    "growth",
    "interactive",
    "label",
    "markdown",
    "png",
    "ranked",
    "static",
    "table1_csv",
    "table1_latex",
    "table1_markdown",
    "text",
    "two_panels",
]
