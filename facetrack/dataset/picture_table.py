"""Tables of the user's with a row per picture, as CSV in UTF-8."""

import csv
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from facetrack.core.errors import SettingError

_MOST_BYTES = 1 << 30


def read_rows(path: Path, columns: Sequence[str], expected: str) -> list[tuple[str, ...]]:
    """The cells of some columns, row by row, without rows in which one of them is empty.

    expected: a sentence for who gave another file, as of `SettingError`. Raises that for a file
    that cannot be read, or has not those columns.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise SettingError(f"{{path}} is larger than a gigabyte: {expected}", path=path)
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(_find_cells(file, path, columns, expected))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SettingError(
            f"{{path}} cannot be read ({{reason}}): {expected}", path=path, reason=reason
        ) from error


def _find_cells(
    file: Iterator[str], path: Path, columns: Sequence[str], expected: str
) -> Iterator[tuple[str, ...]]:
    rows = csv.DictReader(file)
    if not set(columns) <= set(rows.fieldnames or ()):
        head = ", ".join(rows.fieldnames or ())
        raise SettingError(f"{{path}} begins with {{head!r}}: {expected}", path=path, head=head)
    for row in rows:
        cells = [row[column] for column in columns]
        if all(cell and cell.strip() for cell in cells):
            # As names of pictures are written, whatever the program that made the table does.
            yield tuple(unicodedata.normalize("NFC", cell) for cell in cells)
