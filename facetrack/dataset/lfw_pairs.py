"""Files of pairs in LFW's format: ten folds, each of pairs of one person and of two people.

The first line says how many folds there are, and how many pairs of each kind a fold has. Each fold
has its pairs of one person first, `Name 1 4`, then those of two, `Name 1 Other_Name 2`, in columns
with a tab between them: the numbers count a person's pictures, Name_0001 and so on.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from facetrack.core.errors import UserError
from facetrack.system.download import fetch

_MOST_BYTES = 20 << 20  # of 800,000 pairs
_EXPECTED = (
    "expected LFW's format, a line with the number of folds and of pairs of each kind in a fold, "
    "and then as many lines as that, with tabs between the columns"
)


@dataclass(frozen=True, slots=True)
class NamedPair:
    """Two pictures by the names of their files, without what is behind the dot.

    fold: from 0 on. same: whether they are of one person.
    """

    fold: int
    first: str
    second: str
    same: bool


def fetch_pairs(urls: Sequence[str], sha256: str) -> Path:
    """LFW's own file of pairs, downloaded and verified when missing. Raises UserError."""
    return fetch(urls, "lfw_pairs.txt", sha256, "name a copy with task.pairs=FILE")


def read_pairs(path: Path) -> list[NamedPair]:
    """The pairs of a file. Raises UserError for one that has not LFW's format."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UserError(f"the file of pairs {path} is larger than 20 MB: {_EXPECTED}")
        text = unicodedata.normalize("NFC", path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise UserError(f"the file of pairs {path} cannot be read ({reason})") from error
    head, *lines = [line.split("\t") for line in text.rstrip().splitlines() or [""]]
    numbers = _read_numbers(head)
    if len(numbers) != 2 or numbers[0] < 2:
        raise UserError(f"the file of pairs {path} begins with {str(head)[:60]}: {_EXPECTED}")
    n_folds, n_of_kind = numbers
    if len(lines) != 2 * n_folds * n_of_kind:
        raise UserError(
            f"the file of pairs {path} has {len(lines)} pairs, and its first line says "
            f"{2 * n_folds * n_of_kind}: {_EXPECTED}"
        )
    pairs = []
    for at, line in enumerate(lines):
        fold, place = divmod(at, 2 * n_of_kind)
        pair = _read_pair(line, fold, same=place < n_of_kind)
        if pair is None:
            kind = "NAME NUMBER NUMBER" if place < n_of_kind else "NAME NUMBER NAME NUMBER"
            raise UserError(f"line {at + 2} of the file of pairs {path} is no {kind}: {_EXPECTED}")
        pairs.append(pair)
    return pairs


def _read_pair(line: list[str], fold: int, *, same: bool) -> NamedPair | None:
    """A pair; None for a line that is none."""
    if len(line) != (3 if same else 4):
        return None
    names, numbers = ([line[0], line[0]], line[1:]) if same else (line[::2], line[1::2])
    counted = _read_numbers(numbers)
    if len(counted) != 2 or not all(names):
        return None
    one, other = (f"{name}_{at:04d}" for name, at in zip(names, counted, strict=True))
    return NamedPair(fold, one, other, same)


def _read_numbers(texts: Sequence[str]) -> list[int]:
    """Whole numbers from 1 on; none where one of the texts is something else."""
    texts = [text.strip() for text in texts]
    are_numbers = all(text.isascii() and text.isdecimal() and len(text) < 10 for text in texts)
    numbers = [int(text) for text in texts] if are_numbers else []
    return numbers if all(numbers) else []
