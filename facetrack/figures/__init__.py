from facetrack.figures.canvas import png
from facetrack.figures.comparison import comparison_csv, comparison_line, comparison_markdown
from facetrack.figures.curves import Point, interactive, static
from facetrack.figures.encoding import data_uri
from facetrack.figures.error_pages import ErrorPage, Listing, render_error_page
from facetrack.figures.growth_curves import Size, growth
from facetrack.figures.pages import render_page
from facetrack.figures.study_plots import PlotsPage, render_plots_page
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
from facetrack.figures.tsne_pages import Sheet, TsnePage, render_tsne_page

__all__ = [
    "Entry",
    "ErrorPage",
    "Listing",
    "PlotsPage",
    "Point",
    "Sheet",
    "Size",
    "Table1",
    "TsnePage",
    "comparison_csv",
    "comparison_line",
    "comparison_markdown",
    "coordinates",
    "csv",
    "csv_text",
    "data_uri",
    "escaped",
    "growth",
    "interactive",
    "label",
    "markdown",
    "markdown_cell",
    "markdown_lines",
    "png",
    "printable",
    "ranked",
    "render_error_page",
    "render_page",
    "render_plots_page",
    "render_tsne_page",
    "static",
    "table1_csv",
    "table1_latex",
    "table1_markdown",
    "text",
    "two_panels",
]
