from facetrack.figures.curves import Point, interactive, static
from facetrack.figures.table import csv, markdown, ranked, text
from facetrack.figures.tsne import coordinates, png, two_panels

__all__ = [
    "Point",
    "coordinates",
    "csv",
    "interactive",
    "markdown",
    "png",
    "ranked",
    "static",
    "text",
    "two_panels",
]
