"""Who is on which picture, from a CSV of the user's with the columns picture and person."""

from collections.abc import Iterator
from pathlib import Path

from facetrack.core.errors import SettingError, UserError
from facetrack.core.faces import Picture, Skipped
from facetrack.dataset.picture_table import read_rows

_EXPECTED = "{labels}=FILE takes a CSV in UTF-8 whose first line is picture,person"


class Labels:
    """The people of a CSV's pictures. Raises UserError for one that cannot be used.

    path: the file. Rows whose person is empty say nothing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._people: dict[str, str] = {}
        self._used: set[str] = set()
        for picture, person in read_rows(path, ("picture", "person"), _EXPECTED):
            known = self._people.setdefault(picture, person)
            if known != person:
                raise UserError(
                    f"{path} has two people for {picture}: {known} and {person}; leave one of the "
                    "rows"
                )
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
