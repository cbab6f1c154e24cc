"""A sweep's results as a table: for the terminal, as Markdown and as CSV.

A row is a dictionary of the columns, in their order: text, and numbers, NaN for none. These three
have to be among them:

| column            | what it is                                              |
|-------------------|---------------------------------------------------------|
| ari_mean, two_std | mean ARI and two standard deviations over the resamples |
| status            | MLflow's: FINISHED, FAILED, KILLED, …                   |

Text comes from folder and file names that anybody may have written, so each form escapes what
would do something other than be read.
"""

import csv
import html
import io
import itertools
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

import numpy as np

from facetrack.core.texts import make_readable

Row = dict[str, str | float]

_ARI, _SPREAD, _STATUS = "ari_mean", "two_std", "status"
_EMPTY: Row = {_ARI: math.nan, _SPREAD: math.nan, _STATUS: ""}  # stands for no rows at all
_NOTHING = "-"
_NARROWEST = 8
# The apostrophe itself too, so that a program which drops the first one has every text as it was.
_GUARDED = ("=", "+", "-", "@", "\t", "\r", "'")


def rank_rows(rows: Sequence[Row]) -> list[Row]:
    """The rows by mean ARI, best first; failed and unscored ones last, in the order given."""
    return sorted(rows, key=lambda row: -_rank(row))


def format_results_csv(rows: Sequence[Row]) -> str:
    """All columns, unrounded, as RFC 4180 has it; NaN is an empty cell.

    Text that a spreadsheet would take for a formula gets a leading apostrophe, and so does text
    that has one.
    """
    columns = list(rows[0] if rows else _EMPTY)
    return format_csv(columns, ([row[column] for column in columns] for row in rows))


def format_csv(head: Sequence[str], rows: Iterable[Iterable[str | float]]) -> str:
    """Any table as `format_results_csv` writes it."""
    text = io.StringIO(newline="")
    write_csv(text, head, rows)
    return text.getvalue()


def write_csv(
    file: TextIO, head: Sequence[str], rows: Iterable[Iterable[str | float | np.floating[Any]]]
) -> None:
    """Write any table into a file, which was opened with newline=""; a row at a time."""
    writer = csv.writer(file)
    for row in itertools.chain([head], rows):
        writer.writerow([format_csv_cell(value) for value in row])


def format_results_markdown(rows: Sequence[Row]) -> str:
    """A GitHub-flavoured Markdown table; every cell is plain text, with no link and no HTML."""
    texts, numbers = _list_texts(rows), _list_numbers(rows)
    head = [*texts, "ARI (mean ± 2·std)", *numbers, _STATUS]
    ruler = ["---"] * len(texts) + ["---:"] * (1 + len(numbers)) + ["---"]
    lines = [
        [
            *(escape_markdown(str(row[key])) for key in texts),
            _format_ari(row),
            *(_format_number(row, key) for key in numbers),
            escape_markdown(str(row[_STATUS])),
        ]
        for row in rows
    ]
    return format_markdown([head, ruler, *lines])


def format_markdown(lines: Iterable[Sequence[str]]) -> str:
    """Lines of cells, head and ruler among them, as Markdown has them."""
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def format_results_text(rows: Sequence[Row], width: int = 100) -> str:
    """Aligned columns for a terminal of `width` characters, the best row marked with a star.

    What is the same in every row is said once above; what no row has is left out. Text is cut
    to fit the width. A job that did not finish shows its status instead of a score.
    """
    texts = _list_texts(rows)
    shown = {key: [make_printable(str(row[key])) for row in rows] for key in texts}
    shown["ARI"] = [
        _format_ari(row) if _has_finished(row) else make_printable(str(row[_STATUS]))
        for row in rows
    ]
    shown |= {key: [_format_number(row, key) for row in rows] for key in _list_numbers(rows)}
    shown = {key: cells for key, cells in shown.items() if set(cells) - {_NOTHING, ""}}

    lines = []
    if len(rows) > 1:
        same = {key: shown[key][0] for key in texts if len(set(shown.get(key, ()))) == 1}
        shown = {key: cells for key, cells in shown.items() if key not in same}
        if same:
            lines += [" · ".join(f"{key} {value}" for key, value in same.items()), ""]

    widths = {key: max(map(_measure_width, [key, *cells])) for key, cells in shown.items()}
    while sum(widths.values()) + 2 * len(widths) > width:
        widest = max((key for key in widths if key in texts), key=widths.__getitem__, default="")
        if not widest or widths[widest] <= _NARROWEST:
            break  # rather too wide than unreadable
        widths[widest] -= 1

    best = max(range(len(rows)), key=lambda i: _rank(rows[i]), default=0)
    starred = best if rows and _rank(rows[best]) > -math.inf else None
    for i in range(-1, len(rows)):
        mark = "*" if i == starred else " "
        cells = [
            _align(key if i < 0 else column[i], widths[key], right=key not in texts)
            for key, column in shown.items()
        ]
        lines.append(f"{mark} {'  '.join(cells)}".rstrip())
    if starred is not None:
        lines += ["", "* best mean ARI; ± is two standard deviations over the resamples"]
    return "\n".join(lines)


def make_printable(name: str) -> str:
    """A name in one line, whatever is in it.

    Control characters, direction marks and lone surrogates become "?"; joiners, which belong to
    names, and other characters without a width stay (see `texts.make_readable`).
    """
    return make_readable(name)


def escape_html(name: str) -> str:
    """A name as HTML text, in one line."""
    return html.escape(make_printable(name))


def _list_texts(rows: Sequence[Row]) -> list[str]:
    first = rows[0] if rows else _EMPTY
    return [key for key, value in first.items() if isinstance(value, str) and key != _STATUS]


def _list_numbers(rows: Sequence[Row]) -> list[str]:
    first = rows[0] if rows else _EMPTY
    return [key for key in first if key not in (*_list_texts(rows), _ARI, _SPREAD, _STATUS)]


def _has_finished(row: Mapping[str, str | float]) -> bool:
    return row[_STATUS] == "FINISHED"


def _rank(row: Mapping[str, str | float]) -> float:
    """The mean ARI; -inf where there is none to rank by."""
    mean = float(row[_ARI])
    return mean if _has_finished(row) and not math.isnan(mean) else -math.inf


def _format_ari(row: Mapping[str, str | float]) -> str:
    mean, spread = float(row[_ARI]), float(row[_SPREAD])
    if math.isnan(mean):
        return _NOTHING
    return f"{mean:.3f}" if math.isnan(spread) else f"{mean:.3f} ± {spread:.3f}"


def _format_number(row: Mapping[str, str | float], key: str) -> str:
    value = float(row[key])
    if math.isnan(value):
        return _NOTHING
    return f"{value:.3f}" if key == "seconds" else f"{value:.1f}"


def format_csv_cell(value: str | float | np.floating[Any]) -> str:
    """A value for a CSV file: unrounded, NaN as nothing, no formula (see `format_results_csv`).

    Whole numbers are written as such, and a float32 in as many digits as tell it from others.
    """
    if not isinstance(value, str):
        return "" if math.isnan(value) else str(value)
    # Lone surrogates stand for bytes of a file name that are not text: no file could hold them.
    cell = value.encode("utf-8", "replace").decode()
    return f"'{cell}" if cell.startswith(_GUARDED) else cell


def escape_tags(name: str) -> str:
    """A name as plotly text, which would take tags for formatting and links."""
    return make_printable(name).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape_markdown(cell: str) -> str:
    """Text for a Markdown table: one line, no link, no HTML."""
    cell = make_printable(cell).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\|`*\[\]])", r"\\\1", cell)


def _measure_width(cell: str) -> int:
    """Terminal columns: Chinese, Japanese and Korean characters take two, accents, joiners none."""
    return sum(
        0
        if unicodedata.category(c) in ("Mn", "Me", "Cf")
        else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in cell
    )


def _align(cell: str, width: int, *, right: bool) -> str:
    if _measure_width(cell) > width:
        while _measure_width(cell) > width - 1:
            cell = cell[:-1]
        cell += "…"
    space = " " * (width - _measure_width(cell))
    return space + cell if right else cell + space
