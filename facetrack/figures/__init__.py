from facetrack.figures.canvas import png
from facetrack.figures.comparison import comparison_csv, comparison_line, comparison_markdown
from facetrack.figures.curves import Point, interactive, static
from facetrack.figures.error_pages import Listing, error_page
from facetrack.figures.growth_curves import Size, growth
from facetrack.figures.pages import data_uri, page
from facetrack.figures.study_plots import plots
from facetrack.figures.table import (
    csv,
    csv_text,
    escaped,
    markdown,
    markdown_cell,
    markdown_lines,
    printable,
    ranked,
    text,
)
from facetrack.figures.table1 import Entry, Table1, table1_csv, table1_latex, table1_markdown
from facetrack.figures.tsne import coordinates, label, two_panels
from facetrack.figures.tsne_pages import Sheet, tsne_page

__all__ = [
    "Entry",
    "Listing",
    "Point",
    "Sheet",
    "Size",
    "Table1",
    "comparison_csv",
    "comparison_line",
    "comparison_markdown",
    "coordinates",
    "csv",
    "csv_text",
    "data_uri",
    "error_page",
    "escaped",
    "growth",
    "interactive",
    "label",
    "markdown",
    "markdown_cell",
    "markdown_lines",
    "page",
    "plots",
    "png",
    "printable",
    "ranked",
    "static",
    "table1_csv",
    "table1_latex",
    "table1_markdown",
    "text",
    "tsne_page",
    "two_panels",
]
