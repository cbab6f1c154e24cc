"""How pictures were taken, from a CSV of the user's with the columns picture, factor and value.

facetrack infers no factor from a picture, least of all what a person is: whoever made the dataset
says it (`Picture.factors`), or who gives such a file.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from facetrack.core.errors import SettingError, UserError
from facetrack.core.faces import Picture
from facetrack.dataset.picture_table import read_rows

_EXPECTED = "{factors}=FILE takes a CSV in UTF-8 whose first line is picture,factor,value"


@dataclass(frozen=True)
class Told:
    """Pictures with the factors of a file.

    unsaid: how many of them the file does not name. unknown: how many pictures it names that are
    not among them.
    """

    pictures: Sequence[Picture]
    unsaid: int
    unknown: int


class Factors:
    """The factors of a CSV's pictures. Raises UserError for one that cannot be used.

    path: the file. Rows with an empty cell say nothing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for picture, factor, value in read_rows(path, ("picture", "factor", "value"), _EXPECTED):
            known = self._known[picture].setdefault(factor, value)
            if known != value:
                raise UserError(
                    f"{path} has two values of {factor} for {picture}: {known} and {value}; leave "
                    "one of the rows"
                )
        if not self._known:
            raise SettingError(f"{{path}} says nothing of any picture: {_EXPECTED}", path=path)

    def tell(self, pictures: Sequence[Picture]) -> Told:
        """The pictures with what the file says of them, which goes before what is known already.

        A picture is named by its name in the dataset, or by its path.
        """
        told, named, unsaid = [], set(), 0
        for picture in pictures:
            key = picture.name if picture.name in self._known else str(picture.path)
            said = self._known.get(key, {})
            unsaid += not said
            if said:
                named.add(key)
            factors = tuple(sorted({**dict(picture.factors), **said}.items()))
            told.append(replace(picture, factors=factors))
        return Told(told, unsaid, len(self._known.keys() - named))
