"""A report: all that a sweep, a study or an experiment has found on one page, to hand on.

Tables can be sorted, figures pointed at, and the page prints: in place of a figure that needs a
pointer its picture is printed. plotly's script is inside where there is a figure, and only there.
"""

import csv
import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from facetrack.figures.assets import read_plotly, read_static
from facetrack.figures.encoding import encode_json
from facetrack.figures.pages import render_page
from facetrack.figures.study_plots import PLOTLY

_MOST_ROWS = 1000
_SHORT = 5  # characters of a number that is not rounded


@dataclass(frozen=True)
class Cell:
    """text: as it is shown. value: what the column is sorted by, all digits of a number."""

    text: str
    value: str


@dataclass(frozen=True)
class ReportTable:
    """columns: their names; numeric: for each, whether it holds numbers. left: rows not shown."""

    columns: Sequence[str]
    numeric: Sequence[bool]
    rows: Sequence[Sequence[Cell]]
    left: int = 0


@dataclass(frozen=True)
class ReportSection:
    """A part of a report. heading, about: any text.

    table: None for none. pictures: PNGs by what is on them. figures: plotly's, by heading, "" for
    none; where there are some the pictures are for printing.
    """

    heading: str
    about: str = ""
    table: ReportTable | None = None
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Environment:
    """What computed it, in pairs. commands: what was typed, and what runs it again."""

    commands: Sequence[str]
    about: Sequence[tuple[str, str]]
    packages: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class ReportPage:
    """What the page shows. title, summary: any text. environment: None where nobody kept it."""

    title: str
    summary: Sequence[str]
    sections: Sequence[ReportSection]
    environment: Environment | None

    @property
    def figures(self) -> list[Any]:
        """All of plotly's figures, in their order on the page."""
        return [one for section in self.sections for one in section.figures.values()]

    def number(self, section: ReportSection) -> int:
        """The number of a section's first figure on the page."""
        before = self.sections[: list(map(id, self.sections)).index(id(section))]
        return sum(len(one.figures) for one in before)


def render_report(page: ReportPage) -> str:
    """The page."""
    scripts = [read_static("report.js"), read_static("errors.js")]
    if page.figures:
        data = encode_json([json.loads(figure.to_json()) for figure in page.figures])
        plots = f"const PLOTS = {data}, CONFIG = {encode_json(PLOTLY)};\n{read_static('plots.js')}"
        scripts = [read_plotly(), plots, *scripts]
    return render_page("report.html", page.title, page, scripts=scripts)


def read_table(text: str) -> ReportTable:
    """A table from CSV as `format_csv` writes it: numbers are rounded, and sorted by all digits."""
    head, *rows = list(csv.reader(io.StringIO(text, newline=""))) or [[]]
    cells = [[_unguard(cell) for cell in row] for row in rows]
    numeric = [_is_numeric([row[at] for row in cells if at < len(row)]) for at in range(len(head))]
    shown = [
        [
            Cell(_round(cell) if number else cell, cell)
            for cell, number in zip(row, numeric, strict=False)
        ]
        for row in cells[:_MOST_ROWS]
    ]
    return ReportTable(head, numeric, shown, max(0, len(cells) - _MOST_ROWS))


def _unguard(cell: str) -> str:
    return cell.removeprefix("'")


def _is_numeric(column: Sequence[str]) -> bool:
    filled = [cell for cell in column if cell]
    return bool(filled) and all(_read_number(cell) is not None for cell in filled)


def _read_number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _round(cell: str) -> str:
    number = _read_number(cell)
    if number is None or not math.isfinite(number):
        return cell
    if re.fullmatch(r"-?\d+", cell):
        return f"{int(cell):,}"
    if len(cell) <= _SHORT:  # a radius, as it was given
        return cell
    if number and abs(number) < 5e-4:
        return f"{number:.1e}"
    return f"{number:,.1f}" if abs(number) >= 1000 else f"{number:.4f}"
