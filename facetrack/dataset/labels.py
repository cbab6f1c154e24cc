"""Who is on which picture, from a CSV of the user's with the columns picture and person."""

import csv
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from facetrack.core.errors import SettingError, UserError
from facetrack.core.faces import Picture, Skipped

_MOST_BYTES = 1 << 30
_EXPECTED = "{labels}=FILE takes a CSV in UTF-8 whose first line is picture,person"


class Labels:
    """The people of a CSV's pictures. Raises UserError for one that cannot be used.

    path: the file. Rows whose person is empty say nothing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._people: dict[str, str] = {}
        self._used: set[str] = set()
        try:
            if path.stat().st_size > _MOST_BYTES:
                raise SettingError(f"{{path}} is larger than a gigabyte: {_EXPECTED}", path=path)
            with path.open(encoding="utf-8-sig", newline="") as file:
                for picture, person in _rows(file, path):
                    known = self._people.setdefault(picture, person)
                    if known != person:
                        raise UserError(
                            f"{path} has two people for {picture}: {known} and {person}; leave "
                            "one of the rows"
                        )
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise SettingError(
                f"{{path}} cannot be read ({{reason}}): {_EXPECTED}", path=path, reason=reason
            ) from error
        if not self._people:
            raise SettingError(f"{{path}} names nobody: {_EXPECTED}", path=path)

    def of(self, picture: Picture) -> str | None:
        """Who is on a picture, by its name in the dataset or its path; None where it is not in."""
        for key in (picture.name, str(picture.path)):
            if key in self._people:
                self._used.add(key)
                return self._people[key]
        return None

    def unused(self) -> Iterator[Skipped]:
        """A remark for each row whose picture was not found."""
        for key in sorted(self._people.keys() - self._used):
            yield Skipped(key, f"in {self.path.name}, but no such picture", 0)


def _rows(file: Iterator[str], path: Path) -> Iterator[tuple[str, str]]:
    rows = csv.DictReader(file)
    if not {"picture", "person"} <= set(rows.fieldnames or ()):
        head = ", ".join(rows.fieldnames or ())
        raise SettingError(f"{{path}} begins with {{head!r}}: {_EXPECTED}", path=path, head=head)
    for row in rows:
        picture, person = row["picture"], row["person"]
        if picture and person and person.strip():
            # As names of pictures are written, whatever the program that made the table does.
            yield unicodedata.normalize("NFC", picture), unicodedata.normalize("NFC", person)
